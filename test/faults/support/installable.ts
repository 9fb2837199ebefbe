import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { LaunchSpec } from '../../../src/sessions/protocol';
import type { FaultCase } from './faultCase';

const run = promisify(execFile);

/** npm without a registry: what is installed lies on this disk. */
const npmInstall = ['npm', 'install', '--offline', '--no-audit', '--no-fund'] as const;

export interface InstallableOptions {
  /** How long the install takes beside npm's own time. */
  readonly delayMs?: number;
  /** Exit code of a script that the install runs. */
  readonly exitCode?: number;
}

/** Makes the stub an app with one package that is not installed yet; gives what its launch spec needs for that. */
export async function installable(
  c: FaultCase,
  options: InstallableOptions = {},
): Promise<Pick<LaunchSpec, 'install'>> {
  const { delayMs = 0, exitCode = 0 } = options;
  // A package's own script: npm marks an install as finished only after those, and the app's own come later still.
  await write(c, { one: script(exitCode, delayMs) });
  return { install: npmInstall };
}

/** Adds a second package to the app and its lock file, as a checkout does: it is not installed. */
export async function wantMore(c: FaultCase): Promise<void> {
  await write(c, { one: script(0, 0), two: undefined });
}

function script(exitCode: number, delayMs: number): string {
  return `node -e "setTimeout(() => process.exit(${exitCode}), ${delayMs})"`;
}

async function write(c: FaultCase, packages: Readonly<Record<string, string | undefined>>): Promise<void> {
  // Elsewhere: npm writes what it only noted to the installed copy of the lock, too.
  const folder = await mkdtemp(path.join(path.dirname(c.rig.stateFolder), 'lock-'));
  for (const [name, install] of Object.entries(packages)) await addPackage(folder, name, install);
  const dependencies = Object.fromEntries(Object.keys(packages).map((name) => [name, `file:packages/${name}.tgz`]));
  const scripts = { dev: 'node server.mjs' };
  const text = JSON.stringify({ name: 'stub', version: '1.0.0', private: true, type: 'module', scripts, dependencies });
  await writeFile(path.join(folder, 'package.json'), text);
  const [npm, ...args] = npmInstall;
  const env = { ...process.env, ...c.serverEnv };
  await run(npm, [...args, '--package-lock-only', '--ignore-scripts'], { cwd: folder, env });
  await cp(folder, c.rig.appFolder, { recursive: true });
}

/** As an archive: what is only linked is never out of date. */
async function addPackage(folder: string, name: string, install: string | undefined): Promise<void> {
  const content = path.join(folder, 'packages', name);
  await mkdir(path.join(content, 'package'), { recursive: true });
  await writeFile(
    path.join(content, 'package', 'package.json'),
    JSON.stringify({ name, version: '1.0.0', ...(install ? { scripts: { install } } : {}) }),
  );
  await run('tar', ['-czf', path.join(folder, 'packages', `${name}.tgz`), '-C', content, 'package']);
}
