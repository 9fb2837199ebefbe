import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { Finding } from '../../src/sessions/doctorFinding';
import { dependenciesCheck, nextLockCheck, portCheck, programCheck, tunnelCheck } from '../../src/sessions/doctorApps';
import { nodeVersionCheck } from '../../src/sessions/doctorNode';
import { deleteFreeLock, systemDoctorPorts } from '../../src/sessions/doctorSystem';
import { ciCheck, localhostCheck, variableIn, withoutVariable } from '../../src/sessions/doctorVariables';
import { outputOf } from '../../src/sessions/lookAround';
import { aMobileApp, anApp, aSession } from './samples';
import { aContext, aPatient, fixTitles, plainSettings, said } from './support/doctorFakes';
import { tempFolders, writeTree } from './support/tempFolders';
import { skipBecause, skipOnWindows } from '../support/skip';

const web = anApp();
const mobile = aMobileApp();
const WEB = '/w/cheatcode-app';
const MOBILE = '/w/cheatcode-mobile';
const run = (
  file: string,
  args: readonly string[],
  of: { cwd: string; env: Readonly<Record<string, string | undefined>> },
) => outputOf(file, args, of.env, of.cwd);
const system = systemDoctorPorts(run);

/** The one edit that a finding offers. */
function editOf([finding]: readonly Finding[]): { file: string; before: string; after: string } {
  const change = finding?.fixes?.[0]?.change;
  assert.ok(change?.kind === 'edit', JSON.stringify(finding));
  return change;
}

describe('the doctor on CI and Expo', () => {
  it('finds it in cheatcode.json, and would take out that line alone', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const app = aMobileApp({ declared: { ...mobile.declared, env: { CI: '1', A: 'b' } } });
    const text =
      '{\n  // ours\n  "apps": [\n    { "path": "cheatcode-mobile", "env": { "CI": "1", "A": "b" } }\n  ]\n}\n';
    const context = aContext({ files: { '/w/cheatcode.json': text } });
    const found = await ciCheck(context, aPatient(app));
    assert.deepEqual(said(found), ['warn: cheatcode.json sets CI=1 for Mobile.']);
    const { file, after } = editOf(found);
    assert.equal(file, '/w/cheatcode.json');
    assert.match(after, /\/\/ ours/);
    assert.doesNotMatch(after, /CI/);
    assert.match(after, /"A": "b"/);
  });

  it('finds it in a .env file that Expo reads', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const files = { [`${MOBILE}/.env.local`]: 'A=1\nexport CI = "true" # no\nB=2\n' };
    const found = await ciCheck(aContext({ files }), aPatient(mobile));
    assert.deepEqual(said(found), ['warn: .env.local sets CI=true for Mobile.']);
    assert.equal(editOf(found).after, 'A=1\nB=2\n');
  });

  it('finds it in the command of a setting, and in the script that runs', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const settings = { ...plainSettings, mobile: { ...plainSettings.mobile, command: 'CI=1 npx expo start' } };
    const of = { spec: { command: ['sh', '-c', 'CI=1 npx expo start'] } };
    const found = await ciCheck(aContext({ settings }), aPatient(mobile, of));
    assert.match(said(found).join(), /^warn: The command of Mobile sets CI/);
    assert.deepEqual(found[0]?.fixes?.[0]?.change, {
      kind: 'setting',
      setting: 'cheatcode.mobile.command',
      value: 'npx expo start',
    });
    const scripts = { dev: 'CI=1 expo start --port 8081' };
    const files = { [`${MOBILE}/package.json`]: '{ "scripts": { "dev": "CI=1 expo start --port 8081" } }' };
    const script = await ciCheck(
      aContext({ files }),
      aPatient(mobile, { scripts, spec: { command: ['pnpm', 'run', 'dev'] } }),
    );
    assert.match(said(script).join(), /^warn: The script "dev" of Mobile sets CI/);
    assert.equal(editOf(script).after, '{ "scripts": { "dev": "expo start --port 8081" } }');
  });

  it('finds it in the environment of a server that others started', async () => {
    const session = aSession({ adopted: true, listenerPid: 7 });
    const ports = { variableOf: (pid: number) => Promise.resolve(pid === 7 ? '1' : undefined) };
    const found = await ciCheck(aContext({ ports }), aPatient(mobile, { session }));
    assert.deepEqual(said(found), [
      'warn: The server of Mobile, started outside Cheatcode, has CI=1 in its environment (pid 7).',
    ]);
    assert.deepEqual(fixTitles(found), ['Restart in a Cheatcode Terminal…']);
  });

  it('is content where it is only in the editor’s environment, is off, or stands in a script that does not run', async () => {
    assert.deepEqual(said(await ciCheck(aContext({ env: { CI: '1' } }), aPatient(mobile))), ['ok']);
    const files = { [`${MOBILE}/.env`]: '# CI=1\nCI=0\nMY_CI=1\n' };
    const scripts = { dev: 'CI=1 expo start' };
    assert.deepEqual(said(await ciCheck(aContext({ files }), aPatient(mobile, { scripts }))), ['ok']);
    assert.deepEqual(said(await ciCheck(aContext({ env: { CI: '1' } }), aPatient(web))), [], 'Next.js does not mind');
  });

  it('reads and takes out variables as the files are written', () => {
    assert.equal(variableIn('X=1\r\nCI=1\r\n', 'CI'), '1');
    assert.equal(withoutVariable('X=1\r\nCI=1\r\nY=2', 'CI'), 'X=1\r\nY=2');
    assert.equal(withoutVariable('CI=1', 'CI'), '');
    assert.equal(variableIn('CID=1', 'CI'), undefined);
  });
});

