import assert from 'node:assert/strict';
import { problemCount, problemsOf } from '../../src/sessions/problems';
import type { CompileIssue } from '../../src/sessions/protocol';
import { anApp, aSession } from './samples';
import { skipOnWindows } from '../support/skip';

const issue: CompileIssue = { severity: 'error', message: 'boom', file: 'app/page.tsx', line: 2, column: 9 };
const of = (...issues: readonly CompileIssue[]) => problemsOf(anApp(), aSession({ issues }));

describe('the problems of an app', () => {
  it('stand at the place in the file, as an editor counts, and name who says so', function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    assert.deepEqual(of(issue), [
      {
        file: '/w/cheatcode-app/app/page.tsx',
        line: 1,
        column: 8,
        severity: 'error',
        message: 'boom',
        source: 'Next.js',
        related: [],
      },
    ]);
    const source = (app: Parameters<typeof anApp>[0]) =>
      problemsOf(anApp(app), aSession({ issues: [issue] }))[0]?.source;
    assert.equal(source({ type: 'mobile' }), 'Metro');
    assert.equal(source({ type: 'custom', label: 'api' }), 'api');
  });

  it('say of what was thrown that it was', () => {
    assert.equal(of({ ...issue, thrown: true })[0]?.message, 'Thrown at run time: boom');
  });

  it('lead to the files through which theirs is reached', function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const [problem] = of({ ...issue, importedBy: ['app/layout.tsx'] });
    assert.deepEqual(problem?.related, [{ file: '/w/cheatcode-app/app/layout.tsx', message: 'imported from here' }]);
  });

  it('stand in the app’s manifest where they have no place in the app, so that none is lost', function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const [problem] = of({ severity: 'warning', message: 'boom' });
    assert.deepEqual(
      [problem?.file, problem?.line, problem?.column, problem?.severity],
      ['/w/cheatcode-app/package.json', undefined, undefined, 'warning'],
    );
  });

  it('are none while nothing is known to be wrong', () => {
    assert.deepEqual(problemsOf(anApp(), undefined), []);
    assert.deepEqual(problemsOf(anApp(), aSession()), []);
    assert.equal(problemCount(aSession()), undefined);
  });

  it('are counted for the eye', () => {
    assert.equal(problemCount(aSession({ issues: [issue] })), '1 problem');
    assert.equal(problemCount(aSession({ issues: [issue, issue] })), '2 problems');
  });
});
