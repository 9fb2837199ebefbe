import assert from 'node:assert/strict';
import path from 'node:path';
import { build } from 'esbuild';
import { FakePage } from './support/fakePage';
import { repoRoot } from './support/repository';

const ORIGIN = 'http://localhost:8080';
const PREFIX = '/proxy/3100';
const SHELL = `${PREFIX}/__cheatcode/`;
/** Every page carries it. */
const MOST_BYTES = 12_000;

describe('the head script', () => {
  let head: string;
  before(async () => {
    const { outputFiles } = await build({
      entryPoints: [path.join(repoRoot, 'src/gateway/browser/head.ts')],
      bundle: true,
      format: 'iife',
      target: 'es2022',
      minify: true,
      write: false,
    });
    head = outputFiles[0]?.text ?? '';
  });

  const inShell = (asked: string) => {
    const page = new FakePage(ORIGIN + PREFIX + asked, asked.replace(/#.*/, ''), SHELL);
    page.run(head);
    return page;
  };

  it(`is at most ${MOST_BYTES} bytes`, () => {
    const bytes = Buffer.byteLength(head);
    console.log(`      head script, minified: ${bytes} bytes`);
    assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
  });

  it('leaves the app its own path, query and hash, and no trace in the document', () => {
    const page = inShell('/about?a=1#part');
    assert.equal(page.path, '/about?a=1#part');
    assert.ok(!page.isScriptThere);
  });

  it('tells the shell that a page begins, and where', () => {
    const { told } = inShell('/about');
    const [first] = told;
    assert.deepEqual([first?.['type'], first?.['state']], ['liveness', 'loading']);
    assert.ok(told.some(({ type, path: at, title }) => type === 'page' && at === '/about' && title === 'Title'));
  });

  it('keeps the prefix in every entry but the shown one, so that a lost document can be asked for again', () => {
    const page = inShell('/');
    page.run(`history.pushState(1, '', '/a'); history.pushState(2, '', 'b?c')`);
    assert.deepEqual(page.paths, [`${PREFIX}/`, `${PREFIX}/a`, '/b?c']);
    page.go(-1);
    assert.equal(page.path, '/a');
    assert.equal(page.entries[1]?.state, 1);
    page.fire('pagehide');
    assert.equal(page.path, `${PREFIX}/a`);
    page.fire('pageshow');
    assert.equal(page.path, '/a');
  });

  it('lets the app replace its entry, by paths with and without the prefix, and without any', () => {
    const page = inShell('/');
    page.run(`history.replaceState(1, '', '${PREFIX}/a')`);
    assert.deepEqual(page.paths, ['/a']);
    page.run(`history.replaceState(2, '')`);
    assert.deepEqual(page.entries, [{ url: `${ORIGIN}/a`, state: 2 }]);
    assert.equal(page.told.at(-1)?.['path'], '/a');
  });

  it('throws what the browser throws, and stays where it is then', () => {
    const page = inShell('/');
    assert.throws(() => page.run(`history.pushState(null, '', 'https://other.example/')`), /SecurityError/);
    assert.deepEqual(page.paths, ['/']);
  });

  it('leads a page that is alone in a tab into the shell', () => {
    const page = new FakePage(`${ORIGIN}${PREFIX}/about?a#b`, '/about?a', 'none');
    page.run(head);
    assert.equal(page.path, `${SHELL}#/about?a#b`);
  });

  it('changes nothing in a tab without a prefix, and tells nobody', () => {
    const page = new FakePage(`${ORIGIN}/about`, '/about', 'none');
    page.run(head);
    page.run(`history.pushState(1, '', '/next')`);
    assert.deepEqual(page.paths, ['/about', '/next']);
    assert.deepEqual(page.told, []);
  });

  it('only reports in a panel without a prefix', () => {
    const page = new FakePage(`${ORIGIN}/about?`, '/about?');
    page.run(head);
    page.run(`history.pushState(1, '', '/next?')`);
    page.fire('pagehide');
    assert.deepEqual(page.paths, ['/about?', '/next?']);
    assert.equal(page.told.at(-1)?.['path'], '/next');
  });

  it('does not speak for a frame of the app, and strips its prefix all the same', () => {
    const page = new FakePage(`${ORIGIN}${PREFIX}/inner`, '/inner', '/');
    page.run(head);
    assert.equal(page.path, '/inner');
    assert.deepEqual(page.told, []);
  });

  for (const name of ['document', 'location', 'history', 'History', 'URL', 'addEventListener', 'navigator', 'parent'])
    it(`throws nothing into a page without ${name}`, () => {
      const page = new FakePage(`${ORIGIN}${PREFIX}/`, '/', SHELL).without(name);
      page.run(head);
      assert.equal(page.run('1 + 1'), 2);
    });
});