describe('the doctor on 127.0.0.1 and localhost', () => {
  it('finds the app’s own port there in cheatcode.json, and changes that alone', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const env = { NEXT_PUBLIC_SITE: 'http://127.0.0.1:3000/x', DB: 'http://127.0.0.1:30001' };
    const app = anApp({ declared: { ...web.declared, env } });
    const text = JSON.stringify({ apps: [{ path: 'cheatcode-app', env }] }, undefined, 2);
    const found = await localhostCheck(aContext({ files: { '/w/cheatcode.json': text } }), aPatient(app));
    assert.deepEqual(said(found), ['warn: cheatcode.json gives Web an address at 127.0.0.1: NEXT_PUBLIC_SITE']);
    assert.match(editOf(found).after, /http:\/\/localhost:3000\/x/);
    assert.match(editOf(found).after, /127\.0\.0\.1:30001/);
  });

  it('finds it in a .env file, and leaves comments as they are', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const files = { [`${WEB}/.env`]: '# http://127.0.0.1:3000\nAUTH_URL=http://127.0.0.1:3000\n' };
    const found = await localhostCheck(aContext({ files }), aPatient(web));
    assert.deepEqual(said(found), ['warn: .env of Web names its own address at 127.0.0.1.']);
    assert.equal(editOf(found).after, '# http://127.0.0.1:3000\nAUTH_URL=http://localhost:3000\n');
  });

  it('finds a preview at that address, unless Next.js is told to serve it', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const settings = { ...plainSettings, web: { ...plainSettings.web, previewUrl: 'http://127.0.0.1:{{port}}/' } };
    const found = await localhostCheck(aContext({ settings }), aPatient(web));
    assert.match(said(found).join(), /^warn: cheatcode\.web\.previewUrl shows Web at 127\.0\.0\.1/);
    assert.deepEqual(found[0]?.fixes?.[0]?.change, {
      kind: 'setting',
      setting: 'cheatcode.web.previewUrl',
      value: 'http://localhost:{{port}}/',
    });
    const files = { [`${WEB}/next.config.ts`]: "export default { allowedDevOrigins: ['127.0.0.1'] }" };
    assert.deepEqual(said(await localhostCheck(aContext({ settings, files }), aPatient(web))), ['ok']);
  });

  it('is content with localhost, and with what else listens at 127.0.0.1', async () => {
    const files = { [`${WEB}/.env`]: 'AUTH_URL=http://localhost:3000\nDATABASE_URL=postgres://127.0.0.1:5432/db\n' };
    assert.deepEqual(said(await localhostCheck(aContext({ files }), aPatient(web))), ['ok']);
  });
});

