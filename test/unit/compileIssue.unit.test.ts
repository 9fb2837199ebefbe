import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { issueOfOverlay, issuesOfBrowsers, issuesOfGraph } from '../../src/sessions/compileIssue';
import { repoRoot } from './support/repository';

/** Recorded from Next.js 16.4.6, 16.1.3, 15.5.29 and 14.2.35 (t: Turbopack, w: webpack, p: pages router). */
const recorded = JSON.parse(readFileSync(path.join(repoRoot, 'test/fixtures/nextErrors.json'), 'utf8')) as {
  readonly overlays: Readonly<Record<string, Readonly<Record<'syntax' | 'import' | 'runtime', string>>>>;
  readonly graph: Readonly<Record<'syntax' | 'import' | 'none', string>>;
  readonly browsers: Readonly<Record<'16.4t' | '16.4w' | '16.1t', Readonly<Record<'syntax' | 'runtime', string>>>>;
};

const missing = { message: "Module not found: Can't resolve './missing-module'", line: 1, column: 1 };

describe('what Next.js says of code that does not compile', () => {
  for (const [version, { syntax, import: notFound, runtime }] of Object.entries(recorded.overlays))
    it(`is read from the overlay of ${version}`, () => {
      const page = version.includes('p') ? 'pages/index.js' : 'app/page.js';
      // Turbopack of 15 and 16.1 names files from the folder above that has a lock file.
      const told = /^(?:15.5t|16.1t)$/.test(version) ? `./web/${page}` : `./${page}`;
      const said = version === '14.2w' ? "Expected '> (jsx tag end)', got ')'" : "Expected '>', got ')'";
      const build = { kind: 'build', severity: 'error', told } as const;
      assert.deepEqual(issueOfOverlay(syntax), { ...build, message: said, line: 6, column: 3 });
      assert.deepEqual(issueOfOverlay(notFound), { ...build, ...missing });
      assert.deepEqual(issueOfOverlay(runtime), {
        kind: 'runtime',
        severity: 'error',
        message: 'boom at run time',
        told: page,
        line: 2,
        column: 9,
      });
    });

  it('is read from the module graph of 16.4', () => {
    const issue = { severity: 'error', told: '[project]/app/page.js' } as const;
    assert.deepEqual(issuesOfGraph(recorded.graph.syntax), [
      { ...issue, message: "Expected '>', got ')'", line: 6, column: 3 },
    ]);
    assert.deepEqual(issuesOfGraph(recorded.graph.import), [{ ...issue, ...missing }]);
    assert.deepEqual(issuesOfGraph(recorded.graph.none), []);
  });

  it('is read from what the browsers show: JSON and Markdown, what does not compile and what was thrown', () => {
    const issue = { severity: 'error', message: "Expected '>', got ')'", line: 6, column: 3 } as const;
    const { browsers } = recorded;
    assert.deepEqual(issuesOfBrowsers(browsers['16.4t'].syntax), [{ ...issue, told: './app/page.js' }]);
    assert.deepEqual(issuesOfBrowsers(browsers['16.4w'].syntax), [{ ...issue, told: './app/page.js' }]);
    assert.deepEqual(issuesOfBrowsers(browsers['16.1t'].syntax), [{ ...issue, told: './web/app/page.js' }]);
    const thrown = { severity: 'error', message: 'boom at run time', told: 'app/page.js', line: 2, column: 9 };
    for (const { runtime } of Object.values(browsers))
      assert.deepEqual(issuesOfBrowsers(runtime), [{ ...thrown, thrown: true }]);
    const none = 'No browser sessions connected. Please open your application in a browser to retrieve error state.';
    assert.equal(issuesOfBrowsers(none), 'noBrowser');
    assert.equal(issuesOfBrowsers(JSON.stringify({ error: none })), 'noBrowser');
  });

  it('shows one error once, however many tabs show it', () => {
    const { sessionErrors } = JSON.parse(recorded.browsers['16.4t'].syntax) as { sessionErrors: readonly object[] };
    const twice = JSON.stringify({ sessionErrors: [...sessionErrors, ...sessionErrors] });
    assert.equal(issuesOfBrowsers(twice)?.length, 1);
  });

  it('keeps warnings, and leaves out what is said for information or is no issue', () => {
    const title = 'mild';
    const issues = [{ severity: 'warning', title }, { severity: 'info', title }, { severity: 'error' }, null, 7];
    assert.deepEqual(issuesOfGraph(JSON.stringify({ issues })), [{ severity: 'warning', message: 'mild' }]);
  });

  it('has a limit in number and length', () => {
    const issue = { severity: 'error', title: 'x'.repeat(100_000) };
    const found = issuesOfGraph(JSON.stringify({ issues: Array.from({ length: 1000 }, () => issue) })) ?? [];
    assert.equal(found.length, 100);
    assert.equal(found[0]?.message.length, 1000);
  });

  it('is not known from an answer that is none', () => {
    for (const text of ['', 'null', '[]', '{}', '{"issues":7}', '{"error":"no project"}', '<!DOCTYPE html>']) {
      assert.equal(issuesOfGraph(text), undefined, text);
      assert.equal(issuesOfBrowsers(text), undefined, text);
    }
    assert.equal(issueOfOverlay(' \n '), undefined);
  });

  it('is at least what an overlay of another form begins with', () => {
    assert.deepEqual(issueOfOverlay('Build Error\nSomething new\nand more'), {
      kind: 'build',
      severity: 'error',
      message: 'and more',
    });
    assert.deepEqual(issueOfOverlay('Runtime TypeError\nx is null\nCall Stack'), {
      kind: 'runtime',
      severity: 'error',
      message: 'x is null',
    });
  });

  it('takes no time with a hostile text', () => {
    const startMs = performance.now();
    for (const part of ['./a', './', '(1:1) ', ' | ', 'Error: ', '\u001b[', '[project]/', '`'])
      issueOfOverlay(`Build Error\n${part.repeat(2000)}`);
    assert.ok(performance.now() - startMs < 5000, 'an expression that explodes');
  });
});
