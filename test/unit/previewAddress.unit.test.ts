import assert from 'node:assert/strict';
import {
  cleanPath,
  editorAddress,
  frameUrl,
  hostToRegister,
  pageUrl,
  templateAddress,
  type PreviewAddress,
} from '../../src/providers/previewAddress';

const gateway = { port: 40_123, id: '0123456789abcdef' };
const through = (externalUrl: string): PreviewAddress => editorAddress({ port: 3000, gateway, externalUrl });
const straight = (externalUrl: string): PreviewAddress =>
  editorAddress({ port: 3000, gateway: undefined, externalUrl });

describe('the address of a preview', () => {
  it('is the one that the editor gives for the gateway, when that has no path in front', () => {
    for (const root of ['http://localhost:40123/', 'https://40123-box.example.com/']) {
      const of = through(root);
      assert.deepEqual(of, {
        root,
        origin: new URL(root).origin,
        isPathProxied: false,
        via: 'gateway',
        appId: gateway.id,
      });
      assert.equal(pageUrl(of, '/about?x=1#y'), `${root}about?x=1#y`);
      assert.equal(frameUrl(of, 'about'), `${root}about`);
    }
  });

  it('is the shell page behind a path proxy, with the path of the app in its hash', () => {
    for (const base of ['http://127.0.0.1:8080', 'https://box.example.com/base']) {
      const of = through(`${base}/proxy/40123/`);
      assert.equal(of.isPathProxied, true);
      assert.equal(of.root, `${base}/proxy/40123/`);
      assert.equal(pageUrl(of, '/'), `${base}/proxy/40123/__cheatcode/#/`);
      assert.equal(pageUrl(of, '/about?x=1#y'), `${base}/proxy/40123/__cheatcode/#/about?x=1#y`);
      assert.equal(frameUrl(of, '/about'), pageUrl(of, '/about'));
    }
  });

  it('keeps each character of a path as it is spelled', () => {
    const path = '/a%2Fb%20c/%23?q=%3F&r=ä+%25';
    assert.ok(pageUrl(through('https://box.example.com/proxy/40123'), path).endsWith(`/__cheatcode/#${path}`));
    assert.equal(pageUrl(through('http://localhost:40123/'), path), `http://localhost:40123${path}`);
  });

  it('is the server itself where there is no gateway, which serves no shell page', () => {
    const plain = straight('http://localhost:3000/');
    assert.deepEqual([plain.via, plain.appId, plain.isPathProxied], ['direct', undefined, false]);
    const proxied = straight('https://box.example.com/proxy/3000/');
    assert.deepEqual([proxied.via, proxied.isPathProxied], ['direct', true]);
    assert.equal(pageUrl(proxied, '/about'), 'https://box.example.com/proxy/3000/about');
  });

  it('falls back to the local one when the editor gives something else than a web address', () => {
    for (const odd of ['vscode-remote://x/y', 'nonsense', '']) {
      assert.equal(through(odd).root, 'http://localhost:40123/');
      assert.equal(straight(odd).root, 'http://localhost:3000/');
    }
  });

  it('tells the gateway which host it will be asked for, unless that is this machine', () => {
    assert.equal(hostToRegister(through('https://Box.example.com/proxy/40123/')), 'box.example.com');
    for (const host of ['10.1.2.3:8080', '127.0.0.2:8080', '[fe80::1]:8080'])
      assert.equal(hostToRegister(through(`http://${host}/proxy/40123/`)), host);
    for (const own of ['http://localhost:40123/', 'http://127.0.0.1:8080/proxy/40123/', 'http://x.localhost:1/'])
      assert.equal(hostToRegister(through(own)), undefined, own);
    assert.equal(hostToRegister(straight('https://box.example.com/proxy/3000/')), undefined);
  });
});

describe('a template of the settings', () => {
  it('names the port of the server and the sandbox, past the gateway', () => {
    const of = templateAddress('https://{{port}}-{{sandboxId}}.example.com', { port: 3000, sandboxId: 'box1' });
    assert.deepEqual(of, {
      root: 'https://3000-box1.example.com/',
      origin: 'https://3000-box1.example.com',
      isPathProxied: false,
      via: 'template',
      appId: undefined,
    });
    assert.equal(hostToRegister(of), undefined);
  });

  it('with a path in front has no shell page: no gateway answers there', () => {
    const of = templateAddress('https://example.com/p/{{port}}', { port: 3000, sandboxId: undefined });
    assert.ok(of);
    assert.equal(pageUrl(of, '/about'), 'https://example.com/p/3000/about');
  });

  it('is no address when it wants a sandbox that nobody named, or is none of the web', () => {
    const at = (template: string, sandboxId?: string) => templateAddress(template, { port: 3000, sandboxId });
    assert.equal(at('https://{{sandboxId}}.example.com'), undefined);
    assert.equal(at('https://{{sandboxId}}.example.com', 'evil.example.com/'), undefined);
    assert.equal(at('javascript:alert({{port}})'), undefined);
    assert.equal(at('{{port}}'), undefined);
  });
});

describe('a typed path', () => {
  it('gets one slash in front and loses the host', () => {
    assert.equal(cleanPath('about'), '/about');
    assert.equal(cleanPath('/about'), '/about');
    assert.equal(cleanPath('http://localhost:3000/about?a=b#c'), '/about?a=b#c');
    assert.equal(cleanPath(''), '/');
  });

  it('is what the address of a shell page names', () => {
    const of = through('https://box.example.com/proxy/40123/');
    for (const path of ['/', '/about?x=1#y', '/a%2Fb']) assert.equal(cleanPath(pageUrl(of, path)), path);
    assert.equal(cleanPath('https://box.example.com/proxy/40123/__cheatcode/'), '/');
  });

  it('can not lead to another host', () => {
    for (const typed of [
      '//evil.example.com/x',
      '\\\\evil.example.com',
      '/\\evil.example.com',
      'https://evil.example.com//evil.example.com',
      'https://evil.example.com/__cheatcode/#//evil.example.com',
    ])
      assert.doesNotMatch(cleanPath(typed), /^[/\\]{2}/, typed);
    assert.equal(new URL(pageUrl(through('http://localhost:40123/'), '//evil.example.com/x')).host, 'localhost:40123');
  });
});
