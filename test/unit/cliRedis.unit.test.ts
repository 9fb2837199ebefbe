import assert from 'node:assert/strict';
import { HostClient } from '../../src/sessions/hostClient';
import type { HostConnection } from '../../src/sessions/hostConnection';
import { Emitter } from '../../src/sessions/event';
import { PROTOCOL_VERSION, type RedisSettings } from '../../src/sessions/protocol';
import type { Peer } from '../../src/sessions/rpcPeer';
import { quietLog } from '../contract/support/quietLog';
import { waitUntil } from '../contract/support/waitUntil';

describe('the Redis that a client names', () => {
  const redis = (url: string): RedisSettings => ({ url, required: false, sandboxId: 'box' });
  let named: RedisSettings | undefined;
  let calls: [method: string, params: unknown][];
  let knowsMethod: boolean;
  let close: Emitter<Error | undefined>;
  let log: ReturnType<typeof quietLog>;
  let client: HostClient;

  function aPeer(): Peer {
    const closed = new Emitter<Error | undefined>();
    close = closed;
    let isClosed = false;
    closed.event(() => (isClosed = true));
    const peer = {
      get isClosed() {
        return isClosed;
      },
      onDidClose: closed.event,
      handle: () => undefined,
      listen: () => undefined,
      call: (method: string, params: unknown) => {
        calls.push([method, params]);
        return method === 'useRedis' && !knowsMethod
          ? Promise.reject(new Error('Method not found'))
          : Promise.resolve(null);
      },
      notify: () => undefined,
      close: () => undefined,
      dispose: () => undefined,
    };
    return peer;
  }

  function make(of: { readonly redis?: () => RedisSettings | undefined; readonly keepsHostSettings?: boolean }) {
    const connect = (): Promise<HostConnection> =>
      Promise.resolve({
        peer: aPeer(),
        hello: { protocol: PROTOCOL_VERSION, version: '0.0.0', hostPid: 4711, sessions: [] },
      });
    client = new HostClient({
      kind: 'window',
      version: '0.0.0',
      hostSettings: () => ({ healthIntervalMs: 15_000, lastClient: 'keep', graceMs: 60_000 }),
      apps: () => [],
      mayLaunch: () => true,
      link: { tryConnect: connect, launch: connect },
      log,
      ...of,
    });
  }

  beforeEach(() => {
    named = undefined;
    calls = [];
    knowsMethod = true;
    log = quietLog();
  });
  afterEach(() => client.dispose());

  const told = () =>
    calls.filter(([method]) => method === 'useRedis').map(([, params]) => (params as { redis: unknown }).redis);

  it('is told after the join, before anybody hears of the join and starts something', async () => {
    named = redis('redis://a');
    make({ redis: () => named });
    let before: number | undefined;
    client.onDidJoin(() => (before = told().length));
    await client.connect();
    assert.deepEqual([told(), before], [[named], 1]);
  });

  it('is not spoken of by a client that has no say', async () => {
    make({ redis: () => undefined });
    await client.connect();
    client.redisChanged();
    assert.deepEqual(told(), []);
    client.dispose();
    make({});
    await client.connect();
    client.redisChanged();
    assert.deepEqual(told(), []);
  });

  it('is told again only when it is another, and that there is none once there was one', async () => {
    make({ redis: () => named });
    await client.connect();
    named = redis('redis://a');
    client.redisChanged();
    client.redisChanged();
    named = redis('redis://b');
    client.redisChanged();
    named = undefined;
    client.redisChanged();
    client.redisChanged();
    assert.deepEqual(told(), [redis('redis://a'), redis('redis://b'), null]);
  });

  it('is told to the next host, too', async () => {
    named = redis('redis://a');
    make({ redis: () => named });
    await client.connect();
    close.fire(undefined);
    await waitUntil('the next host', () => client.peer !== undefined);
    assert.deepEqual(told(), [named, named]);
  });

  it('costs a warning without the address where the host does not know of it', async () => {
    knowsMethod = false;
    named = redis('redis://:secret@a');
    make({ redis: () => named });
    await client.connect();
    await waitUntil('the warning', () => log.lines.some((line) => line.includes('Redis not taken')));
    assert.ok(!log.lines.join('\n').includes('secret'));
    assert.equal(client.state.kind, 'connected');
  });

  it('leaves the settings of the host alone where the client only passes by', async () => {
    make({ keepsHostSettings: true });
    await client.connect();
    assert.equal(calls.length, 0);
    client.dispose();
    make({});
    await client.connect();
    assert.deepEqual(
      calls.map(([method]) => method),
      ['configure'],
    );
  });
});
