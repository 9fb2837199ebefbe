import assert from 'node:assert/strict';
import {
  appPath,
  isAstray,
  isUnder,
  pathInHash,
  prefixed,
  prefixedSocket,
  prefixOf,
  prefixOfWorker,
  shellAddress,
  stripped,
} from '../../src/gateway/browser/prefix';

const place = { origin: 'https://host.example:8443', prefix: '/code/proxy/3100' };
const plain = { origin: 'http://localhost:3100', prefix: '' };
const at = (path: string) => new URL(path, place.origin);

describe('the prefix of a path proxy', () => {
  const known: readonly (readonly [pathname: string, asked: string, prefix: string | undefined])[] = [
    ['/proxy/3100/', '/', '/proxy/3100'],
    ['/proxy/3100/about', '/about?a=/b', '/proxy/3100'],
    ['/code/proxy/3100/a/b', '/a/b', '/code/proxy/3100'],
    ['/about', '/about', ''],
    ['/', '/', ''],
    // A proxy that writes escapes in its own way, in both directions.
    ["/proxy/3100/it's", '/it%27s', '/proxy/3100'],
    ['/proxy/3100/%C3%A4', '/%c3%a4', '/proxy/3100'],
    ['/proxy/3100/100%', '/100%', '/proxy/3100'],
    // The app's own path may hold what looks like a prefix.
    ['/proxy/3100/proxy/3100/', '/proxy/3100/', '/proxy/3100'],
    ['/proxy/3100/about', '/other', undefined],
    ['/about', '/proxy/3100/about', undefined],
    ['/proxy/3100/', '', undefined],
    // With this one in front, a path would name another host.
    ['//about', '/about', undefined],
    ['/proxy/3100//', '/', undefined],
  ];
  for (const [pathname, asked, prefix] of known)
    it(`of ${pathname}, where the gateway was asked for ${asked || 'nothing'}, is ${prefix ?? 'not known'}`, () => {
      assert.equal(prefixOf(pathname, asked), prefix);
    });

  it('is in the address of our own worker, and of no other', () => {
    assert.equal(prefixOfWorker(`${place.origin}/proxy/3100/__cheatcode-worker.js?app=web`), '/proxy/3100');
    assert.equal(prefixOfWorker(`${place.origin}/__cheatcode-worker.js`), '');
    assert.equal(prefixOfWorker(`${place.origin}/service-worker.js?x=/__cheatcode-worker.js`), undefined);
  });

  it('ends at a slash: a longer port is another app', () => {
    assert.ok(isUnder('/proxy/310', '/proxy/310/x'));
    assert.ok(isUnder('/proxy/310', '/proxy/310'));
    assert.ok(!isUnder('/proxy/310', '/proxy/3100/x'));
  });
});

describe('an address of the app', () => {
  it('goes under the prefix once, however often it is put there', () => {
    const once = prefixed(at('/about?a=1#b'), place);
    assert.equal(once, `${place.origin}/code/proxy/3100/about?a=1#b`);
    assert.equal(prefixed(new URL(once), place), once);
  });

  it('comes out as it was', () => {
    for (const path of ['/', '/about?a=1#b', '//twice', '/code/proxy/31000/x', '/?x=/code/proxy/3100'])
      assert.equal(stripped(new URL(prefixed(new URL(place.origin + path), place)), place), place.origin + path);
  });

  it('that names the prefix alone is the first page', () => {
    assert.equal(appPath(at('/code/proxy/3100'), place), '/');
    assert.equal(appPath(at('/code/proxy/3100?a=1'), place), '/?a=1');
  });

  it('of another origin stays what it is', () => {
    for (const href of [
      'https://other.example/about',
      'http://host.example:8443/',
      'blob:https://host.example:8443/x',
    ]) {
      assert.equal(prefixed(new URL(href), place), href);
      assert.equal(stripped(new URL(href), { ...place, origin: 'https://elsewhere.example' }), href);
    }
    assert.ok(!isAstray(new URL('https://other.example/'), place));
  });

  it('is never astray where there is no prefix', () => {
    assert.ok(!isAstray(new URL('http://localhost:3100/about'), plain));
    assert.equal(prefixed(new URL('http://localhost:3100/about'), plain), 'http://localhost:3100/about');
    assert.equal(appPath(new URL('http://localhost:3100/about?a'), plain), '/about?a');
  });
});

describe('a socket of the app', () => {
  it('goes under the prefix with its own scheme', () => {
    assert.equal(
      prefixedSocket(new URL('wss://host.example:8443/_next/hmr?id=1'), place),
      'wss://host.example:8443/code/proxy/3100/_next/hmr?id=1',
    );
  });

  it('stays where it is under the prefix already, or of another host', () => {
    assert.equal(prefixedSocket(new URL('wss://host.example:8443/code/proxy/3100/hot'), place), undefined);
    assert.equal(prefixedSocket(new URL('wss://host.example/hot'), place), undefined);
    assert.equal(prefixedSocket(new URL('data:text/plain,x'), place), undefined);
  });
});

describe('the hash of the shell', () => {
  it('holds the path of the app', () => {
    const address = shellAddress(place, '/about?a=1#part');
    assert.equal(address, 'https://host.example:8443/code/proxy/3100/__cheatcode/#/about?a=1#part');
    assert.equal(pathInHash(new URL(address).hash), '/about?a=1#part');
  });

  it('that holds none, or the shell itself, means the first page', () => {
    for (const hash of ['', '#', '#about', '#https://other.example/', '#/__cheatcode/#/'])
      assert.equal(pathInHash(hash), '/');
  });
});
