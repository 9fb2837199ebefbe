import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
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
  const folder = c.rig.appFolder;
  await addPackage(folder, 'one', '1.0.0');
  const { delayMs = 0, exitCode = 0 } = options;
  await writePackageJson(folder, ['one'], `node -e "setTimeout(() => process.exit(${exitCode}), ${delayMs})"`);
  await lock(c);
  return { install: npmInstall };
}

/** Adds a second package to the app and its lock file; it is not installed. */
export async function wantMore(c: FaultCase): Promise<void> {
  await addPackage(c.rig.appFolder, 'two', '1.0.0');
  await writePackageJson(c.rig.appFolder, ['one', 'two'], 'node -e 0');
  await lock(c);
}

async function lock(c: FaultCase): Promise<void> {
  const [npm, ...args] = npmInstall;
  await run(npm, [...args, '--package-lock-only', '--ignore-scripts'], {
    cwd: c.rig.appFolder,
    env: { ...process.env, ...c.serverEnv },
  });
}

/** As an archive: what is only linked is never out of date. */
async function addPackage(folder: string, name: string, version: string): Promise<void> {
  const content = path.join(folder, 'packages', name);
  await mkdir(path.join(content, 'package'), { recursive: true });
  await writeFile(path.join(content, 'package', 'package.json'), JSON.stringify({ name, version }));
  await run('tar', ['-czf', path.join(folder, 'packages', `${name}.tgz`), '-C', content, 'package']);
}

function writePackageJson(folder: string, packages: readonly string[], preinstall: string): Promise<void> {
  const dependencies = Object.fromEntries(packages.map((name) => [name, `file:packages/${name}.tgz`]));
  const scripts = { dev: 'node server.mjs', preinstall };
  const text = JSON.stringify({ name: 'stub', version: '1.0.0', private: true, type: 'module', scripts, dependencies });
  return writeFile(path.join(folder, 'package.json'), text);
}
