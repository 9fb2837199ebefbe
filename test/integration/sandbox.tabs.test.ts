import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ensureCommand } from '../hosts/debian.mjs';
import { nodeDir } from '../hosts/nodes.mjs';
import { repoRoot } from '../hosts/paths.mjs';
import { sandboxEnv } from '../hosts/sandboxEnv.mjs';
import { skipBecause } from '../support/skip';
import { buildContext, Image, IMAGE_UID, IMAGE_USER, type Container, type Start } from './support/image';
import { eventually } from './support/workbench';

const sandbox = path.join(repoRoot, 'docs/sandbox');
const fragment = readFileSync(path.join(sandbox, 'Dockerfile.fragment'), 'utf8');

/** An app whose server notes who ends it. */
const SERVER = `
const note = (text) => require('fs').appendFileSync(__dirname + '/noted', text + '\\n');
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { note(signal); process.exit(0); });
require('http').createServer((_, answer) => answer.end('pid ' + process.pid)).listen(process.env.PORT, '0.0.0.0');`;
const app = (name: string, type: string, port: number) => ({
  ...{ name, type, path: 'app', port, command: 'node server.cjs', health: '/' },
});

interface Status {
  readonly apps: readonly {
    readonly app: string;
    readonly state: string;
    readonly pid: number;
    readonly adopted: boolean;
  }[];
}

