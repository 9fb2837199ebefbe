import assert from 'node:assert/strict';
import path from 'node:path';
import { build } from 'esbuild';
import { FakePage } from './support/fakePage';
import { repoRoot } from './support/repository';

const ORIGIN = 'http://localhost:8080';
const PREFIX = '/proxy/3100';
const SHELL = `${PREFIX}/__cheatcode/`;
/** Every page carries it. */
const MOST_BYTES = 12_200;

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

  /** Presses a link, or a button that opens a window, and gives what came of it. `gives`: whether there are windows here. */
  const press = (page: FakePage, gives: boolean, what: string, isInEditor = true, isActive = true) => {
    page.run(`
      var opened = [], clicks = [], was = '', add = addEventListener;
      top = ${isInEditor ? '{}' : 'parent'};
      navigator.userActivation = { isActive: ${isActive} };
      open = (url, target, features) => { opened.push([url, target, features]); return ${gives} ? (given = { opener: 1 }) : null; };
      var given;
      addEventListener = (type, listener) => { if (type === 'click') clicks.push(listener); add(type, listener); };
      HTMLAnchorElement = class {
        constructor(href, target, rel = '') {
          Object.assign(this, { href, target, relList: { contains: (name) => rel.includes(name) }, hasAttribute: () => false });
        }
      };
      HTMLAreaElement = class {};
      HTMLFormElement = class { submit() {} };
      click = (link, more) => {
        const event = { type: 'click', button: 0, composedPath: () => [link], preventDefault() { this.defaultPrevented = true; }, ...more };
        for (const listener of clicks) listener(event);
        return event.defaultPrevented === true;
      };`);
    page.run(head);
    const before = page.told.length;
    const result = page.run(what);
    const said = page.told.slice(before).filter(({ type }) => type === 'open');
    const told = said.map(({ path: at, url }) => at ?? url);
    const opened = JSON.parse(page.run('JSON.stringify(opened)') as string) as unknown[];
    return { result, told, opened, page };
  };
  const framed = (inPrefix: boolean) =>
    inPrefix ? new FakePage(`${ORIGIN}${PREFIX}/a`, '/a', SHELL) : new FakePage(`${ORIGIN}/a`, '/a'); // Right in the panel, which has another origin.
  const link = (href: string, target = '', rel = '') =>
    `click(new HTMLAnchorElement('${href}', '${target}', '${rel}'))`;

  for (const inPrefix of [true, false]) {
    const own = inPrefix ? `${ORIGIN}${SHELL}#/b?c#d` : `${ORIGIN}/b?c#d`;

    describe(inPrefix ? 'in the shell in a panel' : 'right in a panel', () => {
      it('tells the panel what a person wanted a window for when the frame gets none', () => {
        for (const [what, wanted] of [
          [`open('/b?c#d')`, '/b?c#d'],
          [`open('https://other.example/x', 'docs', 'noopener')`, 'https://other.example/x'],
          [link(`${ORIGIN}/b?c#d`, '_blank'), '/b?c#d'],
          [link('https://other.example/x', '_blank', 'noreferrer'), 'https://other.example/x'],
          [link('https://other.example/x', 'docs'), 'https://other.example/x'],
          [`click(new HTMLAnchorElement('${ORIGIN}/b', ''), { ctrlKey: true })`, '/b'],
        ] as const) {
          const { told, result } = press(framed(inPrefix), false, what);
          assert.deepEqual(told, [wanted], what);
          assert.equal(result, what.startsWith('open') ? null : true);
        }
      });

      it('tells nothing when no person asked, nor of what is no page', () => {
        assert.deepEqual(press(framed(inPrefix), false, `open('/b')`, true, false).told, []);
        for (const what of [`open('about:blank')`, `open()`, link('mailto:a@b.example', '_blank'), link(`${ORIGIN}/b`)])
          assert.deepEqual(press(framed(inPrefix), false, what).told, [], what);
      });

      it('leaves it at the window where there is one, without an opener where the app wanted none', () => {
        const kept = press(framed(inPrefix), true, `open('/b?c#d', 'docs', 'width=3')`);
        assert.deepEqual([kept.told, kept.opened], [[], [[own, 'docs', 'width=3']]]);
        assert.equal(kept.page.run('given.opener'), 1);
        const alone = press(framed(inPrefix), true, link(`${ORIGIN}/b?c#d`, '_blank'));
        assert.deepEqual([alone.told, alone.opened], [[], [[own, '_blank', '']]]);
        assert.equal(alone.page.run('given.opener'), null);
      });

      it('leaves a link alone that the app has dealt with', () => {
        const what = `click(new HTMLAnchorElement('${ORIGIN}/b', '_blank'), { defaultPrevented: true })`;
        const { told, opened } = press(framed(inPrefix), false, what);
        assert.deepEqual([told, opened], [[], []]);
      });
    });
  }

  it('asks the browser alone for windows in a tab of its own', () => {
    const address = `${ORIGIN}${SHELL}#/b`;
    const { told, opened } = press(framed(true), false, link(`${ORIGIN}/b`, '_blank'), false);
    assert.deepEqual([told, opened], [[], [[address, '_blank', 'noopener']]]);
    const foreign = press(framed(true), false, link('https://other.example/', '_blank'), false);
    assert.deepEqual([foreign.result, foreign.opened], [false, []]);
  });

  for (const [prefix, set] of [
    [PREFIX, ['a=1; path=/shop;path=/', 'b=2;path=/']],
    ['', ['a=1; path=/shop', 'b=2']],
  ] as const)
    it(
      prefix === ''
        ? 'leaves cookies of scripts alone without a prefix'
        : 'puts cookies of scripts at the root, whose paths the browser never asks for',
      () => {
        const page = new FakePage(`${ORIGIN}${prefix}/shop`, '/shop', prefix === '' ? undefined : SHELL);
        page.run(`
        var jar = [];
        Document = class { get cookie() { return 'read'; } set cookie(value) { jar.push(value); } };
        HTMLFormElement = class { submit() {} };
        Object.setPrototypeOf(document, Document.prototype);`);
        page.run(head);
        page.run(`document.cookie = 'a=1; path=/shop'; document.cookie = 'b=2'`);
        assert.deepEqual(JSON.parse(page.run('JSON.stringify(jar)') as string), set);
        assert.equal(page.run('document.cookie'), 'read');
      },
    );

  for (const name of ['document', 'location', 'history', 'History', 'URL', 'addEventListener', 'navigator', 'parent'])
    it(`throws nothing into a page without ${name}`, () => {
      const page = new FakePage(`${ORIGIN}${PREFIX}/`, '/', SHELL).without(name);
      page.run(head);
      assert.equal(page.run('1 + 1'), 2);
    });
});
