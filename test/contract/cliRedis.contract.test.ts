import assert from 'node:assert/strict';
import { RedisServer } from '../support/redisServer';
import { CliRig } from './support/cliRig';
import { freePort, waitFor } from './support/hostRig';

describe('the Redis of a command where a session host runs already', function () {
  this.timeout(90_000);
  let rig: CliRig;
  const servers: RedisServer[] = [];
  beforeEach(async () => {
    rig = await CliRig.create();
  });
  afterEach(async () => {
    await rig.dispose();
    for (const redis of servers.splice(0)) await redis.stop();
  });
  const redis = async (password?: string) => {
    const server = await RedisServer.start(password === undefined ? {} : { password });
    servers.push(server);
    return server;
  };
  const entries = (server: RedisServer) => server.run('KEYS', 'dev_server_session:*');

  it('is the one that the host uses from then on: the last word counts', async () => {
    const [first, second] = [await redis(), await redis('secret')];
    const env = (server: RedisServer) => ({ CHEATCODE_REDIS_URL: server.url, CHEATCODE_SANDBOX_ID: 'box' });
    assert.equal((await rig.run(['ensure'], env(first))).exitCode, 0);
    await waitFor('the entry', async () => (await entries(first)) === 'dev_server_session:box:web');
    const again = await rig.run(['ensure'], env(second));
    assert.deepEqual([again.exitCode, again.stderr], [0, '']);
    await waitFor('the other entry', async () => (await entries(second)) === 'dev_server_session:box:web');
    await waitFor('the first one to go', async () => (await entries(first)) === '');
    // Who names none changes nothing, and a look has no say.
    assert.equal((await rig.run(['ensure'])).exitCode, 0);
    assert.equal((await rig.run(['status'], env(first))).exitCode, 0);
    assert.deepEqual([await entries(first), await entries(second)], ['', 'dev_server_session:box:web']);
  });

  it('is missed aloud where only its companions are set, and where it can not be used', async () => {
    const alone = await rig.json(['ensure'], { CHEATCODE_REDIS_REQUIRED: '1' });
    assert.equal(alone.exitCode, 0);
    assert.match(alone.stderr, /^cheatcode-dev: CHEATCODE_REDIS_REQUIRED has no effect: [^\n]+$/);
    assert.equal((await rig.run(['status'], { CHEATCODE_REDIS_REQUIRED: '1' })).stderr, '', 'a look has no say anyway');
    const url = `redis://:secret@127.0.0.1:${await freePort()}/3`;
    const nameless = await rig.json(['restart'], { CHEATCODE_REDIS_URL: url, CHEATCODE_SANDBOX_ID: '' });
    assert.equal(nameless.exitCode, 0);
    assert.match(nameless.stderr, /^cheatcode-dev: Redis is set, but no sandbox id: [^\n]+$/);
    const away = await rig.json(['restart'], { CHEATCODE_REDIS_URL: url, CHEATCODE_SANDBOX_ID: 'box' });
    assert.equal(away.exitCode, 0);
    assert.match(away.stderr, /^cheatcode-dev: Redis does not answer[^\n]+$/);
    for (const { stderr, document } of [nameless, away])
      assert.doesNotMatch(stderr + JSON.stringify(document), /secret/);
  });
});
