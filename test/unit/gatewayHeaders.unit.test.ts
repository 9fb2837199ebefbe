import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { previewPolicies } from '../../src/gateway/contentSecurityPolicy';
import { AcceptedHosts } from '../../src/gateway/hostCheck';
import { parseOrder } from '../../src/gateway/orders';
import { asksForPage, isCrossSiteFramed, isPage } from '../../src/gateway/pages';
import { toUpstream } from '../../src/gateway/requestHeaders';
import { ownLocation, previewCookie, toBrowser, type AnswerContext } from '../../src/gateway/responseHeaders';
import { gatewayHeader, gatewayPath, previewMark } from '../../src/gateway/names';
import { GATEWAY_HEADER, GATEWAY_PATH, PREVIEW_MARK } from '../../src/sessions/gatewayProtocol';

describe('content security policies of a preview', () => {
  const hash = "'sha256-x'";
  const cases: readonly (readonly [what: string, before: string, after: string | undefined])[] = [
    ['loses who may frame it', "frame-ancestors 'none'; img-src *", 'img-src *'],
    ['goes when nothing is left', "frame-ancestors 'self'", undefined],
    ['allows the script beside a nonce', "script-src 'nonce-a'", `script-src 'nonce-a' ${hash}`],
    ['allows the script where nothing was', "script-src 'none'", `script-src ${hash}`],
    ['stays as it is where inline scripts run', "script-src 'unsafe-inline'", "script-src 'unsafe-inline'"],
    [
      'allows the script where a nonce turns inline scripts off',
      "script-src 'unsafe-inline' 'nonce-a'",
      `script-src 'unsafe-inline' 'nonce-a' ${hash}`,
    ],
    [
      'allows the script where strict-dynamic turns them off',
      "script-src 'unsafe-inline' 'strict-dynamic'",
      `script-src 'unsafe-inline' 'strict-dynamic' ${hash}`,
    ],
    [
      'speaks of elements where there is a directive for them',
      "script-src 'self'; script-src-elem 'self'",
      `script-src 'self'; script-src-elem 'self' ${hash}`,
    ],
    [
      'gets a directive for scripts where the default speaks for them, so that styles go by the old one',
      "default-src 'self' 'unsafe-inline' 'nonce-a'",
      `default-src 'self' 'unsafe-inline' 'nonce-a'; script-src 'self' 'unsafe-inline' 'nonce-a' ${hash}`,
    ],
    [
      'stays as it is where the default lets inline scripts run',
      "default-src 'unsafe-inline'",
      "default-src 'unsafe-inline'",
    ],
    ['stays as it is where nothing speaks of scripts', "style-src 'none'", "style-src 'none'"],
    [
      'is one of several that all count',
      "SCRIPT-SRC 'self', default-src 'none'; frame-ancestors 'none'",
      `script-src 'self' ${hash}, default-src 'none'; script-src ${hash}`,
    ],
    [
      'goes by the first of two directives',
      "script-src 'self'; script-src *",
      `script-src 'self' ${hash}; script-src *`,
    ],
  ];
  for (const [what, before, after] of cases)
    it(`${what}: ${before}`, () => assert.equal(previewPolicies(before, hash), after));

  it('change for what gets no script only in who may frame it', () => {
    assert.equal(previewPolicies("script-src 'none'; frame-ancestors 'none'", undefined), "script-src 'none'");
  });
});

describe('headers to the dev server', () => {
  const hosts = new AcceptedHosts();
  hosts.set(['code.example']);
  const sent = (headers: IncomingHttpHeaders, method = 'GET') => toUpstream(method, headers, 3000, hosts);

  it('name its own host, and its own origin where they named us', () => {
    const own = { host: 'localhost:3000' };
    assert.deepEqual(sent({ host: 'code.example' }), own);
    for (const [origin, host] of [
      ['https://code.example', 'code.example'],
      // A forwarded port is asked by another name than the browser's.
      ['https://code.example', 'localhost:9'],
      ['http://localhost:9', 'localhost:9'],
      ['http://[::1]:9', '[::1]:9'],
    ])
      assert.deepEqual(sent({ origin, host }), { ...own, origin: 'http://localhost:3000' }, origin);
    // Another port of this machine is another program, whose page must not pass for the app's own.
    for (const origin of [
      'https://evil.example',
      'null',
      'vscode-webview://a',
      'ftp://localhost:9',
      'http://localhost:8',
    ])
      assert.deepEqual(sent({ origin, host: 'localhost:9' }), { ...own, origin }, origin);
    assert.equal(sent({ origin: 'null', 'sec-fetch-site': 'same-origin' }).origin, 'http://localhost:3000');
    assert.equal(sent({ referer: 'https://code.example/a?b' }).referer, 'http://localhost:3000/a?b');
    assert.equal(sent({ referer: 'https://evil.example/a?b' }).referer, 'https://evil.example/a?b');
  });

  it('leave out what is between neighbours, and keep what a WebSocket needs', () => {
    assert.deepEqual(sent({ 'keep-alive': 'x', te: 'trailers', expect: '100-continue', 'x-forwarded-for': '1' }), {
      host: 'localhost:3000',
      'x-forwarded-for': '1',
    });
    // Next.js would hold it against the origin that we give it.
    assert.deepEqual(sent({ 'x-forwarded-host': 'code.example' }), { host: 'localhost:3000' });
    assert.equal(sent({ connection: 'Upgrade', upgrade: 'websocket' }).connection, 'Upgrade');
    assert.deepEqual(sent({ connection: 'keep-alive', upgrade: 'h2c' }), { host: 'localhost:3000' });
  });

  it('ask for a page whole and plain, and for all else as the browser did', () => {
    const asked = { 'accept-encoding': 'br', 'if-none-match': '"1"', range: 'bytes=0-1' };
    const page = sent({ ...asked, 'sec-fetch-mode': 'navigate' });
    assert.deepEqual([page['accept-encoding'], page['if-none-match'], page.range], ['identity', undefined, undefined]);
    const asset = sent({ ...asked, 'sec-fetch-mode': 'no-cors' });
    assert.deepEqual([asset['accept-encoding'], asset['if-none-match'], asset.range], ['br', '"1"', 'bytes=0-1']);
  });
});

