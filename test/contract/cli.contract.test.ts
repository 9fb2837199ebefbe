import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawn as spawnInTerminal } from '@lydell/node-pty';
import { runCommand } from '../../src/sessions/runCommand';
import type { AppReport, JsonDocument } from '../../src/sessions/appReport';
import { RedisServer } from '../support/redisServer';
import { HostRig, isAlive, repoRoot, waitFor, watchSession } from './support/hostRig';

const program = path.join(repoRoot, 'out/testHost/cli.js');

describe('the command line', function () {
  this.timeout(90_000);
  let rig: HostRig;
  let workspace: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    rig = await HostRig.create();
    workspace = path.join(path.dirname(rig.stateFolder), 'ws');
    mkdirSync(workspace);
    cpSync(rig.appFolder, path.join(workspace, 'cheatcode-app'), { recursive: true });
    mkdirSync(path.join(workspace, 'cheatcode-app', 'node_modules')); // Nothing to install.
    configure({});
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rig.dispose();
  });

  /** The workspace's one app, with what its stub is to do. */
  function configure(env: Readonly<Record<string, string>>) {
    const app = {
      name: 'shop',
      type: 'web',
      path: 'cheatcode-app',
      command: 'node server.mjs',
      port: rig.port,
      health: '/',
      env,
    };
    writeFileSync(path.join(workspace, 'cheatcode.json'), JSON.stringify({ apps: [app] }));
  }

  const environment = () => ({ ...process.env, TERM_PROGRAM: 'vscode', NO_COLOR: '' }) as Record<string, string>;
  const cliIn = (cwd: string, ...args: string[]) =>
    runCommand(process.execPath, [program, ...args], { cwd, env: environment(), timeoutMs: 60_000 });
  const cli = (...args: string[]) => cliIn(workspace, ...args);
  const json = async (...args: string[]) => {
    const { stdout, exitCode, stderr } = await cli(...args, '--json');
    try {
      return { exitCode, document: JSON.parse(stdout) as JsonDocument };
    } catch {
      throw new Error(`no JSON: ${stdout}\n${stderr}`);
    }
  };
  const only = ({ apps }: JsonDocument): AppReport => {
    assert.equal(apps?.length, 1);
    return apps?.[0] as AppReport;
  };
  /** A command that goes on, with what it has printed so far. */
  function start(...args: string[]) {
    const child = spawn(process.execPath, [program, ...args], { cwd: workspace, env: environment(), stdio: 'pipe' });
    children.push(child);
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
    return { child, said, exit: once(child, 'exit') as Promise<[number | null, string | null]> };
  }

  it('starts nothing where no session host runs, and says so by its exit code', async () => {
    for (const command of ['status', 'logs', 'open', 'ls', 'shutdown']) {
      const { exitCode, stderr, stdout } = await cli(command);
      assert.equal(exitCode, 3, `${command}: ${stdout}${stderr}`);
    }
    const { exitCode, document } = await json('status');
    assert.equal(exitCode, 3);
    assert.equal(only(document).state, 'stopped');
    assert.equal((await cli('stop')).exitCode, 0, 'what does not run is stopped');
    assert.deepEqual(await rig.hostPids(), []);
  });

  it('ensures one server, prints its URL alone, and finds it again', async () => {
    const first = await cli('ensure');
    assert.deepEqual([first.exitCode, first.stdout.trim(), first.stderr], [0, `http://localhost:${rig.port}`, '']);
    const { document } = await json('status');
    const { pid, session, app, state, since, adopted } = only(document);
    assert.deepEqual([session, app, state, adopted], ['dev_server_web', 'shop', 'running', false]);
    assert.ok(isAlive(pid ?? 0));
    assert.equal(new Date(since ?? '').toISOString(), since);
    const again = await json('start', 'web');
    assert.equal(again.exitCode, 0);
    assert.equal(only(again.document).pid, pid);
    const inside = await cliIn(path.join(workspace, 'cheatcode-app'), 'ensure', '--json');
    assert.equal(only(JSON.parse(inside.stdout) as JsonDocument).pid, pid, 'the same app from inside its folder');
    assert.equal((await rig.hostPids()).length, 1);
    const answer = await fetch(`http://localhost:${rig.port}/`);
    assert.equal(await answer.text(), `pid ${pid}\n`);
  });

  it('ensures one server for two that ask at once', async () => {
    const both = await Promise.all([json('ensure'), json('ensure')]);
    assert.deepEqual(
      both.map(({ exitCode }) => exitCode),
      [0, 0],
    );
    const [one, other] = both.map(({ document }) => only(document).pid);
    assert.equal(one, other);
    assert.equal((await rig.hostPids()).length, 1);
  });

  it('shows the sessions to people and to programs, from anywhere by their names', async () => {
    await cli('ensure');
    assert.match((await cli('status')).stdout, new RegExp(`runs on port ${rig.port}`));
    assert.match((await cli('ls')).stdout, /SESSION +STATE[^]*dev_server_web +running/);
    const elsewhere = await cliIn('/', 'status', 'dev_server_web', '--json');
    assert.equal(only(JSON.parse(elsewhere.stdout) as JsonDocument).app, 'shop');
    assert.equal((await cliIn('/', 'status')).exitCode, 6);
    assert.equal((await cli('status', 'nobody')).exitCode, 6);
    assert.equal((await cli('open')).stdout.trim(), `http://localhost:${rig.port}`);
  });

  it('stops a server for good, and starts it again', async () => {
    const before = only((await json('ensure')).document);
    const stopped = await json('stop');
    assert.deepEqual([stopped.exitCode, only(stopped.document).state], [0, 'stopped']);
    assert.equal(isAlive(before.pid ?? 0), false);
    assert.equal((await cli('status')).exitCode, 3);
    const after = only((await json('ensure')).document);
    assert.equal(after.state, 'running');
    assert.notEqual(after.pid, before.pid);
  });

  it('restarts a server, and has its new process when it is done', async () => {
    const before = only((await json('ensure')).document);
    const { exitCode, document } = await json('restart');
    assert.equal(exitCode, 0);
    assert.equal(only(document).state, 'running');
    assert.notEqual(only(document).pid, before.pid);
    assert.equal(isAlive(before.pid ?? 0), false);
  });

  it('names the processes of a server that somebody else started, and ends them only when it is told to', async () => {
    const server = spawn(process.execPath, ['server.mjs'], {
      cwd: path.join(workspace, 'cheatcode-app'),
      env: { ...process.env, PORT: String(rig.port) },
      stdio: 'ignore',
    });
    children.push(server);
    await waitFor('the server to listen', () =>
      fetch(`http://localhost:${rig.port}/`).then(
        () => true,
        () => false,
      ),
    );
    const ensured = only((await json('ensure')).document);
    assert.deepEqual([ensured.adopted, ensured.pid], [true, server.pid]);
    for (const command of ['stop', 'restart']) {
      const refused = await cli(command);
      assert.equal(refused.exitCode, 5);
      assert.match(refused.stderr, new RegExp(`pid ${server.pid}\\b`));
    }
    assert.equal((await cli('attach')).exitCode, 2);
    assert.equal(isAlive(server.pid ?? 0), true);
    assert.equal((await cli('stop', '--yes')).exitCode, 0);
    await waitFor('its end', () => !isAlive(server.pid ?? 0));
  });

  it('says that a taken port needs a person, and by whom it is taken', async () => {
    const stranger = spawn(
      process.execPath,
      ['-e', `require('net').createServer().listen(${rig.port}, () => console.log('up'))`],
      {
        cwd: '/',
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    children.push(stranger);
    await once(stranger.stdout, 'data');
    const { exitCode, document } = await json('ensure');
    assert.equal(exitCode, 5);
    assert.equal(document.error?.code, 'portTaken');
    assert.match(document.error.message, new RegExp(String(stranger.pid)));
    assert.equal(only(document).state, 'blocked');
    const next = await json('ensure', '--use-next-port');
    assert.equal(next.exitCode, 0);
    assert.notEqual(only(next.document).port, rig.port);
  });

  it('times out with a code of its own, and the server goes on starting', async () => {
    configure({ STUB_LISTEN_DELAY_MS: '6000' });
    assert.equal((await cli('ensure', '--no-wait')).exitCode, 0);
    await waitFor('the start', async () => only((await json('status')).document).state === 'starting');
    const { exitCode, document } = await json('ensure', '--timeout', '0.5');
    assert.equal(exitCode, 4);
    assert.equal(document.error?.code, 'timedOut');
    assert.equal(only(document).state, 'starting');
    const pid = only((await json('ensure')).document).pid;
    assert.ok(isAlive(pid ?? 0));
  });

  it('does not wait where it is told not to', async () => {
    configure({ STUB_NEVER_LISTEN: '1' });
    const { exitCode, document } = await json('ensure', '--no-wait');
    assert.equal(exitCode, 0);
    assert.equal(only(document).desired, 'running');
    assert.notEqual(only(document).state, 'running');
  });

  it('fails with the last output of a server that ends by itself', async () => {
    configure({ STUB_CRASH_AFTER_MS: '1', STUB_EXIT_CODE: '9' });
    const { exitCode, stderr } = await cli('ensure');
    assert.equal(exitCode, 1);
    assert.match(stderr, /stub server pid/);
  });

  it('starts the server also where it finds an older host, which may be making room for a newer one', async () => {
    await rig.client({ kind: 'cli' }).connect();
    const { exitCode, document } = await json('ensure');
    assert.equal(exitCode, 0, document.error?.message);
    assert.equal(only(document).state, 'running');
    await waitFor('one host to be left', async () => (await rig.hostPids()).length === 1);
    assert.ok(isAlive(only(document).pid ?? 0));
  });

  it('leaves the server alone when it is interrupted', async () => {
    configure({ STUB_LISTEN_DELAY_MS: '3000' });
    const { child, exit } = start('ensure');
    await waitFor('a host', () => rig.hostPid());
    const client = rig.client();
    const session = watchSession(client);
    await client.connect();
    await waitFor('the start', () => session.current?.state === 'starting');
    child.kill('SIGINT');
    assert.deepEqual(await exit, [130, null]);
    await waitFor('the server to run', () => session.current?.state === 'running');
  });

  it('prints the last lines, and follows what comes', async () => {
    configure({ STUB_CHATTY: '1' });
    await cli('ensure');
    const few = await cli('logs', '-n', '3');
    assert.equal(few.exitCode, 0);
    assert.equal(few.stdout.trimEnd().split('\n').length, 3);
    const { said, child, exit } = start('logs', '--follow', '-n', '2');
    await waitFor('lines to follow', () => said.out.split('\n').length > 10);
    const ticks = [...said.out.matchAll(/^tick (\d+)$/gm)].map(([, ms]) => Number(ms));
    assert.deepEqual(ticks, [...new Set(ticks)].sort(), 'each line once, in order');
    assert.ok(!said.out.includes('\u001b'), 'no control codes');
    child.kill('SIGINT');
    assert.deepEqual(await exit, [130, null]);
  });

  it('ends quietly when nobody reads on', async () => {
    configure({ STUB_CHATTY: '1' });
    await cli('ensure');
    const { child, said, exit } = start('logs', '-f');
    await waitFor('a line', () => said.out !== '');
    child.stdout?.destroy();
    assert.deepEqual(await exit, [141, null]);
    assert.equal(said.err, '');
  });

  it('attaches a terminal, which types into the server and leaves it running', async () => {
    await cli('ensure');
    assert.equal((await cli('attach')).exitCode, 2, 'without a terminal');
    const terminal = spawnInTerminal(process.execPath, [program, 'attach'], {
      cwd: workspace,
      env: environment(),
      cols: 77,
      rows: 20,
    });
    let screen = '';
    terminal.onData((data) => (screen += data));
    const exit = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
    try {
      await waitFor('the screen', () => screen.includes(`listening on ${rig.port}`));
      await waitFor('its size', () => screen.includes('size 77x20'));
      terminal.resize(66, 22);
      await waitFor('the other size', () => screen.includes('size 66x22'));
      terminal.write('hello\r');
      await waitFor('the answer', () => screen.includes('heard "hello'));
      terminal.write('\u001d');
      assert.equal(await exit, 0);
    } finally {
      if (isAlive(terminal.pid)) terminal.kill('SIGKILL');
    }
    assert.match(screen, /it goes on/);
    assert.equal(only((await json('status')).document).state, 'running');
  });

  it('ends the host and what it runs, for good', async () => {
    const { pid } = only((await json('ensure')).document);
    const host = rig.hostPid() ?? 0;
    assert.equal((await cli('shutdown')).exitCode, 0);
    await waitFor('the host to end', () => !isAlive(host));
    assert.equal(isAlive(pid ?? 0), false);
  });

  it('finds that the program is missing that starts the server', async () => {
    const app = { name: 'shop', type: 'web', path: 'cheatcode-app', command: 'no-such-program dev', port: rig.port };
    writeFileSync(path.join(workspace, 'cheatcode.json'), JSON.stringify({ apps: [app] }));
    const { exitCode, stdout } = await cli('doctor');
    assert.equal(exitCode, 1);
    assert.match(stdout, /fail {2}no-such-program, which starts the server, was not found/);
  });

  it('looks for trouble, and finds it', async () => {
    assert.equal((await cli('doctor')).exitCode, 0);
    const { exitCode, stdout } = await cliIn('/', 'doctor', '--json');
    assert.equal(exitCode, 1);
    const { checks } = JSON.parse(stdout) as { checks: { id: string; result: string }[] };
    assert.deepEqual(
      checks.filter(({ result }) => result === 'fail').map(({ id }) => id),
      ['workspace'],
    );
  });

  it('starts the server from a bare environment, which a user’s shell makes whole', async () => {
    // What a container's first process may have: not even a PATH.
    const env = { CHEATCODE_STATE_DIR: rig.stateFolder };
    const { exitCode, stdout, stderr } = await runCommand(
      process.execPath,
      [program, 'ensure', '--workspace', workspace, '--json', '--timeout', '50'],
      { cwd: '/', env, timeoutMs: 60_000 },
    );
    assert.equal(exitCode, 0, stderr);
    const { pid } = only(JSON.parse(stdout) as JsonDocument);
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    assert.ok(variables.some((variable) => /^PATH=.+/.test(variable)));
    assert.ok(variables.some((variable) => /^HOME=.+/.test(variable)));
    assert.equal(only((await json('ensure')).document).pid, pid, 'a later client finds it');
  });

  it('tells Redis of the server, and lists it from there', async () => {
    const redis = await RedisServer.start();
    try {
      const env = { ...environment(), CHEATCODE_REDIS_URL: redis.url, CHEATCODE_SANDBOX_ID: 'box' };
      const run = (...args: string[]) =>
        runCommand(process.execPath, [program, ...args], { cwd: workspace, env, timeoutMs: 60_000 });
      assert.equal((await run('ensure')).exitCode, 0);
      const list = async (...args: string[]) =>
        (JSON.parse((await run('ls', '--fleet', '--json', ...args)).stdout) as JsonDocument).apps ?? [];
      const found = await waitFor('the entry', async () => (await list())[0]);
      assert.deepEqual([found.session, found.sandbox, found.port], ['dev_server_web', 'box', rig.port]);
      assert.deepEqual(await list('--sandbox', 'another'), []);
      assert.match((await run('doctor')).stdout, /Redis answers/);
    } finally {
      await redis.stop();
    }
    assert.equal((await cli('ls', '--fleet')).exitCode, 1, 'no Redis is named');
  });

  it('explains itself, and refuses what it does not know', async () => {
    assert.match((await cli('--help')).stdout, /^usage: cheatcode-dev/);
    assert.match((await cli('--version')).stdout, /^\d+\.\d+\.\d+/);
    for (const wrong of [
      ['dance'],
      ['--nonsense'],
      [],
      ['status', '--yes'],
      ['attach', 'a', 'b'],
      ['completion', 'tcsh'],
    ])
      assert.equal((await cli(...wrong)).exitCode, 2, wrong.join(' '));
  });

  it('tells which state folder can not be used', async () => {
    const file = path.join(workspace, 'file');
    writeFileSync(file, '');
    const { exitCode, stderr } = await runCommand(process.execPath, [program, 'ensure'], {
      cwd: workspace,
      env: { ...environment(), CHEATCODE_STATE_DIR: path.join(file, 's') },
      timeoutMs: 30_000,
    });
    assert.equal(exitCode, 1);
    assert.match(stderr, /the state folder \S+ can't be used/);
  });
});