/** What docs/sandbox.md says, done step by step as a container engine would, on this machine. */
describe('the image of docs/sandbox.md', function () {
  this.timeout(240_000);
  let folder: string;
  let tini: string;
  let base: { readonly codeServer: string; readonly node: string };

  before(async function () {
    if (process.getuid?.() !== 0) skipBecause(this, 'only root can make mount, pid and network namespaces');
    const user = spawnSync('setpriv', [`--reuid=${IMAGE_UID}`, '--clear-groups', process.execPath, '--version']);
    if (user.status !== 0) skipBecause(this, `another user can't run ${process.execPath}`);
    tini = await ensureCommand({ title: 'tini', commands: ['tini'], packages: ['tini'] });
    await ensureCommand({ title: 'BusyBox', commands: ['busybox'], packages: ['busybox'] });
    const { ensureCodeServer } = (await import(
      pathToFileURL(path.join(repoRoot, 'test/hosts/codeServerInstall.mjs')).href
    )) as { ensureCodeServer: () => Promise<string> };
    base = { codeServer: await ensureCodeServer(), node: nodeDir(24) };
    folder = path.join(process.env['CHEATCODE_TEST_DIR'] ?? '', 'image');
    mkdirSync(folder, { recursive: true });
    // Built already: the tests must not build anew below each other.
    await promisify(execFile)('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder], {
      cwd: repoRoot,
      env: await sandboxEnv(),
    });
    const [archive = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    buildContext(path.join(folder, 'context'), {
      vsix: process.env['CHEATCODE_TEST_VSIX'] ?? '',
      archive: path.join(folder, archive),
      entrypoint: path.join(sandbox, 'entrypoint.sh'),
    });
  });

  /** Each value beside each other one: a shell, a user, an init. */
  const images = [
    {
      kind: 'debian',
      containers: [
        { user: IMAGE_USER, hasInit: true, isHomeVolume: true },
        { user: 'root', hasInit: false },
      ],
    },
    {
      kind: 'alpine',
      containers: [
        { user: IMAGE_USER, hasInit: false },
        { user: 'root', hasInit: true },
      ],
    },
  ] as const;
  for (const { kind, containers } of images)
    describe(kind === 'debian' ? 'with dash' : 'with the shell and the commands of BusyBox', () => {
      let image: Image;
      before(async () => {
        image = await Image.create(path.join(folder, kind), kind, base);
        await image.write('/workspace/app/server.cjs', SERVER);
        await image.write(
          '/workspace/cheatcode.json',
          JSON.stringify({ apps: [app('shop', 'web', 3000), app('phone', 'mobile', 8081)] }),
        );
        await image.build(fragment, path.join(folder, 'context'), {
          CHEATCODE_PLATFORM: `${process.platform}-${process.arch}`,
        });
      });
      after(() => image?.close());

      for (const { user, hasInit, ...rest } of containers) {
        const home = 'isHomeVolume' in rest ? ', whose home is an empty volume' : '';
        it(`runs one server before any window, and ends it with the editor: ${user}${home}, ${hasInit ? 'with' : 'without'} an init`, async () => {
          const isPhone = user === 'root';
          await image.write('/workspace/app/noted', '');
          const watched = await withContainer(image, {
            user,
            ...rest,
            // An init, and below it a shell that tells what the entrypoint leaves.
            init: hasInit ? [tini, '--', '/bin/sh', '-c', LEFT, 'sh'] : [],
            env: { PASSWORD: 'x', CHEATCODE_SANDBOX_ID: 'box', ...(isPhone ? { CHEATCODE_APP_TYPE: 'mobile' } : {}) },
          });
          assert.equal(watched.server.app, isPhone ? 'phone' : 'shop');
          assert.equal(watched.uid, IMAGE_UID, "the server is the workspace's owner's");
          // The init and that shell.
          if (hasInit) assert.match(watched.output, /^ended 143, 2 left$/m);
          else assert.equal(watched.exitCode, 143);
          assert.equal(
            await image.read('/workspace/app/noted'),
            'SIGINT\n',
            'ended as by Ctrl+C, once, and nothing harder',
          );
        });
      }
    });

  /** From the start to the end: the checks that all containers have in common. */
  async function withContainer(image: Image, start: Start) {
    const container = await image.start(start);
    const health = async () => (await container.exec(start.user, image.healthCheck)).exitCode;
    const status = async () =>
      JSON.parse(
        (await container.exec(start.user, 'cheatcode-dev status --workspace /workspace --json')).stdout,
      ) as Status;
    try {
      await eventually('a healthy container', async () => (await health()) === 0);
      await eventually('a server that runs', async () =>
        (await status()).apps.some(({ state }) => state === 'running'),
      );
      await eventually('the editor', async () => {
        const look = `node -e "fetch('http://127.0.0.1:8080/healthz').then((answer) => process.exit(answer.ok ? 0 : 1))"`;
        return (await container.exec(start.user, look)).exitCode === 0;
      });
      // The image's user, and root as a backend is: all get the server that runs.
      const ensure = 'cheatcode-dev ensure --workspace /workspace --json';
      const asked = await Promise.all(
        ['root', start.user, 'root', start.user].map((user) => container.exec(user, ensure)),
      );
      const servers = (await container.processes()).filter(
        ({ command }) => / server\.cjs$|^server\.cjs/.test(command) && !/^\S*sh /.test(command),
      );
      const up = (await status()).apps.filter(({ state }) => state === 'running');
      assert.equal(up.length, 1, JSON.stringify(up));
      const [server] = up;
      assert.ok(server && !server.adopted);
      for (const { exitCode, stdout, stderr } of asked) {
        assert.equal(exitCode, 0, stderr);
        assert.deepEqual(
          (JSON.parse(stdout) as Status).apps.filter(({ state }) => state === 'running').map(({ pid }) => pid),
          [server.pid],
        );
      }
      assert.equal(servers.length, 1, JSON.stringify(servers));
      assert.equal((await hostsIn(container)).length, 1);
      const extensions = await container.exec(start.user, 'code-server --list-extensions');
      assert.match(extensions.stdout, /^cheatcode\.cheatcode-dev-server$/m, JSON.stringify(extensions));
      await reapsOrphans(container, start.user);
      const uid = statSync(`/proc/${servers[0]?.pid}`).uid;
      const entrypoint = (await container.processes()).find(({ command }) =>
        /^\S*sh \/usr\/local\/bin\/cheatcode-entrypoint/.test(command),
      );
      assert.ok(entrypoint);
      const exitCode = await container.stop(entrypoint.pid);
      return { server, uid, exitCode, output: container.output };
    } catch (error) {
      console.log(
        container.output,
        (await container.processes()).map(({ pid, state, command }) => `${pid} ${state} ${command}`),
      );
      throw error;
    } finally {
      await container.kill();
    }
  }

  it('would keep the zombies of an image whose process 1 is the editor itself', async () => {
    const image = await Image.create(path.join(folder, 'control'), 'debian', base);
    try {
      await image.build('ENTRYPOINT ["node"]\nCMD ["-e", "setInterval(() => {}, 1000)"]\n', folder);
      const container = await image.start({ init: [], user: 'root' });
      const pid = await orphanIn(container, 'root');
      await eventually('a zombie', async () =>
        (await container.exec('root', `cat /proc/${pid}/stat`)).stdout.includes(') Z '),
      );
      await assert.rejects(reapsOrphans(container, 'root', 1000));
    } finally {
      await image.close();
    }
  });
});

/** Runs the rest, gives what is just ending two seconds, and says with which code it ended and which processes are left. */
const LEFT = `"$@"
code=$? tries=0
while
  set -- /proc/[0-9]*
  [ $# -gt 2 ] && [ $tries -lt 20 ]
do
  tries=$((tries + 1))
  sleep 0.1
done
echo "ended $code, $# left"
for one; do echo "$one $(tr '\\0' ' ' <"$one/cmdline")"; done`;

/** A process whose parent ends before it does, by its number in the container. */
async function orphanIn(container: Container, user: string): Promise<string> {
  const { stdout } = await container.exec(user, 'sh -c "sleep 0.3 >/dev/null 2>&1 & echo \\$!"');
  assert.match(stdout, /^\d+\n$/);
  return stdout.trim();
}

async function reapsOrphans(container: Container, user: string, limitMs = 20_000): Promise<void> {
  const pid = await orphanIn(container, user);
  await eventually(
    'no trace of an orphan',
    async () => (await container.exec(user, `test -e /proc/${pid}`)).exitCode === 1,
    limitMs,
  );
}

async function hostsIn(container: Container) {
  return (await container.processes()).filter(({ command }) => /\/host\.js(?: |$)/.test(command));
}
