import assert from 'node:assert/strict';
import os from 'node:os';
import { statfs } from 'node:fs/promises';
import { diskCheck, initCheck, memoryCheck, networkDiskCheck, proxyCheck } from '../../src/sessions/doctorMachine';
import {
  controlGroup,
  freeMemory,
  ignoresChildren,
  mountKindOf,
  systemDoctorPorts,
} from '../../src/sessions/doctorSystem';
import { networkDiskName } from '../../src/sessions/networkDisks';
import { anApp } from './samples';
import { aContext, aProcess, plainSettings, said } from './support/doctorFakes';
import { tempFolders } from './support/tempFolders';
import { skipBecause, skipOnWindows } from '../support/skip';

const MB = 1024 * 1024;
const system = systemDoctorPorts(() => Promise.resolve(undefined));

describe('the doctor on process 1', () => {
  const first = (name: string, ignores = false) => ({
    firstProcess: () => Promise.resolve({ name, command: name, ignoresChildren: ignores }),
  });

  it('finds one that is a Node or a sleep, which reap nothing', async () => {
    for (const name of ['node', 'sleep', 'tail'])
      assert.deepEqual(said(await initCheck(aContext({ ports: first(name) }))), [
        `warn: Process 1 is ${name}, which does not clear away ended processes.`,
      ]);
  });

  it('finds zombies that it has left, whatever it is', async () => {
    const processes = () =>
      Promise.resolve([
        aProcess({ pid: 1, ppid: 0 }),
        aProcess({ pid: 7, isZombie: true }),
        aProcess({ pid: 8, ppid: 4, isZombie: true }),
      ]);
    assert.deepEqual(said(await initCheck(aContext({ ports: { ...first('tini'), processes } }))), [
      'warn: Process 1 (tini) does not clear away ended processes: 1 are left.',
    ]);
  });

  it('is content with an init, a shell, or one that has the system reap, and with a zombie that is gone a moment later', async () => {
    for (const name of ['systemd', 'tini', 'dumb-init', 'bash'])
      assert.deepEqual(said(await initCheck(aContext({ ports: first(name) }))), ['ok'], name);
    assert.deepEqual(said(await initCheck(aContext({ ports: first('node', true) }))), ['ok']);
    let looks = 0;
    const processes = () => Promise.resolve(looks++ === 0 ? [aProcess({ pid: 7, isZombie: true })] : []);
    assert.deepEqual(said(await initCheck(aContext({ ports: { ...first('tini'), processes } }))), ['ok']);
  });

  it('says nothing of a program that nobody knows, and where process 1 is hidden', async () => {
    assert.deepEqual(await initCheck(aContext({ ports: first('supervisor-of-mine') })), []);
    assert.deepEqual(await initCheck(aContext({ ports: { firstProcess: () => Promise.resolve(undefined) } })), []);
  });

  it('reads from the mask whether SIGCHLD is ignored', () => {
    assert.equal(ignoresChildren('Name:\tx\nSigIgn:\t0000000000010000\n'), true);
    assert.equal(ignoresChildren('Name:\tx\nSigIgn:\t0000000000001000\n'), false);
  });

  it('knows the real process 1', async function () {
    if (process.platform !== 'linux') return skipBecause(this, 'it is read from /proc');
    const found = await system.firstProcess();
    assert.ok(found && found.name !== '', JSON.stringify(found));
  });
});

