import assert from 'node:assert/strict';
import vm from 'node:vm';
import { patienceAfter, waitingPage } from '../../src/gateway/waitingPage';
import { PREVIEW_MARK } from '../../src/sessions/gatewayProtocol';
import { waitUntil } from '../contract/support/waitUntil';

interface State {
  readonly ready: boolean;
  readonly sentence: string;
}

/** Runs the page's script in a browser of a few words. `states` are the gateway's answers; undefined is none. */
function run(address: string, path: string, method: string, states: (State | undefined)[], patienceMs = 0) {
  const upstream = { port: undefined, sentence: 'first', label: 'Web' };
  const { html } = waitingPage('app', upstream, { path, method, patienceMs });
  const [, patience, script = ''] = /<script[^>]*data-patience="(\d+)"[^>]*>([^]*)<\/script>/.exec(html) ?? [];
  let now = 0;
  const seen = { asked: [] as string[], posted: [] as unknown[], went: [] as string[], said: { textContent: 'first' } };
  const url = new URL(address);
  vm.runInNewContext(script, {
    document: { currentScript: { dataset: { path, app: 'app', method, patience } }, querySelector: () => seen.said },
    location: {
      pathname: url.pathname,
      search: url.search,
      reload: () => seen.went.push('reload'),
      replace: (to: string) => seen.went.push(to),
    },
    window: {},
    parent: { postMessage: (message: unknown) => seen.posted.push(message) },
    performance: { now: () => now },
    setTimeout: (again: () => void, ms: number) => {
      now += ms;
      setImmediate(again);
    },
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

  it('stays longer the more often the server took a connection and gave no answer, up to five seconds', async () => {
    assert.deepEqual([0, 1, 2, 3, 4, 100].map(patienceAfter), [0, 1000, 2000, 4000, 5000, 5000]);
    for (const [hangUps, questions] of [
      [0, 1],
      [1, 2],
      [3, 8],
      [9, 10],
    ] as const) {
      const seen = run('http://localhost:1/', '/', 'GET', [{ ...ready, sentence: 'first' }], patienceAfter(hangUps));
      await waitUntil('it goes', () => seen.went.length > 0);
      assert.deepEqual([seen.asked.length, seen.went], [questions, ['reload']], `${hangUps} hang-ups`);
    }
  });

  it('stays no longer when the server went away in between, or something else is said of it', async () => {
    for (const news of [
      { ready: false, sentence: 'first' },
      { ready: true, sentence: 'other' },
    ]) {
      const then = { ready: true, sentence: news.sentence };
      const seen = run('http://localhost:1/', '/', 'GET', [news, then], 5000);
      await waitUntil('it goes', () => seen.went.length > 0);
      assert.ok(seen.asked.length <= 2, `${seen.asked.length} questions`);
    }
  });
});
