import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { currentScope } from '../../src/sessions/scope';
import { ensureScopePaths, ensureStateFolder } from '../../src/sessions/stateFolder';
import { HostRig, isAlive, waitFor, watchSession } from './support/hostRig';
import { systemPorts } from '../../src/sessions/host/ports';
import { platformProcesses } from '../../src/sessions/host/platformProcesses';

const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const ports = systemPorts(process.platform);
const processes = platformProcesses(process.platform, quiet);

describe('the session host', function () {
  this.timeout(60_000);
  let rig: HostRig;
  beforeEach(async () => {
    rig = await HostRig.create();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.log(rig.hostLog(), rig.log.join('\n'));
    await rig.dispose();
  });

  const start = async (env: Record<string, string> = {}, origin: 'user' | 'auto' = 'user') => {
    const client = rig.client();
    const session = watchSession(client);
    const peer = await client.connect();
    await peer.call('start', { spec: rig.spec(env), env: { PATH: process.env['PATH'] ?? '' }, origin });
    return { client, session, peer };
  };
  const reaches = (session: { current: { state: string } | undefined }, state: string) =>
    waitFor(
      `the state ${state}`,
      () => session.current?.state === state,
      20_000,
      () => JSON.stringify(session),
    );

  it('starts a server and tells when it answers', async () => {
    const { session } = await start();
    await reaches(session, 'running');
    assert.deepEqual(session.states, ['starting', 'running']);
    const response = await fetch(`http://localhost:${rig.port}/`);
    assert.equal(await response.text(), `pid ${session.current?.listenerPid}\n`);
  });

  it('leaves no process and a free port after a stop, and no machine undoes it', async () => {
    const { session, peer } = await start({ STUB_DAEMON: '1' });
    await reaches(session, 'running');
    const cookieHolders = () => processes.findByEnvironment('STUB_DAEMON', '1');
    assert.ok((await cookieHolders()).length >= 3, 'npm, the server and its daemon');
    const after = await peer.call('stop', { sessionId: 'dev_server_web' });
    assert.equal(after.state, 'stopped');
    assert.deepEqual(await cookieHolders(), []);
    assert.equal(await ports.isFree(rig.port), true);
    const again = await peer.call('start', { spec: rig.spec(), env: {}, origin: 'auto' });
    assert.equal(again.state, 'stopped');
    assert.equal(again.desired, 'stopped');
  });

  it('shows a killed server at once, without waiting for the interval, and starts it again', async () => {
    const { session } = await start();
    await reaches(session, 'running');
    const pid = session.current?.listenerPid ?? 0;
    process.kill(pid, 'SIGKILL');
    await waitFor('the state to leave running', () => session.current?.state !== 'running', 1000);
    await reaches(session, 'running');
    assert.notEqual(session.current?.listenerPid, pid);
  });

  it('shows every client the same screen and takes typing from each', async () => {
    const { session, peer, client } = await start();
    await reaches(session, 'running');
    const other = rig.client();
    const otherPeer = await other.connect();
    const screens = [client, other].map((one) => {
      const screen = { text: '' };
      one.onOutput((chunk) => (screen.text = chunk.reset ? chunk.data : screen.text + chunk.data));
      return screen;
    });
    await peer.call('attach', { sessionId: 'dev_server_web', cols: 100, rows: 30 });
    await otherPeer.call('attach', { sessionId: 'dev_server_web', cols: 0, rows: 0 });
    await waitFor('the scrollback in both', () =>
      screens.every(({ text }) => text.includes(`listening on ${rig.port}`)),
    );
    otherPeer.notify('input', { sessionId: 'dev_server_web', data: 'hello\r' });
    await waitFor('the typing in both', () => screens.every(({ text }) => text.includes('heard "hello\\n"')));
  });

  it('probes on one interval, whatever the number of clients, and never twice at once', async () => {
    const { session, client } = await start();
    await reaches(session, 'running');
    const probesDuring = async (intervals: number) => {
      const seen: number[] = [];
      const subscription = client.onSession(({ lastProbe }) => {
        if (lastProbe && lastProbe.atMs !== seen.at(-1)) seen.push(lastProbe.atMs);
      });
      await waitFor(`${intervals} rounds of the interval`, () => seen.length >= intervals);
      subscription.dispose();
      const [first = 0] = seen;
      // A page of our own making: how many probes the app itself has seen between two of ours.
      return { rounds: seen.length, tookMs: (seen.at(-1) ?? 0) - first };
    };
    const requests = async () => Number(await (await fetch(`http://localhost:${rig.port}/count`)).text());
    const before = await requests();
    const alone = await probesDuring(5);
    const between = await requests();
    for (let n = 0; n < 9; n++) await rig.client().connect();
    const crowdBefore = await requests();
    const crowd = await probesDuring(5);
    const after = await requests();
    const perRound = [(between - before) / alone.rounds, (after - crowdBefore) / crowd.rounds];
    for (const rate of perRound) assert.ok(rate > 0.5 && rate <= 1.5, `probes a round: ${perRound.join()}`);
  });

  it('fault 30: starts all the same when a session record is garbage, and keeps the garbage aside', async () => {
    const { records } = ensureScopePaths(ensureStateFolder(process.env), currentScope());
    mkdirSync(records, { recursive: true });
    writeFileSync(path.join(records, 'dev_server_web.json'), '{"version":1,"id":"dev_server_web","spec":');
    writeFileSync(path.join(records, 'dev_server_mobile.json'), '');
    const { session } = await start();
    await reaches(session, 'running');
    assert.deepEqual(readdirSync(records).sort(), [
      'dev_server_mobile.json.bad',
      'dev_server_web.json',
      'dev_server_web.json.bad',
    ]);
  });

  it('runs from a copy of its own, which outlives the folder that it came from', async () => {
    const { session } = await start();
    await reaches(session, 'running');
    const host = rig.hostPid() ?? 0;
    const [, script = ''] = readFileSync(`/proc/${host}/cmdline`, 'utf8').split('\0');
    assert.ok(script.startsWith(path.join(rig.stateFolder, 'bin')), script);
    assert.equal(readlinkSync(`/proc/${host}/cwd`), '/');
    assert.equal(statSync(rig.stateFolder).mode & 0o777, 0o700);
    const folder = path.dirname(path.dirname(path.dirname(script)));
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      if (/token$|host\.(?:json|log|sock)$|records\//.test(name))
        assert.equal(statSync(path.join(folder, name)).mode & 0o077, 0, name);
  });

  it('fault 31: makes socket and token again when somebody deletes the state folder under it', async () => {
    const { session } = await start();
    await reaches(session, 'running');
    const host = rig.hostPid();
    const { folder } = ensureScopePaths(rig.stateFolder, currentScope());
    rmSync(folder, { recursive: true });
    await waitFor('the socket to be there again', () => rig.hostPid() === host, 15_000);
    const next = rig.client();
    const seen = watchSession(next);
    await next.connect();
    assert.equal(seen.current?.state, 'running');
    assert.equal(seen.current?.listenerPid, session.current?.listenerPid);
  });

  it('ends its servers when it is told to end, and forgets them only when that was for good', async () => {
    const { session, peer } = await start();
    await reaches(session, 'running');
    const { records } = ensureScopePaths(ensureStateFolder(process.env), currentScope());
    const server = session.current?.listenerPid ?? 0;
    const host = rig.hostPid() ?? 0;
    process.kill(host, 'SIGTERM');
    await waitFor('host and server to end', () => !isAlive(host) && !isAlive(server));
    assert.deepEqual(readdirSync(records), ['dev_server_web.json']);

    const next = await start();
    await reaches(next.session, 'running');
    const second = rig.hostPid() ?? 0;
    await next.peer.call('shutdown', {});
    await waitFor('the second host to end', () => !isAlive(second));
    assert.deepEqual(readdirSync(records), []);
    peer.dispose();
  });
});