describe('the doctor on ports', () => {
  it('finds one that is taken, with its holder, and the next that is free', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const ports = {
      isPortFree: (port: number) => Promise.resolve(port > 3001),
      portHolder: () => Promise.resolve({ words: 'ruby app.rb (pid 42)', pid: 42 }),
      runsIn: () => Promise.resolve(false),
    };
    const found = await portCheck(aContext({ ports }), aPatient(web));
    assert.deepEqual(said(found), ['warn: Port 3000 is taken by ruby app.rb (pid 42).']);
    assert.deepEqual(
      found[0]?.fixes?.map(({ change }) => change),
      [{ kind: 'setting', setting: 'cheatcode.web.port', value: 3002 }],
    );
    const app = anApp({ declared: { ...web.declared, port: 3000 } });
    const text = '{ "apps": [{ "path": "cheatcode-app", "port": 3000 }] }';
    const declared = await portCheck(aContext({ ports, files: { '/w/cheatcode.json': text } }), aPatient(app));
    assert.equal(editOf(declared).after, text.replace('3000', '3002'));
  });

  it('leads to the questions of a session that is blocked by it', async () => {
    const session = aSession({
      state: 'blocked',
      reason: { code: 'portTaken', facts: { port: 3000, pid: 42, command: 'ruby' } },
    });
    const found = await portCheck(aContext(), aPatient(web, { session }));
    assert.match(said(found).join(), /^warn: Web can't start: port 3000 is taken by pid 42/);
    assert.deepEqual(fixTitles(found), ['Use Next Free Port', 'Stop the Other…']);
  });

  it('offers to take over what listens in the app’s own folder', async () => {
    const ports = {
      isPortFree: (port: number) => Promise.resolve(port !== 3000),
      portHolder: () => Promise.resolve({ words: 'node (pid 4)', pid: 4 }),
    };
    assert.deepEqual(fixTitles(await portCheck(aContext({ ports }), aPatient(web))), [
      'Take It Over',
      'Change to Port 3001',
    ]);
  });

  it('is content with a free port, and with its own server on it', async () => {
    assert.deepEqual(said(await portCheck(aContext(), aPatient(web))), ['ok']);
    const ports = { isPortFree: () => Promise.resolve(false) };
    assert.deepEqual(said(await portCheck(aContext({ ports }), aPatient(web, { session: aSession() }))), ['ok']);
  });

  it('names the real holder of a real port', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as net.AddressInfo;
      const found = await portCheck(
        aContext({ ports: { ...system, runsIn: () => Promise.resolve(false) } }),
        aPatient(web, { spec: { port } }),
      );
      assert.match(said(found).join(), new RegExp(`^warn: Port ${port} is taken by .*\\(pid ${process.pid}\\)\\.$`));
    } finally {
      server.close();
    }
  });
});

