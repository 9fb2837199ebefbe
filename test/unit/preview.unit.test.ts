import assert from 'node:assert/strict';
import { cleanPath, previewAddress, urlOf } from '../../src/providers/previewAddress';
import { previewHtml } from '../../src/providers/previewHtml';
import { parseFromPage, parsePageView, parseSavedState } from '../../src/providers/previewMessages';

const address = (externalUrl: string, template?: string): ReturnType<typeof previewAddress> =>
  previewAddress({ port: 3000, type: 'web', externalUrl, template });

describe('the address of a preview', () => {
  it('is the one that the editor gives, when that has no path in front', () => {
    const of = address('https://3000-box.example.com/');
    assert.equal(of.isPathProxied, false);
    assert.equal(of.direct, undefined);
    assert.equal(urlOf(of, 'external', '/about?x=1#y'), 'https://3000-box.example.com/about?x=1#y');
  });

  it('may be the server itself, where the editor behind a path proxy was reached by a loopback name', () => {
    for (const host of ['127.0.0.1:8080', 'localhost:8080', '[::1]:8080', 'box.localhost']) {
      const of = address(`http://${host}/proxy/3000/`);
      assert.equal(of.isPathProxied, true);
      assert.equal(of.direct?.root, 'http://localhost:3000/', host);
      assert.equal(of.direct.probe, 'http://localhost:3000/_next/static/media/cheatcode');
    }
  });

  it('is never the server itself when the editor is reached over a network', () => {
    const of = address('https://box.example.com/base/proxy/3000/');
    assert.equal(of.isPathProxied, true);
    assert.equal(of.direct, undefined);
    assert.equal(urlOf(of, 'direct', '/about'), 'https://box.example.com/base/proxy/3000/about');
  });

  it('follows the setting before the editor', () => {
    const of = address('http://127.0.0.1:8080/proxy/3000/', 'https://{port}-box.example.com');
    assert.equal(of.external.root, 'https://3000-box.example.com/');
    assert.equal(of.isPathProxied, false);
  });

  it('falls back to the port when the editor gives something else than a web address', () => {
    assert.equal(address('vscode-remote://x/y').external.root, 'http://localhost:3000/');
  });
});

describe('a typed path', () => {
  it('gets one slash in front and loses the host', () => {
    assert.equal(cleanPath('about'), '/about');
    assert.equal(cleanPath('/about'), '/about');
    assert.equal(cleanPath('http://localhost:3000/about?a=b#c'), '/about?a=b#c');
    assert.equal(cleanPath(''), '/');
  });

  it('can not lead to another host', () => {
    for (const typed of [
      '//evil.example.com/x',
      '\\\\evil.example.com',
      '/\\evil.example.com',
      'https://evil.example.com//evil.example.com',
    ])
      assert.doesNotMatch(cleanPath(typed), /^[/\\]{2}/, typed);
    assert.equal(
      new URL(urlOf(address('http://localhost:3000/'), 'external', '//evil.example.com/x')).host,
      'localhost:3000',
    );
  });
});

describe('messages of the preview page', () => {
  it('are taken only when they are of a known kind and shape', () => {
    assert.deepEqual(parseFromPage({ type: 'ready', extra: 1 }), { type: 'ready' });
    assert.deepEqual(parseFromPage({ type: 'run', action: 'restart' }), { type: 'run', action: 'restart' });
    for (const action of ['useNextPort', 'stopOther'])
      assert.deepEqual(parseFromPage({ type: 'run', action }), { type: 'run', action });
    assert.deepEqual(parseFromPage({ type: 'route', route: 'direct' }), { type: 'route', route: 'direct' });
    assert.deepEqual(parseFromPage({ type: 'view', view: { path: '//x', width: 'phone' } }), {
      type: 'view',
      view: { path: '/x', width: 'phone' },
    });
    for (const bad of [
      undefined,
      null,
      'ready',
      {},
      { type: 'run' },
      { type: 'run', action: 'stop' },
      { type: 'run', action: 'constructor' },
      { type: 'view', view: { path: 1, width: 'full' } },
      { type: 'view', view: { path: 'x'.repeat(3000), width: 'full' } },
      { type: 'view' },
      { type: 'route', route: 'elsewhere' },
      { type: 'show' },
    ])
      assert.equal(parseFromPage(bad), undefined, JSON.stringify(bad));
  });

  it('and the state of a panel that comes back are checked alike', () => {
    assert.deepEqual(parseSavedState({ app: { key: 'k', name: 'n', more: 1 } }), { app: { key: 'k', name: 'n' } });
    for (const bad of [undefined, null, {}, { app: 'x' }, { app: { key: 1, name: 'n' } }])
      assert.equal(parseSavedState(bad), undefined);
    assert.deepEqual(parsePageView({ path: 'a', width: 'huge' }), { path: '/a', width: 'full' });
    assert.equal(parsePageView(undefined), undefined);
  });
});

describe('the html of a preview', () => {
  const html = (of: ReturnType<typeof previewAddress> | undefined): string =>
    previewHtml({
      cspSource: 'https://csp.example',
      scriptUri: 'https://csp.example/p.js',
      styleUri: 'https://csp.example/p.css',
      address: of,
    });

  it('allows no frame and no connection before there is an address', () => {
    assert.match(html(undefined), /default-src 'none'/);
    assert.match(html(undefined), /frame-src 'none'; connect-src 'none'/);
  });

  it('allows exactly the origins that it needs', () => {
    assert.match(
      html(address('http://127.0.0.1:8080/proxy/3000/')),
      /frame-src http:\/\/localhost:3000 http:\/\/127\.0\.0\.1:8080; connect-src http:\/\/localhost:3000;/,
    );
    assert.match(
      html(address('https://3000-box.example.com/')),
      /frame-src https:\/\/3000-box\.example\.com; connect-src 'none'/,
    );
  });

  it('has a nonce that nobody can guess', () => {
    const nonces = Array.from({ length: 20 }, () => /'nonce-([^']+)'/.exec(html(undefined))?.[1] ?? '');
    assert.equal(new Set(nonces).size, 20);
    assert.ok(nonces.every((nonce) => nonce.length >= 24));
  });

  it('names every control', () => {
    const page = html(undefined);
    const controls = [...page.matchAll(/<(button|input)\b([^>]*)>([^<]*)/g)];
    assert.ok(controls.length >= 8);
    for (const [all, , attributes, content] of controls)
      assert.ok((attributes ?? '').includes('aria-label=') || (content ?? '') !== '', all);
  });
});