describe('the doctor on the disk of the state folder', () => {
  const on = (type: number, mountKind?: string) =>
    networkDiskCheck(
      aContext({
        stateFolder: '/home/ann/.cheatcode/run',
        ports: {
          disk: () => Promise.resolve({ device: '1', type, freeBytes: 1, freeFiles: 1 }),
          mountKind: () => Promise.resolve(mountKind),
        },
      }),
    );

  it('finds NFS, SMB, CIFS and 9P by the numbers of the kernel, and network mounts served by FUSE by their names', async () => {
    for (const [type, name] of [
      [0x6969, 'NFS'],
      [0x517b, 'SMB'],
      [0xff534d42, 'CIFS'],
      [0xff534d42 | 0, 'CIFS'],
      [0x01021997, '9P'],
    ] as const)
      assert.deepEqual(said(await on(type)), [
        `warn: The state folder /home/ann/.cheatcode/run is on a network file system (${name}).`,
      ]);
    assert.match(said(await on(0x65735546, 'fuse.sshfs')).join(), /^warn: .*\(fuse\.sshfs\)\.$/);
  });

  it('is content with ext4, overlay, tmpfs, btrfs, and with what FUSE serves from here', async () => {
    for (const type of [0xef53, 0x794c7630, 0x01021994, 0x9123683e]) assert.deepEqual(said(await on(type)), ['ok']);
    assert.deepEqual(said(await on(0x65735546, 'fuse.fuse-overlayfs')), ['ok']);
    assert.deepEqual(said(await on(0x65735546)), ['ok']);
  });

  it('says nothing on other platforms, and where the folder is not known', async () => {
    assert.deepEqual(await networkDiskCheck(aContext({ stateFolder: '/s', ports: { platform: 'darwin' } })), []);
    assert.deepEqual(await networkDiskCheck(aContext()), []);
  });

  it('reads the name of a mount from the list of them, the innermost and last', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const folder = makeFolder();
    const list = [
      '22 1 0:20 / / rw - ext4 /dev/a rw',
      `30 22 0:30 / ${folder} rw,relatime shared:1 - fuse.sshfs ann@host: rw`,
      '31 22 0:31 / /elsewhere rw - nfs4 host:/x rw',
    ].join('\n');
    assert.equal(await mountKindOf(`${folder}/not/there/yet`, list), 'fuse.sshfs');
    assert.equal(await mountKindOf('/', list), 'ext4');
  });
  const makeFolder = tempFolders();

  it('takes the disks of this machine for what they are', async function () {
    if (process.platform !== 'linux') return skipBecause(this, 'it is read from /proc');
    assert.equal((await statfs('/proc')).type, 0x9fa0, 'the numbers are those of statfs(2)');
    assert.equal(networkDiskName((await statfs('/proc')).type, await system.mountKind('/proc')), undefined);
    assert.equal(await system.mountKind('/proc'), 'proc');
    const disk = await system.disk(os.tmpdir());
    assert.ok(disk && disk.freeBytes > 0);
    assert.deepEqual(await system.disk(`${os.tmpdir()}/not/there/yet`).then((one) => one?.device), disk.device);
  });
});

describe('the doctor on how a code-server is reached', () => {
  const apps = [anApp()];
  const inCodeServer = (external: string, of: Parameters<typeof aContext>[0] = {}) =>
    proxyCheck(
      aContext({ editor: { isCodeServer: true, asExternalUrl: () => Promise.resolve(external) }, ...of }),
      apps,
    );

  it('finds one that names no address', async () => {
    const found = await inCodeServer('http://localhost:3000/');
    assert.match(said(found).join(), /^warn: This code-server names no address/);
    assert.deepEqual(
      found[0]?.fixes?.map(({ change }) => change),
      [{ kind: 'openSetting', setting: 'cheatcode.web.previewUrl' }],
    );
  });

  it('is content with VSCODE_PROXY_URI, with an address of the settings, and with a proxy of its own', async () => {
    assert.deepEqual(
      said(await inCodeServer('http://localhost:3000/', { env: { VSCODE_PROXY_URI: './proxy/{{port}}' } })),
      ['ok'],
    );
    assert.deepEqual(said(await inCodeServer('https://box.example.com/proxy/3000/')), ['ok']);
    const settings = { ...plainSettings, web: { ...plainSettings.web, previewUrl: 'https://{{port}}.example.com/' } };
    assert.deepEqual(said(await inCodeServer('http://localhost:3000/', { settings })), ['ok']);
  });

  it('says nothing in another editor, and where there is no app', async () => {
    const editor = { isCodeServer: false, asExternalUrl: undefined };
    assert.deepEqual(await proxyCheck(aContext({ editor }), apps), []);
    assert.deepEqual(await proxyCheck(aContext({ editor: { ...editor, isCodeServer: true } }), []), []);
  });
});

