import assert from 'node:assert/strict';
import { mayHaveBody, movedRequest } from '../../src/gateway/browser/appRequest';

const address = 'http://localhost:8080/proxy/3100/about';
/** As a page's request is at the root of the origin. */
const asked = (init: RequestInit = {}) => new Request('http://localhost:8080/about', init);

describe('a request that the worker sends under the prefix', () => {
  it('keeps method, headers and the whole body of a server action', async () => {
    const request = asked({
      method: 'POST',
      headers: { 'next-action': 'abc', 'content-type': 'text/plain;charset=UTF-8', accept: 'text/x-component' },
      body: '[1]',
    });
    assert.ok(mayHaveBody(request.method));
    const moved = new Request(address, movedRequest(request, await request.blob()));
    assert.equal(moved.url, address);
    assert.equal(moved.method, 'POST');
    assert.equal(moved.headers.get('next-action'), 'abc');
    assert.equal(moved.headers.get('content-type'), 'text/plain;charset=UTF-8');
    assert.equal(moved.headers.get('accept'), 'text/x-component');
    assert.equal(await moved.text(), '[1]');
  });

  it('keeps the boundary of a form with files', async () => {
    const form = new FormData();
    form.set('file', new File(['text'], 'a.txt'));
    const request = asked({ method: 'POST', body: form });
    const moved = new Request(address, movedRequest(request, await request.blob()));
    assert.equal(moved.headers.get('content-type'), request.headers.get('content-type'));
    const file = (await moved.formData()).get('file');
    assert.ok(file instanceof File);
    assert.equal(file.name, 'a.txt');
    assert.equal(await file.text(), 'text');
  });

  it('has no body where there is none to be had', async () => {
    assert.ok(!mayHaveBody('GET'));
    assert.ok(!mayHaveBody('HEAD'));
    const request = asked({ method: 'DELETE' });
    assert.ok(!('body' in movedRequest(request, await request.blob())));
  });

  it('keeps credentials, redirects, cache, integrity, keepalive and the page it comes from', () => {
    const kept = {
      credentials: 'omit',
      redirect: 'manual',
      cache: 'no-store',
      integrity: 'sha256-abc',
      keepalive: true,
      referrerPolicy: 'no-referrer',
    } as const;
    const moved = movedRequest(asked(kept), undefined);
    for (const [name, value] of Object.entries(kept)) assert.equal(moved[name as keyof typeof kept], value);
  });

  it('ends with the request of the page', () => {
    const end = new AbortController();
    const moved = new Request(address, movedRequest(asked({ signal: end.signal }), undefined));
    end.abort();
    assert.ok(moved.signal.aborted);
  });

  const modes: readonly (readonly [why: string, init: RequestInit, mode: string])[] = [
    ['what a script asks for', { mode: 'cors' }, 'cors'],
    ['an image, which may redirect to another host', { mode: 'no-cors' }, 'no-cors'],
    ['a script with a checksum', { mode: 'no-cors', integrity: 'sha256-abc' }, 'cors'],
    ['only what is in the cache', { mode: 'same-origin', cache: 'only-if-cached' }, 'same-origin'],
  ];
  for (const [why, init, mode] of modes)
    it(`has the mode ${mode} for ${why}`, () => {
      assert.equal(movedRequest(asked(init), undefined).mode, mode);
    });

  it('keeps the range of a video, which no new request without CORS may have', () => {
    // Built by hand: a page's script can't make such a request either.
    const video = Object.create(asked({ mode: 'no-cors' }), {
      mode: { value: 'no-cors' },
      headers: { value: new Headers({ range: 'bytes=0-99' }) },
      ...Object.fromEntries(
        [
          'method',
          'cache',
          'credentials',
          'redirect',
          'referrer',
          'referrerPolicy',
          'integrity',
          'keepalive',
          'signal',
        ].map((name) => [name, { value: Reflect.get(asked(), name) as unknown }]),
      ),
    }) as Request;
    const moved = new Request(address, movedRequest(video, undefined));
    assert.equal(moved.mode, 'cors');
    assert.equal(moved.headers.get('range'), 'bytes=0-99');
  });
});
