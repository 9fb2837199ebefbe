import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, chmod, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ProcessInfo } from '../../src/sessions/host/processes';
import { platformProcesses } from '../../src/sessions/host/platformProcesses';
import { systemPorts } from '../../src/sessions/host/ports';
import { readProcStat } from '../../src/sessions/procFiles';
import { psProcesses } from '../../src/sessions/host/psProcesses';
import { systemServerFinder, type AppServer, type Findings } from '../../src/sessions/host/serverFinder';
import type { LaunchSpec } from '../../src/sessions/protocol';
import { copyNextApp } from '../hosts/nextApps.mjs';
import { copyWorkspace } from '../hosts/workspace.mjs';
import { skipBecause } from '../support/skip';
import { AppServers, probes, specOf } from './support/appServers';
import { freePort, repoRoot } from './support/hostRig';
import { Programs } from './support/program';
import { quietLog } from './support/quietLog';
import { waitUntil } from './support/waitUntil';

/** Answers everything as Next 15 and 16 answer their status page. */
const nextLike = (port: number) =>
  `require('http').createServer((q, r) => r.setHeader('content-type', 'application/json').end('{"executionId":1}')).listen(${port})`;

/** How long a real dev server may take to answer on a machine that has other things to do. */
const startMs = 90_000;

describe('the finder of servers', function () {
  this.timeout(180_000);
  const processes = platformProcesses(process.platform, quietLog());
  const ports = systemPorts(process.platform);
  const finder = () => systemServerFinder({ processes, ports });
  const servers = new AppServers();
  const programs = new Programs();
  let root: string;

  before(async () => {
    root = await realpath(await mkdtemp('/tmp/ccf-'));
    // Other users look into it, too.
    await chmod(root, 0o755);
  });
  afterEach(async () => {
    await servers.endAll();
    await programs.endAll();
  });
  after(() => rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

  const newFolder = async (name: string) => {
    const folder = path.join(root, name);
    await mkdir(folder);
    return folder;
  };
  const stubApp = async (name: string) => {
    const folder = path.join(root, name);
    await cp(path.join(repoRoot, 'test/fixtures/stub'), folder, { recursive: true });
    return folder;
  };
  const startStub = (folder: string, port: number, env: Readonly<Record<string, string>> = {}) =>
    servers.start(process.execPath, ['server.mjs'], folder, { PORT: String(port), ...env });
  /** Waits until what was started listens: its predecessor's socket may outlive the last sight of its process. */
  const listening = async (starting: Promise<number>, port: number) => {
    const group = await starting;
    return waitUntil(
      `${group} listens on ${port}`,
      async () => {
        const pid = (await ports.listeners(port))[0]?.pid;
        return pid !== undefined && readProcStat(pid)?.pgid === group && { group, pid };
      },
      startMs,
    );
  };
  const found = (spec: LaunchSpec) =>
    waitUntil(`a server of ${spec.folder} is found`, async () => (await finder().find(spec))[0], startMs);
  const facts = ({ port, proof }: AppServer) => ({ port, proof });
  const asOtherUser = async (uid: number, spec: LaunchSpec) =>
    JSON.parse(await programs.start('otherUser', [String(uid), 'look', JSON.stringify(spec)]).nextLine()) as Findings;
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

  for (const [version, proof] of [
    ['16.4', 'nextLock'],
    ['16.1.3', 'nextProject'],
    ['15.5.29', 'workingDirectory'],
    ['14.2.35', 'workingDirectory'],
  ] as const) {
    describe(`with Next ${version}`, () => {
      let folder: string;
      const probe = version === '14.2.35' ? probes.next14 : probes.next;
      before(async () => {
        if (version === '16.4') {
          await copyWorkspace(path.join(root, 'next'), { only: ['cheatcode-app'] });
          folder = path.join(root, 'next', 'cheatcode-app');
        } else folder = await copyNextApp(version, path.join(root, `next-${version}`));
      });

      it(`finds it on another port than the app's, by its ${proof}, and only while it lives`, async () => {
        const [port, ownPort] = [await freePort(), await freePort()];
        const spec = specOf(folder, { port: ownPort, probe });
        const group = await servers.next(folder, port);
        const server = await found(spec);
        assert.deepEqual(facts(server), { port, proof });
        const [listener] = await ports.listeners(port);
        assert.equal(server.identity?.pid, listener?.pid);
        assert.notEqual(server.identity?.pid, group); // It is `next-server`, not the command that was typed.
        assert.match(server.command, /^next-server/);
        assert.equal(server.uid, process.getuid?.());
        // With its port as the app's own it is the same one.
        assert.deepEqual(await finder().find({ ...spec, port }), [server]);

        servers.signal(group, 'SIGSTOP');
        const byFolder = version === '16.4' ? 'nextLock' : 'workingDirectory';
        const suspended = await finder().look(spec);
        assert.deepEqual([suspended.servers, suspended.silent.map(facts)], [[], [{ port, proof: byFolder }]]);
        servers.signal(group, 'SIGCONT');
        assert.deepEqual(await found(spec), server);

        await servers.end(group);
        if (version === '16.4')
          assert.match(await readFile(path.join(folder, '.next/dev/lock'), 'utf8'), new RegExp(`:${port}\\b`));
        assert.deepEqual(await finder().look(spec), { servers: [], silent: [] });
        // The port that the lock file still names, taken by another app's server.
        await listening(servers.script(nextLike(port), await newFolder(`other-${version}`)), port);
        for (const own of [ownPort, port])
          assert.deepEqual(await finder().look({ ...spec, port: own }), { servers: [], silent: [] });
      });

      if (version.startsWith('16')) {
        it('finds it by that although it was started from another folder', async () => {
          const port = await freePort();
          await servers.next(folder, port, root);
          assert.deepEqual(facts(await found(specOf(folder, { port }))), { port, proof });
        });

        it('finds it for a user who can see neither its process nor its working directory', async function () {
          if (!isRoot) return skipBecause(this, 'it takes root on Linux to look as another user');
          const port = await freePort();
          await servers.next(folder, port);
          const server = await found(specOf(folder, { port }));
          const { servers: seen } = await asOtherUser(65534, specOf(folder, { port }));
          // The lock file names the process; a question for the project leaves it unknown.
          const identity =
            proof === 'nextLock' ? { identity: server.identity, command: server.command } : { command: '' };
          assert.deepEqual(seen, [{ port, uid: 0, proof, ...identity }]);
        });

        it('does not take it for its own by a path or a pid that mean something else in its container', async function () {
          if (!isRoot) return skipBecause(this, 'it takes root on Linux to make a namespace of processes');
          const port = await freePort();
          await servers.next(folder, port);
          const spec = specOf(folder, { port });
          await found(spec);
          const program = path.join(__dirname, 'support', 'otherUser.program.js');
          const args = [
            '--pid',
            '--fork',
            '--mount-proc',
            process.execPath,
            program,
            '0',
            'look',
            JSON.stringify(spec),
          ];
          const { stdout } = await promisify(execFile)('unshare', args);
          assert.deepEqual(JSON.parse(stdout), { servers: [], silent: [] });
        });
      }
    });
  }

  describe('with Expo', () => {
    let folder: string;
    before(async () => {
      await copyWorkspace(path.join(root, 'expo'), { only: ['cheatcode-mobile'] });
      folder = path.join(root, 'expo', 'cheatcode-mobile');
    });

    it('finds Metro on another port by the project that it names, also for another user', async function () {
      const [port, ownPort] = [await freePort(), await freePort()];
      const spec = specOf(folder, { type: 'mobile', port: ownPort, probe: probes.metro });
      const group = await servers.start('npx', ['expo', 'start', '--lan', '--port', String(port)], folder);
      assert.deepEqual(facts(await found(spec)), { port, proof: 'metroRoot' });
      // Of another app with the same port it is no server.
      const other = await newFolder('other-mobile');
      assert.deepEqual(await finder().find(specOf(other, { type: 'mobile', port, probe: probes.metro })), []);
      if (isRoot) {
        const { servers: seen } = await asOtherUser(65534, { ...spec, port });
        assert.deepEqual(seen, [{ port, uid: 0, proof: 'metroRoot', command: '' }]);
      }
      servers.signal(group, 'SIGSTOP');
      const suspended = await finder().look(spec);
      assert.deepEqual([suspended.servers, suspended.silent.map(facts)], [[], [{ port, proof: 'workingDirectory' }]]);
    });
  });

  describe('with any server', () => {
    it('takes no server of plain files in its folder for a dev server', async function () {
      if (spawnSync('python3', ['--version']).status !== 0) return skipBecause(this, 'there is no python3');
      const folder = await stubApp('files');
      const port = await freePort();
      await listening(servers.start('python3', ['-m', 'http.server', String(port)], folder), port);
      const other = await freePort();
      for (const probe of [probes.next, probes.next14, probes.metro])
        for (const own of [port, other])
          assert.deepEqual(await finder().look(specOf(folder, { port: own, probe })), { servers: [], silent: [] });
      // Beside it nothing keeps the real one from being found.
      const second = await freePort();
      await servers.script(nextLike(second), folder);
      assert.deepEqual(facts(await found(specOf(folder, { port }))), { port: second, proof: 'workingDirectory' });
    });

    it('finds one that runs in the folder, under each of its names', async () => {
      const folder = await stubApp('named');
      const link = path.join(root, 'link');
      await symlink(folder, link);
      const [own, other] = [await freePort(), await freePort()];
      await listening(startStub(link, other), other);
      await listening(startStub(folder, own), own);
      for (const name of [folder, link, `${folder}/`]) {
        const all = await finder().find(specOf(name, { port: own, probe: probes.page }));
        const expected = [own, other].map((port) => ({ port, proof: 'workingDirectory' }));
        assert.deepEqual(all.map(facts), expected);
      }
    });

    it('tells two apps in two folders apart, also when one has the port of the other', async () => {
      const [one, two] = [await stubApp('one'), await stubApp('two')];
      const [portOne, portTwo] = [await freePort(), await freePort()];
      await listening(startStub(one, portOne), portOne);
      await listening(startStub(two, portTwo), portTwo);
      const shared = finder();
      const find = async (folder: string, port: number) =>
        (await shared.find(specOf(folder, { port, probe: probes.page }))).map((server) => server.port);
      assert.deepEqual([await find(one, portOne), await find(two, portTwo)], [[portOne], [portTwo]]);
      assert.deepEqual([await find(one, portTwo), await find(two, portOne)], [[portOne], [portTwo]]);
    });

    it('wants the port of the app as well where an open port is all that can be asked for', async () => {
      const folder = await stubApp('tcp');
      const [port, other] = [await freePort(), await freePort()];
      await listening(servers.script(`require('net').createServer().listen(${port})`, folder), port);
      const look = (own: number) => finder().find(specOf(folder, { type: 'custom', port: own, probe: probes.tcp }));
      assert.deepEqual((await look(port)).map(facts), [{ port, proof: 'workingDirectory' }]);
      assert.deepEqual(await look(other), []);
    });

    it('wants a good answer: no error from a page, and something at the path that was declared', async () => {
      const folder = await stubApp('answers');
      const port = await freePort();
      const look = async (at: string) => {
        const probe = { kind: 'http', method: 'GET', path: at } as const;
        return (await finder().find(specOf(folder, { type: 'custom', port, probe }))).length;
      };
      for (const [status, page, health] of [
        [200, 1, 1],
        [302, 1, 1],
        [404, 1, 0],
        [503, 0, 0],
      ] as const) {
        const { group } = await listening(startStub(folder, port, { STUB_STATUS: String(status) }), port);
        assert.deepEqual([await look('/'), await look('/health')], [page, health], `status ${status}`);
        await servers.end(group);
      }
    });

    it('asks again until a server answers well, and then no more while it listens', async () => {
      const folder = await stubApp('asked');
      const port = await freePort();
      const { group } = await listening(startStub(folder, port, { STUB_ERRORS_FIRST: '2' }), port);
      const shared = finder();
      const spec = specOf(folder, { port, probe: probes.page });
      const counts: number[] = [];
      for (let i = 0; i < 6; i++) counts.push((await shared.find(spec)).length);
      assert.deepEqual(counts, [0, 0, 1, 1, 1, 1]);
      const asked = async () => Number(await get(port, '/count'));
      assert.equal(await asked(), 3);
      // A change of what is asked for is a new question; another server on the port, too.
      assert.equal((await shared.find({ ...spec, probe: { kind: 'http', method: 'GET', path: '/x' } })).length, 1);
      assert.equal(await asked(), 4);
      await servers.end(group);
      assert.deepEqual(await shared.find(spec), []);
      const second = await listening(startStub(folder, port), port);
      const [server] = await shared.find(spec);
      assert.equal(server?.identity?.pid, second.pid);
      assert.equal(await asked(), 1);
    });

    it('asks what changes and logs nothing: never for a page of its own, never with an origin', async () => {
      const asked: http.IncomingMessage[] = [];
      const server = http.createServer((request, response) => {
        asked.push(request);
        response.end('{"executionId":1}');
      });
      const port = await freePort();
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      try {
        const folder = await newFolder('silent');
        await mkdir(path.join(folder, '.next/dev'), { recursive: true });
        await writeFile(path.join(folder, '.next/dev/lock'), '');
        for (const probe of [probes.next, probes.metro]) await finder().find(specOf(folder, { port, probe }));
        assert.deepEqual(
          asked.map(({ method, url }) => `${method} ${url}`),
          ['GET /__nextjs_server_status', 'POST /_next/mcp', 'GET /status'],
        );
        for (const { headers } of asked) {
          assert.equal(headers.origin, undefined);
          assert.equal(headers.host, `localhost:${port}`);
        }
      } finally {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    });

    it('believes no lock file whose process is not behind the port that it names', async () => {
      const folder = await newFolder('stale');
      const port = await freePort();
      const listener = await listening(servers.script(nextLike(port), root), port);
      const bystander = programs.command('sleep', ['1000']);
      await mkdir(path.join(folder, '.next/dev'), { recursive: true });
      const look = async (pid: number, named = port) => {
        await writeFile(path.join(folder, '.next/dev/lock'), JSON.stringify({ pid, port: named }));
        return (await finder().find(specOf(folder, { port }))).map(facts);
      };
      assert.deepEqual(await look(bystander), []);
      assert.deepEqual(await look(2 ** 22 + 1), []);
      assert.deepEqual(await look(listener.pid, await freePort()), []);
      // The control: with all of it true it is believed.
      assert.deepEqual(await look(listener.pid), [{ port, proof: 'nextLock' }]);
    });

    it('believes a server that says it serves another folder than the one it runs in', async () => {
      const [here, there] = [await newFolder('here'), await newFolder('there')];
      const port = await freePort();
      await listening(
        servers.script(
          `require('http').createServer((q, r) => r.setHeader('X-React-Native-Project-Root', ${JSON.stringify(there)})
          .end('packager-status:running')).listen(${port})`,
          here,
        ),
        port,
      );
      const look = async (folder: string) =>
        (await finder().find(specOf(folder, { type: 'mobile', port, probe: probes.metro }))).map(facts);
      assert.deepEqual([await look(here), await look(there)], [[], [{ port, proof: 'metroRoot' }]]);
    });

    it('is not held up by one that accepts and never answers, or answers for ever', async () => {
      const folder = await newFolder('slow');
      const [mute, endless, good] = [await freePort(), await freePort(), await freePort()];
      await listening(servers.script(`require('net').createServer(() => {}).listen(${mute})`, folder), mute);
      await listening(
        servers.script(
          `require('http').createServer((q, r) => setInterval(() => r.write('{"executionId":1'), 50)).listen(${endless})`,
          folder,
        ),
        endless,
      );
      await listening(servers.script(nextLike(good), folder), good);
      const { servers: all, silent } = await finder().look(specOf(folder, { port: mute }));
      assert.deepEqual(all.map(facts), [{ port: good, proof: 'workingDirectory' }]);
      assert.deepEqual(
        silent.map(({ port }) => port),
        [mute, endless],
      );
    });

    it('takes no preview gateway, which passes on what a server says of itself, for a server', async () => {
      const folder = await newFolder('gateway');
      const [port, own] = [await freePort(), await freePort()];
      const gateway = nextLike(port).replace('r.', "r.setHeader('x-cheatcode-gateway', '0123456789abcdef').");
      await listening(servers.script(gateway, folder), port);
      await listening(servers.script(nextLike(own), folder), own);
      assert.equal((await found(specOf(folder, { port }))).port, own);
      assert.deepEqual((await finder().look(specOf(folder, { port }))).silent, []);
    });

    it('leaves an editor alone that was started in the folder of an app which only has a page to ask for', async () => {
      const folder = await stubApp('edited');
      const [port, own] = [await freePort(), await freePort()];
      await listening(servers.start(process.execPath, ['-e', nextLike(port), '/usr/bin/code-server'], folder), port);
      assert.deepEqual(await finder().find(specOf(folder, { type: 'custom', port: own, probe: probes.page })), []);
    });

    it('needs no more than ps and lsof', async () => {
      const folder = await stubApp('elsewhere');
      const [port, own] = [await freePort(), await freePort()];
      const { pid } = await listening(startStub(folder, port), port);
      const plain = systemServerFinder({ processes: psProcesses(), ports: systemPorts('darwin') });
      const spec = specOf(folder, { port: own, probe: probes.page });
      const [server, ...others] = await plain.find(spec);
      assert.deepEqual([server?.port, server?.identity?.pid, others], [port, pid, []]);
      await plain.find(spec);
      assert.equal(await get(port, '/count'), '1');
    });

    it('takes a database in the folder for nothing', async () => {
      const folder = await newFolder('database');
      const port = await freePort();
      await listening(
        servers.script(
          `require('net').createServer((s) => s.end('-ERR unknown command\\r\\n')).listen(${port})`,
          folder,
        ),
        port,
      );
      assert.deepEqual(await finder().look(specOf(folder, { port })), { servers: [], silent: [] });
    });
  });

  describe('with a listener whose process is hidden', () => {
    const server = http.createServer((request, response) => {
      if (request.url === '/status') {
        response.setHeader('X-React-Native-Project-Root', folder);
        response.end('packager-status:running');
      } else if (request.url === '/_next/mcp') {
        const text = JSON.stringify({ projectPath: folder });
        response.end(`data: ${JSON.stringify({ result: { content: [{ type: 'text', text }] } })}\n`);
      } else response.end('{"executionId":1}');
    });
    let folder: string;
    let port: number;
    before(async () => {
      folder = await newFolder('hidden');
      await mkdir(path.join(folder, '.next/dev'), { recursive: true });
      port = await freePort();
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    });
    after(() => {
      server.closeAllConnections();
      server.close();
    });

    const otherUid = (process.getuid?.() ?? 0) + 1;
    const nextServer: ProcessInfo = {
      pid: 77,
      startTicks: '5',
      ppid: 1,
      pgid: 77,
      sid: 77,
      isZombie: false,
      uid: otherUid,
      command: 'next-server (v16.4.6)',
    };
    /** What is found when this is all that can be seen: one listener's user, one process, and where it runs. */
    const find = async (
      probe: LaunchSpec['probe'],
      lock: string,
      seen: { readonly uid?: number; readonly process?: Partial<ProcessInfo>; readonly runsHere?: boolean } = {},
    ) => {
      await writeFile(path.join(folder, '.next/dev/lock'), lock);
      const listener = { address: '127.0.0.1', port, pid: undefined, uid: seen.uid ?? otherUid, socket: '1' };
      const info = { ...nextServer, ...seen.process };
      const blind = systemServerFinder({
        ports: { ...ports, allListeners: () => Promise.resolve([listener]) },
        processes: {
          ...processes,
          list: () => Promise.resolve([info]),
          identify: (pid) => Promise.resolve(pid === info.pid ? { pid, startTicks: info.startTicks } : undefined),
          runsIn: () => Promise.resolve(seen.runsHere),
        },
      });
      return (await blind.find(specOf(folder, { type: 'mobile', port, probe }))).map(
        ({ proof, identity }) => `${proof} ${identity?.pid}`,
      );
    };

    it('believes a lock file that names a server of the same user, or one that runs in the folder', async () => {
      const lock = JSON.stringify({ pid: 77, port });
      assert.deepEqual(await find(probes.next, lock), ['nextLock 77']);
      assert.deepEqual(await find(probes.next, lock, { runsHere: true, process: { uid: 5 } }), ['nextLock 77']);
    });

    it('believes none that names what can only be another process', async () => {
      const lock = JSON.stringify({ pid: 77, port });
      for (const seen of [
        { process: { pid: 78 } },
        { process: { isZombie: true } },
        { process: { uid: otherUid + 1 } },
        { process: { command: 'sshd: someone' } },
        { runsHere: false },
        // Our own user's would be visible: this one is in another container.
        { uid: otherUid - 1, process: { uid: otherUid - 1 } },
      ])
        assert.deepEqual(await find(probes.next, lock, seen), [], JSON.stringify(seen));
    });

    it('believes a folder that the server names, if that user has a server here', async () => {
      for (const [probe, proof] of [
        [probes.next, 'nextProject'],
        [probes.metro, 'metroRoot'],
      ] as const) {
        assert.deepEqual(await find(probe, ''), [`${proof} undefined`]);
        for (const seen of [
          { process: { uid: otherUid + 1 } },
          { process: { command: 'sshd: someone' } },
          { runsHere: false },
          { uid: otherUid - 1, process: { uid: otherUid - 1 } },
        ])
          assert.deepEqual(await find(probe, '', seen), [], JSON.stringify(seen));
      }
    });
  });
});

function get(port: number, at: string): Promise<string> {
  return fetch(`http://localhost:${port}${at}`).then((response) => response.text());
}
