import assert from 'node:assert/strict';
import { HostClient, type HostClientOptions } from '../../src/sessions/hostClient';
import type { HostConnection } from '../../src/sessions/hostConnection';
import { Emitter } from '../../src/sessions/event';
import { lonelyRedisSentence, redisNotTakenSentence } from '../../src/cli/redisNotes';
import { PROTOCOL_VERSION, type RedisSettings } from '../../src/sessions/protocol';
import type { Peer } from '../../src/sessions/rpcPeer';
import type { Settings } from '../../src/sessions/settings';
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

  function make(of: Partial<Pick<HostClientOptions, 'redis' | 'onRedisRefused' | 'keepsHostSettings'>>) {
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
    const refused: RedisSettings[] = [];
    make({ redis: () => named, onRedisRefused: (settings) => refused.push(settings) });
    await client.connect();
    await waitUntil('the warning', () => log.lines.some((line) => line.includes('Redis not taken')));
    assert.ok(!log.lines.join('\n').includes('secret'));
    assert.deepEqual([client.state.kind, refused], ['connected', [named]]);
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

describe('what the command line says of a Redis that has no effect', () => {
  it('names the variables that are alone, and none beside an address', () => {
    const of = (env: Readonly<Record<string, string>>, redis?: Settings['redis']) =>
      lonelyRedisSentence({ redis }, env);
    assert.equal(of({}), undefined);
    assert.equal(of({ CHEATCODE_REDIS_REQUIRED: '0', CHEATCODE_REDIS_CA_FILE: ' ' }), undefined);
    assert.equal(of({ CHEATCODE_REDIS_REQUIRED: 'false' }), undefined);
    assert.match(of({ CHEATCODE_REDIS_REQUIRED: 'true' }) ?? '', /^CHEATCODE_REDIS_REQUIRED has no effect: it /);
    assert.match(of({ CHEATCODE_REDIS_REQUIRED: '1' }) ?? '', /^CHEATCODE_REDIS_REQUIRED has no effect: it /);
    assert.match(
      of({ CHEATCODE_REDIS_REQUIRED: '1', CHEATCODE_REDIS_CA_FILE: '/ca.pem' }) ?? '',
      /^CHEATCODE_REDIS_REQUIRED and CHEATCODE_REDIS_CA_FILE have no effect: they /,
    );
    const redis = { url: 'redis://r', required: true, caFile: undefined };
    assert.equal(of({ CHEATCODE_REDIS_REQUIRED: '1' }, redis), undefined);
  });

  it('shows host and database of an address that was not taken, and no secret', () => {
    const said = redisNotTakenSentence('rediss://me:secret@r.example:6380/3');
    assert.match(said, /CHEATCODE_REDIS_URL \(r\.example:6380, database 3\)/);
    assert.doesNotMatch(said, /secret|\bme\b/);
    assert.match(redisNotTakenSentence('redis:secret'), /\(an address that can not be read\)/);
  });
});