describe('headers to the browser', () => {
  const context: AnswerContext = {
    app: 'app',
    upstreamPort: 3000,
    hosts: ['code.example', 'outer.example:8443'],
    isCrossSiteFramed: false,
    scriptHash: undefined,
    redirectedFrom: undefined,
  };

  it('are those of the server, with the mark of the app', () => {
    const headers = {
      'content-type': 'text/css',
      etag: '"1"',
      'content-length': '1',
      connection: 'close',
      [GATEWAY_HEADER]: 'x',
    };
    assert.deepEqual(toBrowser(headers, context), {
      'content-type': 'text/css',
      etag: '"1"',
      'content-length': '1',
      [GATEWAY_HEADER]: 'app',
    });
    assert.equal(headers.connection, 'close');
  });

  it('keep what forbids to keep a page', () => {
    const headers = { 'cache-control': 'private, no-store', 'content-length': '1' };
    const sent = toBrowser(headers, { ...context, scriptHash: "'sha256-x'" });
    assert.equal(sent['cache-control'], 'private, no-store');
  });

  for (const [what, headers, wanted] of [
    ['of unknown length', {}, 'no-transform'],
    ['of unknown length with a rule of its own', { 'cache-control': 'no-cache' }, 'no-cache, no-transform'],
    ['that forbids it already', { 'cache-control': 'No-Transform' }, 'No-Transform'],
    ['of known length', { 'content-length': '9' }, undefined],
    ['that is compressed', { 'content-encoding': 'gzip' }, undefined],
  ] as const)
    it(`let ${wanted === undefined ? 'any' : 'no'} proxy before us compress an answer ${what}`, () =>
      assert.equal(toBrowser(headers, context)['cache-control'], wanted));

  for (const [from, to] of [
    ['http://localhost:3000', '/'],
    ['http://0.0.0.0:3000/a', '/a'],
    ['http://[::1]:3000/a', '/a'],
    ['//localhost:3000/a', '/a'],
    ['https://CODE.example/a#b', '/a#b'],
    ['http://code.example:80/a', '/a'],
    ['https://outer.example:8443/a', '/a'],
    ['http://localhost:3000//evil.example', '/.//evil.example'],
    ['http://localhost:3001/a', 'http://localhost:3001/a'],
    ['https://code.example.evil.example/a', 'https://code.example.evil.example/a'],
    ['https://outer.example/a', 'https://outer.example/a'],
    ['a/b', 'a/b'],
    ['http://', 'http://'],
    ['exp://localhost:3000', 'exp://localhost:3000'],
  ] as const)
    it(`send a redirect to ${from} to ${to}`, () => assert.equal(ownLocation(from, context), to));

  for (const [path, location, to] of [
    ['/', '/a?b=/c', './a?b=/c'],
    ['/a', '/', './'],
    ['/a/b?c=/d/e', '/f', '../f'],
    ['/a/b/', '/a:b', '../../a:b'],
    ['/', 'http://localhost:3000//evil.example', '././/evil.example'],
    ['/a/b', 'https://evil.example/', 'https://evil.example/'],
    ['/a/b', 'c', 'c'],
  ] as const)
    it(`lead from ${path} to ${location} under whatever prefix`, () => {
      const sent = toBrowser({ location }, { ...context, redirectedFrom: path }).location;
      assert.equal(sent, to);
      const { pathname } = new URL(to, `https://code.example/ide/proxy/3100${path}`);
      if (location.startsWith('/')) assert.ok(pathname.startsWith('/ide/proxy/3100/'), pathname);
    });

  it('name what was made as the server did: nobody follows it', () =>
    assert.equal(toBrowser({ location: '/items/5' }, context).location, '/items/5'));

  it('let a cookie be of no domain, and of a cross-site frame where it is set in one', () => {
    assert.equal(previewCookie('a=b=c; DOMAIN=x.example;Path=/;', false), 'a=b=c; Path=/');
    assert.equal(previewCookie('a=b; path = /shop; HttpOnly', false), 'a=b; Path=/; HttpOnly');
    assert.equal(
      previewCookie('a=; Max-Age=1; secure; samesite=strict; Partitioned', true),
      'a=; Max-Age=1; SameSite=None; Secure; Partitioned',
    );
  });
});

