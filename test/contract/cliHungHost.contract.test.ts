import assert from 'node:assert/strict';
import { readProcStat } from '../../src/sessions/procFiles';
import { listenersOf } from '../hosts/proc.mjs';
import { CliRig } from './support/cliRig';
import { isAlive, waitFor } from './support/hostRig';
import { markedPids, STUB_SERVER } from './support/marked';

/** Between two looks of the witness, in milliseconds. */
const LOOK_MS = 15;

describe('the command line where the session host hangs', function () {
  this.timeout(120_000);
  let rig: CliRig;
  /** Suspended by the test; each goes on at its end, or the rig could not end it. */
  const suspended: number[] = [];
  let isOver: boolean;

  beforeEach(async () => {
    isOver = false;
    rig = await CliRig.create();
  });
  afterEach(async function () {
    isOver = true;
    if (this.currentTest?.state === 'failed') console.log(rig.host.hostLog());
    for (const pid of suspended.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGCONT');
    await rig.dispose();
  });

  const serverPids = () => markedPids('STUB_RIG', rig.host.stateFolder, STUB_SERVER);
  const listening = async () => [...new Set((await listenersOf(rig.host.port)).map(({ pid }) => pid))];
  /** Watches from outside; the result ends it and says how many servers there were at once. */
  const witness = () => {
    let peak = 0;
    const watching = (async () => {
      while (!isOver) {
        peak = Math.max(peak, (await serverPids()).length);
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    })();
    return async () => {
      isOver = true;
      await watching;
      return peak;
    };
  };

  /** A running server, and its host suspended. */
  async function hang() {
    const { app, exitCode } = await rig.json(['ensure']);
    assert.equal(exitCode, 0);
    const server = app.pid ?? 0;
    const host = rig.host.hostPid() ?? 0;
    assert.ok(isAlive(server) && isAlive(host));
    process.kill(host, 'SIGSTOP');
    suspended.push(host);
    await waitFor('it is suspended', () => readProcStat(host)?.state === 'T');
    return { host, server };
  }

  it('fault 11: names the way out, and takes it for nobody', async () => {
    const { host, server } = await hang();
    const { exitCode, document } = await rig.json(['ensure']);
    assert.deepEqual([exitCode, document.error?.code], [5, 'hostHangs']);
    assert.match(document.error?.message ?? '', new RegExp(`pid ${host}\\b.*--replace-host`));
    const doctor = await rig.run(['doctor']);
    assert.equal(doctor.exitCode, 1);
    assert.match(doctor.stdout, /fail {2}The session host \(pid \d+\) does not answer[^]*--replace-host/);
    assert.deepEqual([await rig.host.hostPids(), await serverPids()], [[host], [server]]);
    process.kill(host, 'SIGCONT');
    const again = await rig.json(['ensure', '--replace-host']);
    assert.deepEqual([again.exitCode, again.app.pid, again.stderr], [0, server, ''], 'a host that answers stays');
    assert.deepEqual(await rig.host.hostPids(), [host]);
  });

  it('fault 11: ensures one server under one new host on the flag’s word', async () => {
    const { host, server } = await hang();
    const peak = witness();
    const { exitCode, app, stderr } = await rig.json(['ensure', '--replace-host']);
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, new RegExp(`^cheatcode-dev: The session host \\(pid ${host}\\) does not answer\\..*$`));
    assert.deepEqual([isAlive(host), isAlive(server)], [false, false]);
    assert.equal(app.state, 'running');
    const [newHost, ...moreHosts] = await rig.host.hostPids();
    assert.ok(newHost !== undefined && newHost !== host);
    assert.deepEqual([moreHosts, await serverPids(), await listening()], [[], [app.pid], [app.pid]]);
    assert.equal(await peak(), 1);
  });

  it('fault 11: is told by two at once, and makes one host and one server', async () => {
    const { host, server } = await hang();
    const peak = witness();
    const both = await Promise.all([rig.json(['ensure', '--replace-host']), rig.json(['restart', '--replace-host'])]);
    assert.deepEqual(
      both.map(({ exitCode }) => exitCode),
      [0, 0],
      both.map(({ stderr }) => stderr).join('\n'),
    );
    assert.deepEqual([isAlive(host), isAlive(server)], [false, false]);
    assert.equal((await rig.host.hostPids()).length, 1);
    const left = await serverPids();
    assert.equal(left.length, 1);
    assert.deepEqual(await listening(), left);
    assert.equal(await peak(), 1);
  });

  it('fault 11: stops the server for good, and starts none', async () => {
    const { host, server } = await hang();
    const { exitCode, app } = await rig.json(['stop', '--replace-host']);
    assert.deepEqual([exitCode, app.state, app.desired], [0, 'stopped', 'stopped']);
    assert.deepEqual([isAlive(host), isAlive(server), await serverPids(), await listening()], [false, false, [], []]);
    const hosts = await rig.host.hostPids();
    assert.equal(hosts.length, 1);
    assert.equal((await rig.run(['status'])).exitCode, 3);
    assert.deepEqual(await rig.host.hostPids(), hosts);
  });

  it('fault 11: ends the host with all that it ran, and leaves none', async () => {
    const { host, server } = await hang();
    assert.equal((await rig.run(['shutdown', '--replace-host'])).exitCode, 0);
    await waitFor('the hosts to end', async () => (await rig.host.hostPids()).length === 0);
    assert.deepEqual([isAlive(host), isAlive(server), await listening()], [false, false, []]);
  });

  it('replaces nothing where none runs', async () => {
    assert.equal((await rig.run(['stop', '--replace-host'])).exitCode, 0);
    assert.equal((await rig.run(['shutdown', '--replace-host'])).exitCode, 3);
    assert.deepEqual(await rig.host.hostPids(), []);
  });
});