describe('the doctor on dependencies and package managers', () => {
  const makeFolder = tempFolders();

  it('finds packages that are missing, for real, and is content when they are there', async function () {
    skipOnWindows(this, 'package managers are batch files there');
    const folder = makeFolder();
    writeTree(folder, {
      'package.json': { dependencies: { next: '*' } },
      'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
    });
    const patient = aPatient(anApp({ folder }));
    const ports = { installed: (folder: string) => system.installed(folder) };
    const found = await dependenciesCheck(aContext({ ports }), patient);
    assert.deepEqual(said(found), ['warn: The packages of Web are not installed.']);
    assert.deepEqual(fixTitles(found), ['Install and Start']);
    assert.match(found[0]?.fixes?.[0]?.detail ?? '', /^Runs `pnpm install` in \/tmp\//);
    writeTree(folder, { 'node_modules/.modules.yaml': 'layoutVersion: 5\n' });
    assert.deepEqual(said(await dependenciesCheck(aContext({ ports }), patient)), ['ok']);
  });

  it('finds packages that are others than the lock file’s', async () => {
    const ports = { installed: () => Promise.resolve('differs' as const) };
    const found = await dependenciesCheck(aContext({ ports }), aPatient(web, { session: aSession() }));
    assert.deepEqual(said(found), ['warn: The installed packages of Web are not those of its lock file.']);
    assert.deepEqual(fixTitles(found), ['Install and Restart']);
  });

  it('finds a package manager that is missing, and would install the version that package.json wants', async function () {
    skipOnWindows(this, 'package managers are batch files there');
    const ports = { findProgram: (name: string) => Promise.resolve(name === 'npm' ? '/bin/npm' : undefined) };
    const files = { [`${WEB}/package.json`]: '{ "packageManager": "pnpm@9.15.0+sha512.x" }' };
    const found = await programCheck(aContext({ ports, files }), aPatient(web));
    assert.deepEqual(said(found), ['fail: pnpm, which starts the server, was not found.']);
    assert.deepEqual(found[0]?.fixes?.[0]?.change, {
      kind: 'terminal',
      folder: WEB,
      command: 'npm install --global pnpm@9.15.0',
    });
    assert.deepEqual(fixTitles(await programCheck(aContext({ ports, files, trusted: false }), aPatient(web))), [
      'Open Settings',
    ]);
  });

  it('finds one that gives no answer, and runs none in a workspace that is not trusted', async () => {
    const ports = { outputOf: () => Promise.resolve(undefined) };
    assert.match(said(await programCheck(aContext({ ports }), aPatient(web))).join(), /^warn: pnpm.* gave no version/);
    assert.deepEqual(said(await programCheck(aContext({ ports, trusted: false }), aPatient(web))), ['ok']);
    assert.deepEqual(said(await programCheck(aContext(), aPatient(web))), ['ok']);
  });
});

describe('the doctor on the version of Node.js', () => {
  const at = (files: Readonly<Record<string, string>>, version = 'v22.1.0', trusted = true) =>
    nodeVersionCheck(aContext({ files, trusted, ports: { outputOf: () => Promise.resolve(version) } }), aPatient(web));

  it('finds another one than .nvmrc, engines or Next.js itself want', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    assert.deepEqual(said(await at({ [`${WEB}/.nvmrc`]: '20\n' })), [
      'warn: Web gets Node.js 22.1.0, and wants 20 (by .nvmrc).',
    ]);
    assert.deepEqual(said(await at({ '/w/.nvmrc': 'lts/iron' })), [
      'warn: Web gets Node.js 22.1.0, and wants lts/iron (by .nvmrc).',
    ]);
    const engines = (node: string) => JSON.stringify({ engines: { node } });
    assert.deepEqual(said(await at({ [`${WEB}/package.json`]: engines('>=24') })), [
      'warn: Web gets Node.js 22.1.0, and wants >=24 (by package.json).',
    ]);
    assert.deepEqual(said(await at({ [`${WEB}/node_modules/next/package.json`]: engines('>=20.9.0') }, 'v18.20.0')), [
      'fail: Web gets Node.js 18.20.0, and wants >=20.9.0 (by Next.js).',
    ]);
  });

  it('offers one that a version manager has, by a command that shows it', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const bin = '/home/ann/.nvm/versions/node/v20.11.1/bin';
    const found = await at({
      [`${WEB}/.nvmrc`]: '20',
      [`${bin}/node`]: '',
      '/home/ann/.nvm/versions/node/v18.1.0/bin/node': '',
    });
    assert.deepEqual(found[0]?.fixes?.[0]?.change, {
      kind: 'setting',
      setting: 'cheatcode.web.command',
      value: `PATH="${bin}:$PATH" pnpm run dev`,
    });
  });

  it('is content with the version that is wanted, with no wish, and with a wish that nobody can read', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    assert.deepEqual(said(await at({ [`${WEB}/.nvmrc`]: 'v22' })), ['ok']);
    assert.deepEqual(said(await at({ [`${WEB}/.nvmrc`]: 'lts/*' })), ['ok']);
    assert.deepEqual(await at({}), []);
    assert.deepEqual(said(await at({ [`${WEB}/.nvmrc`]: 'my-own-build' })), ['ok']);
  });

  it('asks no program for its version in a workspace that is not trusted', async () => {
    assert.deepEqual(await at({ [`${WEB}/.nvmrc`]: '20' }, 'v22.1.0', false), []);
  });
});

