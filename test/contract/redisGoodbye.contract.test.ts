import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../hosts/ports.mjs';
import { RedisServer } from '../support/redisServer';
import { repoRoot } from './support/hostRig';

/** Connects, asks, freezes what it is told to, asks again, disposes, and says how long the process lived on after that. */
const program = `
const { connectRedis } = require(process.argv[1]);
const redis = connectRedis({ url: process.argv[2], required: false, sandboxId: 'box' });
const ask = () => redis.call('PING', [], 500).catch(({ kind }) => kind);
(async () => {
  const first = await ask();
  if (process.argv[3]) process.kill(Number(process.argv[3]), 'SIGSTOP');
  const second = await ask();
  const from = performance.now();
  redis.dispose();
  process.once('exit', () => console.log(JSON.stringify({ first, second, ms: performance.now() - from })));
})();`;

/** Far below the 2 s that ioredis waits by default, and long for a machine with much to do. */
const LIMIT_MS = 1000;

describe('a process that is done with Redis ends at once', function () {
  this.timeout(30_000);
  let redis: RedisServer | undefined;
  afterEach(() => redis?.stop());

  async function lifeAfter(url: string, toFreeze?: number) {
    const module = path.join(repoRoot, 'out/testHost/redis.js');
    const args = ['-e', program, module, url, ...(toFreeze === undefined ? [] : [String(toFreeze)])];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    return JSON.parse(stdout) as { readonly first: string; readonly second: string; readonly ms: number };
  }

  it('when Redis is well', async () => {
    redis = await RedisServer.start();
    const { second, ms } = await lifeAfter(redis.url);
    assert.equal(second, 'PONG');
    assert.ok(ms < LIMIT_MS, `${ms} ms`);
  });

  it('when Redis is frozen', async () => {
    redis = await RedisServer.start();
    const { first, second, ms } = await lifeAfter(redis.url, redis.pid);
    assert.deepEqual([first, second], ['PONG', 'unknown']);
    assert.ok(ms < LIMIT_MS, `${ms} ms`);
  });

  it('when there is no Redis', async () => {
    const { second, ms } = await lifeAfter(`redis://127.0.0.1:${await freePort()}`);
    assert.equal(second, 'unavailable');
    assert.ok(ms < LIMIT_MS, `${ms} ms`);
  });
});