describe('the doctor on memory and disk', () => {
  const memory = (bytes: number | undefined) =>
    memoryCheck(aContext({ ports: { freeMemory: () => Promise.resolve(bytes) } }));

  it('finds little memory, and worse, hardly any', async () => {
    assert.deepEqual(said(await memory(500 * MB)), ['warn: Only 500 MB of memory are free.']);
    assert.deepEqual(said(await memory(100 * MB)), ['fail: Only 100 MB of memory are free.']);
    assert.deepEqual(said(await memory(2000 * MB)), ['ok']);
    assert.deepEqual(await memory(undefined), []);
  });

  it('takes the smaller of what the machine has and the container may, and counts as free what the kernel gives back', async () => {
    const machine = 'MemTotal: 9 kB\nMemAvailable:    2048 kB\n';
    assert.equal(freeMemory(machine, undefined), 2 * MB);
    assert.equal(freeMemory(machine, { limitBytes: 10 * MB, usedBytes: 9 * MB }), MB);
    assert.equal(freeMemory(undefined, undefined), undefined);
    const files = (of: Record<string, string>) => (file: string) => Promise.resolve(of[file]);
    assert.deepEqual(
      await controlGroup(
        files({
          '/sys/fs/cgroup/memory.max': '1000\n',
          '/sys/fs/cgroup/memory.current': '900\n',
          '/sys/fs/cgroup/memory.stat': 'anon 1\ninactive_file 300\n',
        }),
      ),
      { limitBytes: 1000, usedBytes: 600 },
    );
    assert.deepEqual(
      await controlGroup(
        files({
          '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1000',
          '/sys/fs/cgroup/memory/memory.usage_in_bytes': '100',
        }),
      ),
      { limitBytes: 1000, usedBytes: 100 },
    );
    assert.equal(
      await controlGroup(files({ '/sys/fs/cgroup/memory.max': 'max\n', '/sys/fs/cgroup/memory.current': '1' })),
      undefined,
    );
  });

  it('tells the memory of this machine', async function () {
    if (process.platform !== 'linux') return skipBecause(this, 'it is read from /proc');
    const bytes = await system.freeMemory();
    assert.ok(bytes !== undefined && bytes > MB && bytes <= os.totalmem(), String(bytes));
  });

  const disk = (freeBytes: number, freeFiles: number | undefined = 1_000_000) =>
    diskCheck(
      aContext({ ports: { disk: () => Promise.resolve({ device: '1', type: 0xef53, freeBytes, freeFiles }) } }),
      [anApp()],
    );

  it('finds a disk that is nearly full, of bytes or of files, and tells of each disk once', async () => {
    assert.deepEqual(said(await disk(200 * MB)), ['warn: Only 200 MB are free on the disk of /w/cheatcode-app.']);
    assert.deepEqual(said(await disk(20 * MB)), ['fail: Only 20 MB are free on the disk of /w/cheatcode-app.']);
    assert.deepEqual(said(await disk(9000 * MB, 10)), ['warn: The disk of /w/cheatcode-app takes only 10 more files.']);
    assert.deepEqual(said(await disk(9000 * MB, 0)), ['fail: The disk of /w/cheatcode-app takes only 0 more files.']);
  });

  it('is content with room, and says nothing where nothing is known', async () => {
    assert.deepEqual(said(await disk(9000 * MB)), ['ok']);
    assert.deepEqual(await diskCheck(aContext({ ports: { disk: () => Promise.resolve(undefined) } }), []), []);
  });
});