describe('what is a page', () => {
  const html = { 'content-type': 'Text/HTML; charset=utf-8' };
  const goes = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };

  it('is asked for by a navigation, and by nothing that a page fetches', () => {
    for (const headers of [goes, { 'sec-fetch-dest': 'frame' }, { accept: 'text/html,*/*' }])
      assert.equal(asksForPage('GET', headers), true, JSON.stringify(headers));
    for (const headers of [{}, { accept: '*/*' }, { accept: 'text/html', 'sec-fetch-mode': 'cors' }])
      assert.equal(asksForPage('GET', headers), false, JSON.stringify(headers));
    assert.equal(asksForPage('PUT', goes), false);
  });

  it('is HTML that a browser shows, and that a script can be put into', () => {
    assert.equal(isPage('GET', goes, 200, html), true);
    assert.equal(isPage('POST', goes, 500, html), true);
    assert.equal(isPage('GET', {}, 200, html), true);
    const not: readonly (readonly [number, IncomingHttpHeaders])[] = [
      [204, html],
      [206, html],
      [302, html],
      [200, {}],
      [200, { 'content-type': 'text/html-ish' }],
      [200, { 'content-type': 'text/html; charset="UTF-16LE"' }],
      [200, { ...html, 'content-disposition': 'attachment; filename=a.html' }],
      [200, { ...html, 'content-encoding': 'zstd' }],
    ];
    for (const [status, headers] of not)
      assert.equal(isPage('GET', goes, status, headers), false, `${status} ${JSON.stringify(headers)}`);
    assert.equal(isPage('GET', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, 200, html), false);
    assert.equal(isPage('GET', { 'x-requested-with': 'XMLHttpRequest' }, 200, html), false);
  });

  it('is framed across sites where the browser says so', () => {
    assert.equal(isCrossSiteFramed({ 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe' }), true);
    assert.equal(isCrossSiteFramed({ 'sec-fetch-site': 'same-origin', 'sec-fetch-storage-access': 'active' }), true);
    assert.equal(isCrossSiteFramed({ 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }), false);
    assert.equal(isCrossSiteFramed({ 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'iframe' }), false);
    assert.equal(isCrossSiteFramed({}), false);
  });
});

describe('hosts of a preview', () => {
  const hosts = new AcceptedHosts();
  hosts.set(['Code.Example', 'other.example:8443']);
  for (const host of [
    'localhost',
    'localhost:1',
    'a.localhost:65535',
    '127.0.0.1:1',
    '[::1]',
    'CODE.example',
    'other.example:8443',
  ])
    it(`know ${host}`, () => assert.equal(hosts.accepts(host), true));
  for (const host of [
    '',
    'localhost:',
    'localhost:x',
    'localhost.',
    'xlocalhost',
    '127.0.0.1.example',
    '127.0.0.2',
    '[::2]',
    'code.example:1',
    'other.example',
    'a@localhost',
    'localhost/',
    'a b.localhost',
  ])
    it(`do not know «${host}»`, () => assert.equal(hosts.accepts(host), false));
  it('are the last list that was set', () => {
    const changing = new AcceptedHosts();
    changing.set(['a.example']);
    changing.set(['b.example']);
    assert.deepEqual([changing.accepts('a.example'), changing.accepts('b.example')], [false, true]);
    assert.equal(changing.accepts(undefined), false);
  });
});

describe('the contract of the gateway', () => {
  it('has the same names on both sides', () => {
    assert.deepEqual([gatewayHeader, gatewayPath, previewMark], [GATEWAY_HEADER, GATEWAY_PATH, PREVIEW_MARK]);
  });

  it('has orders that are checked', () => {
    const upstream = { port: 1, sentence: 's', label: 'l' };
    for (const order of [
      { type: 'serve', id: 'a', port: 2, upstream },
      { type: 'upstream', id: 'a', upstream },
      { type: 'hosts', hosts: ['a'] },
      { type: 'close', id: 'a' },
    ])
      assert.deepEqual(parseOrder(JSON.stringify(order)), order);
    for (const order of [
      null,
      { type: 'serve', id: 'a', port: 0, upstream },
      { type: 'serve', id: 'a b', upstream },
      { type: 'serve', id: 'a', upstream: { ...upstream, port: 70_000 } },
      { type: 'upstream', id: 'a' },
      { type: 'hosts', hosts: 'a' },
      { type: 'close' },
    ])
      assert.throws(() => parseOrder(JSON.stringify(order)), /no order/, JSON.stringify(order));
  });
});
