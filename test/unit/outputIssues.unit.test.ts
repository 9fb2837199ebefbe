import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { OutputIssues } from '../../src/sessions/outputIssues';
import type { ToldIssue } from '../../src/sessions/compileIssue';
import { repoRoot } from './support/repository';

/**
 * Recorded in a terminal of 120 columns (t: Turbopack, w: webpack, p: pages router): what was printed when a page was broken
 * and asked for, and when it was well again. Progress bars and the tools' own stacks are shortened.
 */
const recorded = JSON.parse(readFileSync(path.join(repoRoot, 'test/fixtures/serverOutput.json'), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, string>>>
>;
const outputOf = (server: string, what: string): string => {
  const text = recorded[server]?.[what];
  if (text === undefined) throw new Error(`nothing is recorded of "${what}" with ${server}`);
  return text;
};

/** What is known after all of this was printed, piece by piece. */
const after = (server: string, ...what: readonly string[]): readonly ToldIssue[] => {
  const output = new OutputIssues();
  for (const one of what) output.read(outputOf(server, one));
  return output.issues;
};

describe('what a server prints of its errors', () => {
  const nexts = Object.keys(recorded).filter((name) => /^next \S+$/.test(name));
  it('was recorded of each version of Next.js, with both bundlers', () => {
    assert.deepEqual(
      nexts.map((name) => name.slice('next '.length)),
      ['16.4t', '16.4w', '16.1t', '15.5t', '15.5w', '15.5wp', '14.2w'],
    );
  });
  for (const server of nexts) {
    const told = server.endsWith('p') ? './pages/index.js' : './app/page.js';
    const error = { severity: 'error', told } as const;

    it(`is read: ${server}, what can't be parsed`, () => {
      const message = server.includes('14.2') ? "Expected '> (jsx tag end)', got ')'" : "Expected '>', got ')'";
      assert.deepEqual(after(server, 'sound', 'syntax'), [{ ...error, message, line: 6, column: 3 }]);
      assert.deepEqual(after(server, 'syntax', 'syntax fixed'), []);
    });

    it(`is read: ${server}, an import of nothing`, () => {
      const message = "Module not found: Can't resolve './missing-module'";
      assert.deepEqual(after(server, 'import'), [{ ...error, message, line: 1, column: 1 }]);
      assert.deepEqual(after(server, 'import', 'import fixed'), []);
    });

    it(`is read: ${server}, what was thrown, at its place in the source`, () => {
      const thrown = { ...error, told: told.slice(2), thrown: true } as const;
      assert.deepEqual(after(server, 'runtime'), [{ ...thrown, message: 'boom at run time', line: 2, column: 9 }]);
      assert.deepEqual(after(server, 'runtime', 'runtime fixed'), []);
    });

    it(`is read: ${server}, in a component, with the page that imports it`, () => {
      const [issue, ...more] = after(server, 'component');
      assert.deepEqual(more, []);
      const dep = server.endsWith('p') ? './components/dep.js' : './app/dep.js';
      assert.equal(issue?.told, dep);
      assert.match(issue.message, /^(?:Expected '<\/', got '<eof>'|Unexpected eof)$/);
      assert.ok(issue.line === 1 || issue.line === 2, String(issue.line));
      // That of the pages router names the file alone.
      assert.deepEqual(issue.importedBy, server.endsWith('p') ? undefined : [told]);
      assert.deepEqual(after(server, 'component', 'component fixed'), []);
    });
  }

  it('is what a page threw in a browser, where Next passes it on', () => {
    const server = 'next 16.4t, in a browser';
    const thrown = { severity: 'error', told: 'app/page.js', thrown: true } as const;
    assert.deepEqual(after(server, 'event'), [
      { ...thrown, message: 'TypeError: boom in the browser', line: 4, column: 11 },
    ]);
    assert.deepEqual(after(server, 'event', 'event fixed'), []);
    assert.deepEqual(after(server, 'render'), [{ ...thrown, message: 'boom while rendering', line: 5, column: 18 }]);
    assert.deepEqual(after(server, 'render', 'render fixed'), []);
    // What does not compile the server is to be asked for.
    const output = new OutputIssues();
    assert.deepEqual(output.read(outputOf(server, 'syntax')), { hasChanged: false, isNews: true });
  });

  it('is read of Metro: what can’t be parsed, with Babel’s column counted from 1', () => {
    const message = 'Unexpected token, expected "jsxTagEnd"';
    const issue = { severity: 'error', message, told: '/srv/web/App.tsx', line: 13, column: 3 } as const;
    assert.deepEqual(after('expo 54', 'start', 'sound'), []);
    assert.deepEqual(after('expo 54', 'syntax'), [issue]);
    assert.deepEqual(after('expo 54', 'syntax', 'syntax fixed'), []);
    assert.deepEqual(after('expo 54, by hot reload', 'syntax'), [issue]);
    const web = { ...issue, told: '/srv/web/app/index.js', line: 3, column: 27 };
    assert.deepEqual(after('expo 54, web', 'syntax'), [web]);
    assert.deepEqual(after('expo 54, web', 'syntax', 'served again'), []);
  });

  it('is read of Metro: an import of nothing, with the files that lead to it', () => {
    const message = 'Unable to resolve "./missing-module"';
    // Within the name: the mark in the picture is one further to the right than its beginning.
    const issue = { severity: 'error', message, told: 'App.tsx', line: 1, column: 9 } as const;
    for (const server of ['expo 54', 'expo 54, by hot reload'])
      assert.deepEqual(after(server, 'import'), [{ ...issue, importedBy: ['index.ts'] }], server);
    assert.deepEqual(after('expo 54', 'import', 'import fixed'), []);
    assert.equal(after('expo 54', 'package')[0]?.message, 'Unable to resolve "not-installed"');
    assert.deepEqual(after('expo 54', 'package', 'package fixed'), []);
    assert.deepEqual(after('expo 54, web', 'import'), [{ ...issue, told: 'app/index.js' }]);
  });

  it('is read of Metro: what was thrown on a phone, and nothing that was only logged', () => {
    const server = 'expo 54, on a phone';
    const place = { severity: 'error', told: 'App.tsx', line: 9, column: 13, thrown: true } as const;
    assert.deepEqual(after(server, 'thrown', 'logged', 'warned', 'log'), [{ ...place, message: 'boom at run time' }]);
    assert.deepEqual(after(server, 'thrown without a word'), [{ ...place, message: 'Error' }]);
    const output = new OutputIssues();
    output.read(outputOf(server, 'thrown'));
    output.read('iOS Bundled 84ms index.ts (1 module)\r\n');
    assert.deepEqual(output.issues, [], 'it was loaded again');
  });

  it('is the latest of a platform, and another platform that is well says nothing of it', () => {
    const output = new OutputIssues();
    for (const what of ['syntax', 'import']) output.read(outputOf('expo 54', what));
    assert.deepEqual(
      output.issues.map(({ told }) => told),
      ['App.tsx'],
    );
    output.read('Android Bundled 84ms index.ts (1 module)\r\n');
    assert.equal(output.issues.length, 1);
    output.read('iOS Bundled 84ms index.ts (1 module)\r\n');
    assert.deepEqual(output.issues, []);
  });

  it('is the same in whatever pieces it comes', () => {
    for (const server of Object.keys(recorded)) {
      const text = Object.values(recorded[server] ?? {}).join('');
      const whole = new OutputIssues();
      const seen: string[] = [];
      for (const what of Object.keys(recorded[server] ?? {})) {
        whole.read(outputOf(server, what));
        seen.push(JSON.stringify(whole.issues));
      }
      for (const size of [1, 7, 100]) {
        const pieces = new OutputIssues();
        const heard = new Set<string>();
        for (let at = 0; at < text.length; at += size) {
          pieces.read(text.slice(at, at + size));
          heard.add(JSON.stringify(pieces.issues));
        }
        assert.deepEqual(pieces.issues, whole.issues, `${server} in pieces of ${size}`);
        // Larger pieces may hold the end of an error with what follows it.
        for (const issues of size < 10 ? seen : [])
          assert.ok(heard.has(issues), `${server} in pieces of ${size}: ${issues}`);
      }
    }
  });

  it('is shown once, however often it is printed, and forgotten at a word', () => {
    const output = new OutputIssues();
    for (let n = 0; n < 3; n++) output.read(outputOf('next 15.5t', 'syntax'));
    assert.equal(output.issues.length, 1);
    const [issue] = output.issues;
    assert.ok(issue);
    output.forget(issue);
    assert.deepEqual(output.issues, []);
  });

  it('is over with a good answer for what failed, and not with one for something else', () => {
    const output = new OutputIssues();
    output.read(outputOf('next 16.4t', 'runtime'));
    assert.equal(output.read(' GET /about 200 in 20ms\r\n').hasChanged, false);
    assert.equal(output.issues.length, 1);
    assert.equal(output.read(' GET / 200 in 20ms\r\n').hasChanged, true);
    assert.deepEqual(output.issues, []);
  });

  it('is none of another route’s that compiles: Turbopack of 15 says so of each alone', () => {
    const output = new OutputIssues();
    output.read(outputOf('next 15.5t', 'syntax'));
    output.read(' ✓ Compiled /about in 43ms\r\n');
    assert.equal(output.issues.length, 1);
  });

  it('is a warning where the server warns of code, and nothing where it warns of something else', () => {
    const output = new OutputIssues();
    output.read("⚠ ./app/page.js\r\nAttempted import error: 'x' is not exported from './y' (imported as 'x').\r\n\r\n");
    output.read('⚠ Fast Refresh had to perform a full reload due to a runtime error.\r\n');
    assert.deepEqual(
      output.issues.map(({ severity, told }) => [severity, told]),
      [['warning', './app/page.js']],
    );
  });

  it('is nothing that an app prints of itself', () => {
    const output = new OutputIssues();
    const lines = [
      'Error: not ours\n    at Page (app/page.js:2:9)',
      'an ERROR in the middle',
      ' LOG  hello',
      ' WARN  careful',
      ' ERROR  [Error: without a place] more',
      '⨯ something without a place',
      '✓ Done',
      'we Compiled it',
    ];
    for (const line of lines) assert.equal(output.read(`${line}\r\n`).hasChanged, false, line);
    assert.deepEqual(output.issues, []);
  });

  it('has bounds in number, and in time whatever is printed', () => {
    const output = new OutputIssues();
    for (let n = 0; n < 500; n++) output.read(`⨯ Error: number ${n}\r\n    at Page (app/page.js:${n + 1}:9)\r\n`);
    assert.equal(output.issues.length, 50);
    assert.equal(output.issues.at(-1)?.message, 'number 499');
    // Two megabytes of each: a flood is read at a rate far above a terminal's.
    const floods = [
      'an ordinary line of output with nothing of interest in it at all, over and over again\n',
      '⨯ Error: boom\n    at Page (app/page.js:2:9)\n',
      '⨯ ./app/page.js:6:3\n',
      ' ERROR  SyntaxError: /srv/App.tsx: x (1:1)\n',
      '\u001b[31m⨯\u001b[39m \u001b[1m',
      'Unable to resolve "',
      '    at (a:1:1:1:1:1\n⨯ ',
      ' ',
    ];
    for (const part of floods) {
      const piece = part.repeat(Math.ceil(65_536 / part.length));
      const startMs = performance.now();
      for (let read = 0; read < 2_000_000; read += piece.length) output.read(piece);
      const tookMs = performance.now() - startMs;
      assert.ok(tookMs < 5000, `${JSON.stringify(part)}: ${Math.round(tookMs)} ms`);
      output.clear();
    }
  });
});
