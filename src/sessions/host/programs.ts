import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathOf } from '../environmentPath';
import { runCommand } from '../runCommand';
import { windowsSuffixes } from '../windowsCommand';

/** What the host asks of the PATH before it starts something. */
export interface Programs {
  /** Absolute path of a program as the given environment would find it; undefined when there is none. */
  find(program: string, env: Readonly<Record<string, string>>, cwd: string): Promise<string | undefined>;
  /**
   * The `node_modules` that holds a package of at least this version (and its major version), looked for from the folder
   * upwards and then among the global ones; undefined when it is nowhere.
   */
  findPackage(
    packageName: string,
    minVersion: string,
    folder: string,
    env: Readonly<Record<string, string>>,
  ): Promise<string | undefined>;
}

/** npm answers in a second or so; without an answer the package counts as missing. */
const NPM_ROOT_TIMEOUT_MS = 15_000;

export const systemPrograms: Programs = {
  async find(program, env, cwd) {
    const suffixes = process.platform === 'win32' ? windowsSuffixes(program) : [''];
    const hasFolder = program.includes('/') || program.includes(path.sep);
    const folders = hasFolder ? [''] : pathOf(env).split(path.delimiter);
    for (const folder of folders)
      for (const suffix of suffixes) {
        const file = path.resolve(cwd, folder, program + suffix);
        const isProgram = await access(file, constants.X_OK).then(
          async () => (await stat(file)).isFile(),
          () => false,
        );
        if (isProgram) return file;
      }
    return undefined;
  },

  async findPackage(packageName, minVersion, folder, env) {
    for (let at = folder; ; at = path.dirname(at)) {
      if (await holdsPackage(path.join(at, 'node_modules'), packageName, minVersion))
        return path.join(at, 'node_modules');
      if (path.dirname(at) === at) break;
    }
    const npm = await systemPrograms.find('npm', env, folder);
    if (npm === undefined) return undefined;
    const { exitCode, stdout } = await runCommand(npm, ['root', '--global'], {
      cwd: folder,
      env,
      timeoutMs: NPM_ROOT_TIMEOUT_MS,
    });
    const root = stdout.trim();
    return exitCode === 0 && (await holdsPackage(root, packageName, minVersion)) ? root : undefined;
  },
};

async function holdsPackage(modules: string, packageName: string, minVersion: string): Promise<boolean> {
  const text = await readFile(path.join(modules, packageName, 'package.json'), 'utf8').catch(() => undefined);
  const version = /"version"\s*:\s*"(\d+)\.(\d+)/.exec(text ?? '');
  const [major = 0, minor = 0] = minVersion.split('.').map(Number);
  return version !== null && Number(version[1]) === major && Number(version[2]) >= minor;
}
