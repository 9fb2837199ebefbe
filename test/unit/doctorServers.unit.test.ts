import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { orphanCheck, secondServerCheck } from '../../src/sessions/doctorServers';
import { systemDoctorPorts } from '../../src/sessions/doctorSystem';
import type { SeenProcess } from '../../src/sessions/doctorPorts';
import { anApp, aSession } from './samples';
import { aContext, aPatient, aProcess, fixTitles, said } from './support/doctorFakes';
import { tempFolders } from './support/tempFolders';
import { skipBecause } from '../support/skip';

const init = aProcess({ pid: 1, ppid: 0, pgid: 1, sid: 1, command: '/sbin/init' });
/** As a terminal of ours runs it: host, package manager, shell, `next dev`, `next-server`. */
const ours: readonly SeenProcess[] = [
  init,
  aProcess({ pid: 10, command: 'node host.js' }),
  aProcess({ pid: 20, ppid: 10, command: 'pnpm run dev' }),
  aProcess({ pid: 21, ppid: 20, pgid: 20, sid: 20, command: 'sh -c next dev' }),
  aProcess({ pid: 22, ppid: 21, pgid: 20, sid: 20, command: 'node /w/node_modules/.bin/next dev' }),
  aProcess({ pid: 23, ppid: 22, pgid: 20, sid: 20 }),
];
const orphan = aProcess({ pid: 33, ppid: 1, pgid: 30, sid: 30 });
const context = (processes: readonly SeenProcess[]) =>
  aContext({ ports: { processes: () => Promise.resolve(processes) } });

describe('the doctor on orphaned servers', () => {
  it('finds one whose parent and group’s leader have ended, and names it', async () => {
    const found = await orphanCheck(context([init, orphan]), aPatient(anApp()));
    assert.deepEqual(said(found), [
      'warn: A server of Web was left behind by whatever started it: pid 33 (next-server (v16.2.0)).',
    ]);
    assert.match(found[0]?.help ?? '', /`kill 33`/);
    assert.deepEqual(fixTitles(found), ['Take It Over']);
  });

  it('leads to the question of what is adopted, of a second server, or of what has the port', async () => {
    const of = async (session: ReturnType<typeof aSession>) =>
      fixTitles(await orphanCheck(context([init, orphan]), aPatient(anApp(), { session })));
    assert.deepEqual(await of(aSession({ adopted: true, listenerPid: 33 })), ['Restart in a Cheatcode Terminal…']);
    const second = { port: 3001, pid: 33, command: 'next-server' };
    assert.deepEqual(await of(aSession({ secondServers: [second] })), ['Stop the Other…']);
    const blocked = aSession({ state: 'blocked', reason: { code: 'portTaken', facts: { pid: 33 } } });
    assert.deepEqual(await of(blocked), ['Stop the Other…']);
  });

  it('is content with our own server, a service, what a container starts, and servers of other folders', async () => {
    assert.deepEqual(said(await orphanCheck(context(ours), aPatient(anApp()))), ['ok']);
    const service = aProcess({ pid: 40, ppid: 1 });
    const ofContainer = aProcess({ pid: 41, ppid: 1, pgid: 1, sid: 1 });
    assert.deepEqual(said(await orphanCheck(context([init, service, ofContainer]), aPatient(anApp()))), ['ok']);
    const elsewhere = aContext({
      ports: { processes: () => Promise.resolve([init, orphan]), runsIn: () => Promise.resolve(false) },
    });
    assert.deepEqual(said(await orphanCheck(elsewhere, aPatient(anApp()))), ['ok']);
  });

  it('says nothing where processes can’t be seen', async () => {
    const hidden = aContext({ ports: { processes: () => Promise.resolve(undefined) } });
    assert.deepEqual(await orphanCheck(hidden, aPatient(anApp())), []);
  });

  const makeFolder = tempFolders();

  it('finds a real one', async function () {
    if (process.platform !== 'linux') return skipBecause(this, 'processes are read from /proc, which only Linux has');
    this.timeout(20_000);
    const folder = makeFolder();
    const script = `process.title = 'next-server (v16.9.9)'; require('fs').writeFileSync('ready', String(process.pid)); setTimeout(() => {}, 60000)`;
    // The shell leads a group and a session of its own, and ends at once.
    const shell = spawn(
      'sh',
      [
        '-c',
        `"$0" -e "$1" >/dev/null 2>&1 </dev/null & while [ ! -s ready ]; do sleep 0.05; done`,
        process.execPath,
        script,
      ],
      {
        cwd: folder,
        detached: true,
        stdio: 'ignore',
      },
    );
    await new Promise((resolve) => shell.once('exit', resolve));
    const pid = Number(readFileSync(path.join(folder, 'ready'), 'utf8'));
    try {
      const system = systemDoctorPorts(() => Promise.resolve(undefined));
      const real = aContext({ ports: system });
      const seen = (await system.processes())?.find((one) => one.pid === pid);
      if (seen?.ppid !== 1) skipBecause(this, 'something here takes in processes before process 1 does');
      const found = await orphanCheck(real, aPatient(anApp({ folder })));
      assert.match(said(found).join(), new RegExp(`^warn: .*pid ${pid} \\(next-server`));
      assert.deepEqual(said(await orphanCheck(real, aPatient(anApp({ folder: makeFolder() })))), ['ok']);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });
});

describe('the doctor on second servers', () => {
  it('finds what the session host has found beside the one that runs', async () => {
    const session = aSession({ secondServers: [{ port: 3001, pid: 9, command: 'next-server' }] });
    const found = await secondServerCheck(context(ours), aPatient(anApp(), { session }));
    assert.match(said(found).join(), /^warn: A second dev server of Web runs on port 3001 \(pid 9/);
    assert.deepEqual(fixTitles(found), ['Stop the Other…']);
  });

  it('finds two beside each other where no session knows of either', async () => {
    const found = await secondServerCheck(context([...ours, orphan]), aPatient(anApp()));
    assert.match(said(found).join(), /^warn: 2 servers of Web run beside each other: pid 22 .*; pid 33 /);
    assert.deepEqual(fixTitles(found), ['Use One of Them']);
  });

  it('is content with one, and counts its processes once', async () => {
    assert.deepEqual(said(await secondServerCheck(context(ours), aPatient(anApp()))), ['ok']);
    assert.deepEqual(said(await secondServerCheck(context(ours), aPatient(anApp(), { session: aSession() }))), ['ok']);
    assert.deepEqual(said(await secondServerCheck(context([init]), aPatient(anApp()))), ['ok']);
  });
});
