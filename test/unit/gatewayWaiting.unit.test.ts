import assert from 'node:assert/strict';
import vm from 'node:vm';
import { waitingPage } from '../../src/gateway/waitingPage';
import { PREVIEW_MARK } from '../../src/sessions/gatewayProtocol';
import { waitUntil } from '../contract/support/waitUntil';

interface State {
  readonly ready: boolean;
  readonly sentence: string;
}

/** Runs the page's script in a browser of a few words. `states` are the gateway's answers; undefined is none. */
function run(address: string, path: string, method: string, states: (State | undefined)[]) {
  const { html } = waitingPage('app', { port: undefined, sentence: 'first', label: 'Web' }, path, method);
  const script = /<script[^>]*>([^]*)<\/script>/.exec(html)?.[1] ?? '';
  const seen = { asked: [] as string[], posted: [] as unknown[], went: [] as string[], said: { textContent: 'first' } };
  const url = new URL(address);
  vm.runInNewContext(script, {
    document: { currentScript: { dataset: { path, app: 'app', method } }, querySelector: () => seen.said },
    location: {
      pathname: url.pathname,
      search: url.search,
      reload: () => seen.went.push('reload'),
      replace: (to: string) => seen.went.push(to),
    },
    window: {},
    parent: { postMessage: (message: unknown) => seen.posted.push(message) },
    setTimeout: (again: () => void) => setImmediate(again),
    fetch: (asked: string) => {
      seen.asked.push(asked);
      const state = states.length > 1 ? states.shift() : states[0];
      return state ? Promise.resolve({ json: () => Promise.resolve(state) }) : Promise.reject(new Error('gone'));
    },
  });
  return seen;
}

describe('the waiting page', () => {
  const ready = { ready: true, sentence: 'x' };

  it('asks under the prefix that it lies under, and becomes the app when it is ready', async () => {
    for (const [address, path, asked] of [
      ['http://localhost:1/a/b?c', '/a/b?c', '/__cheatcode/state'],
      ['https://code.example/base/proxy/3100/a/b?c', '/a/b?c', '/base/proxy/3100/__cheatcode/state'],
      ['https://code.example/proxy/3100/', '/', '/proxy/3100/__cheatcode/state'],
      ['https://code.example/proxy/3100', '/', '/proxy/3100/__cheatcode/state'],
    ] as const) {
      const seen = run(address, path, 'GET', [ready]);
      await waitUntil('it goes', () => seen.went.length > 0);
      assert.deepEqual([seen.asked, seen.went], [[asked], ['reload']], address);
    }
  });

  it('sends no form twice', async () => {
    const seen = run('https://code.example/proxy/1/form?x', '/form?x', 'POST', [ready]);
    await waitUntil('it goes', () => seen.went.length > 0);
    assert.deepEqual(seen.went, ['/proxy/1/form?x']);
  });

  it('goes on asking while there is no answer, and says what it waits for, here and to whoever frames it', async () => {
    const seen = run('http://localhost:1/', '/', 'GET', [undefined, { ready: false, sentence: 'second' }, ready]);
    await waitUntil('it goes', () => seen.went.length > 0);
    assert.deepEqual([seen.asked.length, seen.said.textContent], [3, 'second']);
    const message = (detail: string) => ({ mark: PREVIEW_MARK, type: 'liveness', state: 'loading', detail });
    // Out of another realm.
    assert.deepEqual(JSON.parse(JSON.stringify(seen.posted)), [message('first'), message('second')]);
  });
});
