import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import path from 'node:path';
import { pathName, pathOf } from './environmentPath';
import { DevServerError } from './errors';
import { runCommand } from './runCommand';

const MIN_MAJOR = 20;
const VERSION_TIMEOUT_MS = 5000;

/**
 * The Node that runs the session host: the setting, else the one that the app's environment finds if it is new enough,
 * else the editor's own binary as Node. Throws `nodeMissing` when the setting names something that is no Node of 20 or
 * newer.
 */
export async function findHostNode(
  setting: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly file: string; readonly env: Readonly<Record<string, string>> }> {
  if (setting !== undefined) {
    const major = await majorOf(setting, env);
    if (major === undefined || major < MIN_MAJOR)
      throw new DevServerError('nodeMissing', { path: setting, needed: MIN_MAJOR });
    return { file: setting, env: {} };
  }
  // Inside code-server it is most often the very Node that runs this: no need to ask it for its version.
  // It may lie where only root can look, and this has become another user by now.
  const own = await realpath(process.execPath).catch(() => undefined);
  const file = await nodeOnPath(env);
  const isOwn = file !== undefined && own === (await realpath(file).catch(() => undefined));
  const major = isOwn
    ? Number(process.versions.node.split('.')[0])
    : file === undefined
      ? undefined
      : await majorOf(file, env);
  // Not its real path: a version manager's program goes by the name that it was called by, and finds the others by PATH.
  if (file !== undefined && major !== undefined && major >= MIN_MAJOR)
    return { file, env: { [pathName(env)]: pathOf(env) } };
  const mayRun = await access(process.execPath, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!mayRun) throw new DevServerError('nodeMissing', { path: process.execPath, needed: MIN_MAJOR });
  return { file: process.execPath, env: { ELECTRON_RUN_AS_NODE: '1' } };
}

async function nodeOnPath(env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  for (const folder of pathOf(env).split(path.delimiter)) {
    const file = path.join(folder, process.platform === 'win32' ? 'node.exe' : 'node');
    const isProgram = await access(file, constants.X_OK).then(
      () => folder !== '',
      () => false,
    );
    if (isProgram) return file;
  }
  return undefined;
}

async function majorOf(file: string, env: Readonly<Record<string, string | undefined>>): Promise<number | undefined> {
  const result = await runCommand(file, ['--version'], {
    env: env as Record<string, string>,
    cwd: '/',
    timeoutMs: VERSION_TIMEOUT_MS,
  });
  const match = result.exitCode === 0 ? /^v(\d+)\./.exec(result.stdout.trim()) : null;
  return match ? Number(match[1]) : undefined;
}
