// npm start: from a fresh clone to the product in a browser.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installVsix, startCodeServer } from './codeServer.mjs';
import { codeServerVariable, ensureCodeServer, wantedCodeServer } from './codeServerInstall.mjs';
import { ensureVsix } from './package.mjs';
import { inSandbox } from './paths.mjs';
import { nextFreePort, tryPort } from './ports.mjs';
import { isAlive, processOf } from './proc.mjs';
import { endRunning, SetupError } from './run.mjs';
import { endSessionHosts } from './sessionHosts.mjs';
import { atEnd, end, endOnSignals, isEnding } from './signals.mjs';
import { step, together } from './step.mjs';
import { ensureWorkspace } from './workspace.mjs';

const help = `usage: npm start -- [options]

Sets up everything that is missing, then serves VS Code with the extension on 127.0.0.1.

  --workspace DIR        open this folder (default: a copy of the sample workspace)
  --port N               serve on this port (default: 8080, or the next free one)
  --app web|mobile|all   which app starts by itself (default: the extension's own rule)
  --code-server VERSION  in this version of code-server (default: the newest; 4.N is VS Code 1.N)
  --help                 this text

Ctrl+C ends everything that it started.
`;

/** @returns {{ workspace?: string, port?: number, app?: 'web' | 'mobile' | 'all', codeServer?: string, help?: boolean }} */
function readArguments() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        workspace: { type: 'string' },
        port: { type: 'string' },
        app: { type: 'string' },
        'code-server': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new SetupError(`${/** @type {Error} */ (error).message}\n\n${help}`);
  }
  const { workspace, port, app } = values;
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    throw new SetupError(`--port ${port}: not a port from 1 to 65535`);
  if (app !== undefined && app !== 'web' && app !== 'mobile' && app !== 'all')
    throw new SetupError(`--app ${app}: none of web, mobile, all`);
  return {
    ...(workspace === undefined ? {} : { workspace: path.resolve(workspace) }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(app === undefined ? {} : { app }),
    ...(values['code-server'] === undefined ? {} : { codeServer: values['code-server'] }),
    ...(values.help ? { help: true } : {}),
  };
}

async function main() {
  const options = readArguments();
  if (options.help) {
    console.log(help);
    return;
  }
  if (options.workspace && !(await stat(options.workspace).catch(() => undefined))?.isDirectory())
    throw new SetupError(`--workspace: there is no folder ${options.workspace}`);
  if (options.port !== undefined && (await tryPort(options.port)) === undefined)
    throw new SetupError(`port ${options.port} is taken: name another one with --port`);
  const version = await wantedCodeServer(options.codeServer);
  process.env[codeServerVariable] = version;
  endOnSignals((signal) => console.log(`\n${signal}: ending the editor and its dev servers …`));
  atEnd(async () => endRunning());
  await endAbandoned();

  const [vsix, sample] = await together([
    ensureVsix(),
    options.workspace ? Promise.resolve(options.workspace) : ensureWorkspace(),
    ensureCodeServer(),
  ]);
  // What a newer editor has written into them an older one need not understand.
  const profiles = inSandbox('start', version);
  const extensionsDir = path.join(profiles, 'extensions');
  await installOnce(/** @type {string} */ (vsix), extensionsDir);

  const port = options.port ?? (await nextFreePort(8080));
  const stateDir = await mkdtemp(path.join(os.tmpdir(), 'ccs-'));
  const record = await recordRun(stateDir);
  atEnd(() => rm(record, { force: true }));
  atEnd(() => rm(stateDir, { recursive: true, force: true }));
  atEnd(() => endSessionHosts(stateDir));
  const server = await step('code-server', () =>
    startCodeServer({
      workspace: /** @type {string} */ (sample),
      userDataDir: path.join(profiles, `user-data-${port}`),
      extensionsDir,
      port,
      logFile: inSandbox('logs', 'start', 'code-server.log'),
      env: {
        CHEATCODE_STATE_DIR: stateDir,
        ...(options.app === 'web' || options.app === 'mobile' ? { CHEATCODE_APP_TYPE: options.app } : {}),
      },
      // Undefined takes away what an earlier `--app all` has left in the file.
      settings: { 'cheatcode.autoStart': options.app === 'all' ? 'all' : undefined },
    }),
  );
  atEnd(() => server.stop());
  void server.exited.then(() => {
    if (isEnding()) return;
    console.error(`code-server ended:\n${server.output()}`);
    process.exitCode = 1;
    void end().then(() => process.exit());
  });
  console.log(`\n  Open in a browser:  ${server.folderUrl}\n\n  Ctrl+C ends the editor and its dev servers.\n`);
}

/** Installs the VSIX unless this very file is installed. @param {string} vsix @param {string} extensionsDir */
async function installOnce(vsix, extensionsDir) {
  const profiles = path.dirname(extensionsDir);
  const stamp = path.join(profiles, 'installed');
  const wanted = createHash('sha256')
    .update(await readFile(vsix))
    .digest('hex');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return;
  await step('extension into code-server', async () => {
    await rm(stamp, { force: true });
    await installVsix({ vsix, extensionsDir, userDataDir: path.join(profiles, 'user-data-install') });
    await writeFile(stamp, wanted);
  });
}

const runs = inSandbox('start', 'runs');

/** Notes whose session host is to be ended should this process be killed before it can. @param {string} stateDir */
async function recordRun(stateDir) {
  await mkdir(runs, { recursive: true });
  const file = path.join(runs, `${process.pid}.json`);
  const startTicks = (await processOf(process.pid))?.startTicks ?? '';
  await writeFile(file, JSON.stringify({ stateDir, pid: process.pid, startTicks }));
  return file;
}

/** Ends what a run left that was killed. */
async function endAbandoned() {
  for (const name of await readdir(runs).catch(() => /** @type {string[]} */ ([]))) {
    const file = path.join(runs, name);
    const { stateDir, pid, startTicks } = JSON.parse((await readFile(file, 'utf8').catch(() => '')) || '{}');
    if (stateDir && (await isAlive(pid, startTicks))) continue;
    if (stateDir) {
      await endSessionHosts(stateDir);
      await rm(stateDir, { recursive: true, force: true });
    }
    await rm(file, { force: true });
  }
}

main().catch(async (error) => {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  await end();
  process.exit(1);
});