describe('the doctor on the tunnel', () => {
  const tunnel = (files: Readonly<Record<string, string>>, of: Parameters<typeof aPatient>[1] = {}) =>
    tunnelCheck(
      aContext({ files, ports: { outputOf: () => Promise.resolve('/global/node_modules\n') } }),
      aPatient(mobile, of),
    );

  it('finds that @expo/ngrok is missing, and would use the local network or install it', async () => {
    const found = await tunnel({});
    assert.deepEqual(said(found), ['warn: @expo/ngrok, which the tunnel of Mobile needs, is not installed.']);
    assert.deepEqual(
      found[0]?.fixes?.map(({ change }) => change),
      [
        { kind: 'setting', setting: 'cheatcode.mobile.connection', value: 'lan' },
        { kind: 'terminal', folder: MOBILE, command: 'npm install --global @expo/ngrok@^4.1.0' },
      ],
    );
  });

  it('is content with one in the project or among the global packages, and without a tunnel', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    assert.deepEqual(said(await tunnel({ '/w/node_modules/@expo/ngrok/package.json': '{}' })), ['ok']);
    assert.deepEqual(said(await tunnel({ '/global/node_modules/@expo/ngrok/package.json': '{}' })), ['ok']);
    assert.deepEqual(await tunnel({}, { spec: { command: ['npx', 'expo', 'start', '--lan'] } }), []);
    assert.deepEqual(await tunnelCheck(aContext({ trusted: false }), aPatient(mobile)), [], 'nothing is run');
  });
});

describe('the doctor on the lock of Next.js', function () {
  const makeFolder = tempFolders();
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const { pid } of children.splice(0)) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  });
  const locked = (folder: string) => {
    writeTree(folder, { '.next/dev/lock': { pid: 4242, port: 3005 } });
    return path.join(folder, '.next/dev/lock');
  };
  const check = (folder: string, session?: ReturnType<typeof aSession>) =>
    nextLockCheck(
      aContext({ ports: { isLocked: (file: string) => system.isLocked(file) } }),
      aPatient(anApp({ folder }), session ? { session } : {}),
    );

  it('finds a file whose lock nobody holds, and deletes just that', async function () {
    if (process.platform !== 'linux') return skipBecause(this, 'only Linux tells who holds a lock of a file');
    const folder = makeFolder();
    const file = locked(folder);
    const found = await check(folder);
    assert.deepEqual(said(found), [
      'warn: A server of Web that was killed (pid 4242, port 3005) has left its lock file behind.',
    ]);
    assert.match(found[0]?.help ?? '', /does no harm/);
    assert.deepEqual(found[0]?.fixes?.[0]?.change, { kind: 'deleteLock', file });
    assert.equal(await deleteFreeLock(file, run), true);
    assert.equal(existsSync(file), false);
    assert.deepEqual(said(await check(folder)), ['ok']);
  });

  it('is content with one that a process holds, and never deletes it', async function () {
    if (process.platform !== 'linux') return skipBecause(this, 'only Linux tells who holds a lock of a file');
    const folder = makeFolder();
    const file = locked(folder);
    // As Next.js does it: flock(2), for as long as it lives.
    const child = spawn('flock', ['-x', file, 'sh', '-c', 'echo held; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    children.push(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    assert.deepEqual(said(await check(folder)), ['ok']);
    assert.equal(await deleteFreeLock(file, run), false);
    assert.equal(existsSync(file), true);
  });

  it('says nothing while the app’s own server runs', async () => {
    const folder = makeFolder();
    locked(folder);
    assert.deepEqual(await check(folder, aSession()), []);
  });
});

describe('the doctor’s look at programs', () => {
  const makeFolder = tempFolders();

  it('ends one that hangs, and says that it gave no answer', async function () {
    skipOnWindows(this, 'a script is no program by its first line there');
    this.timeout(20_000);
    const folder = makeFolder();
    const file = path.join(folder, 'pnpm');
    writeFileSync(file, '#!/bin/sh\necho $$ > "$0.pid"\nexec sleep 60\n', { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const context = aContext({ env, ports: { ...system, readText: () => Promise.resolve(undefined) } });
    const found = await programCheck(context, aPatient(anApp({ folder })));
    assert.match(said(found).join(), /^warn: pnpm.* gave no version/);
    assert.throws(() => process.kill(Number(readFileSync(`${file}.pid`, 'utf8')), 0));
  });
});
