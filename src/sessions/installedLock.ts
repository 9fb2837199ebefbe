/**
 * Whether what is installed in a folder is what its lock file says, by the copy of the lock that the package manager
 * leaves with its last step. Never by times, which a checkout or a container image sets as it likes.
 */
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { readPackageJson } from './packageJson';
import {
  compareNpm,
  comparePnpm,
  compareYarnBerry,
  compareYarnClassic,
  isYarnBerry,
  yarnPnpPackages,
  yarnStatePackages,
  type LockVerdict,
} from './lockContents';

/** The folder that has lock files, and their names. */
export interface LockPlace {
  readonly folder: string;
  readonly names: readonly string[];
}

const LOCK_FILES = ['pnpm-lock.yaml', 'package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'bun.lock', 'bun.lockb'];
/** What an installer leaves when it is done; bun leaves nothing in its plain layout. Relative to the lock's folder. */
const MARKS = [
  'node_modules/.modules.yaml',
  'node_modules/.package-lock.json',
  'node_modules/.yarn-integrity',
  'node_modules/.yarn-state.yml',
  'node_modules/.store',
  'node_modules/.bun',
  '.pnp.cjs',
];

/** The lock files next to the folder, looked for upwards from it; undefined when there are none up to the root. */
export async function nearestLock(folder: string): Promise<LockPlace | undefined> {
  for (let at = folder; ; at = path.dirname(at)) {
    const present = await Promise.all(LOCK_FILES.map((name) => exists(path.join(at, name))));
    const names = LOCK_FILES.filter((_, index) => present[index]);
    if (names.length > 0) return { folder: at, names };
    if (path.dirname(at) === at) return undefined;
  }
}

/**
 * `missing`: the app's packages are not there, or an install was cut short before its end. `differs`: the lock file wants
 * others than are there. `installed` in every case of doubt. Never rejects.
 */
export async function installedState(folder: string): Promise<'installed' | 'missing' | 'differs'> {
  const lock = await nearestLock(folder);
  if (!lock) return (await isInstalledSomewhere(folder)) ? 'installed' : 'missing';
  const own = path.join(folder, 'node_modules');
  for (const name of lock.names) {
    const verdict = await verdictOf(name, lock.folder, folder);
    if (verdict === 'notMember') return (await exists(own)) ? 'installed' : 'missing';
    if (verdict !== undefined) return verdict;
  }
  // Another package manager than that of the lock file did it, and has nothing to compare.
  if (await anyExists(MARKS.map((mark) => path.join(lock.folder, mark)))) return 'installed';
  if (lock.folder !== folder && (await exists(own))) return 'installed';
  const { packageJson } = await readPackageJson(folder);
  return packageJson?.dependencies.size === 0 ? 'installed' : 'missing';
}

/** Undefined when the lock file's package manager has not finished an install there. */
async function verdictOf(name: string, root: string, folder: string): Promise<LockVerdict | 'missing' | undefined> {
  const member = path.relative(root, folder).split(path.sep).join('/') || '.';
  const modules = path.join(root, 'node_modules');
  const lockText = await read(path.join(root, name));
  switch (name) {
    case 'pnpm-lock.yaml': {
      const mark = await read(path.join(modules, '.modules.yaml'));
      if (mark === undefined) return undefined;
      const virtualStore = /^\s*"?virtualStoreDir"?: *["']?(.*?)["']?,?$/m.exec(mark)?.[1] ?? '.pnpm';
      const copy =
        (await read(path.join(modules, '.pnpm/lock.yaml'))) ??
        (await read(path.resolve(modules, virtualStore, 'lock.yaml')));
      if (lockText === undefined || copy === undefined) return 'installed';
      const verdict = comparePnpm(lockText, copy, mark, member);
      // `pnpm install --filter` copies the whole lock and installs for one package of the workspace.
      const isIsolated = /nodeLinker"?: "?isolated/.test(mark);
      if (verdict === 'notMember' || member === '.' || !isIsolated) return verdict;
      if (await exists(path.join(folder, 'node_modules'))) return verdict;
      return (await readPackageJson(folder)).packageJson?.dependencies.size === 0 ? verdict : 'missing';
    }
    case 'package-lock.json':
    case 'npm-shrinkwrap.json': {
      const copy = await read(path.join(modules, '.package-lock.json'));
      return copy === undefined ? undefined : compareNpm(lockText ?? '', copy, member);
    }
    case 'yarn.lock': {
      if (lockText === undefined || !isYarnBerry(lockText)) {
        const integrity = await read(path.join(modules, '.yarn-integrity'));
        if (integrity === undefined) return undefined;
        const { packageJson } = await readPackageJson(folder);
        return compareYarnClassic(lockText ?? '', integrity, packageJson?.dependencies ?? new Map<string, string>());
      }
      const state = await read(path.join(modules, '.yarn-state.yml'));
      if (state !== undefined) return compareYarnBerry(lockText, yarnStatePackages(state), member);
      // With its inlining off, the data lies beside.
      const pnp = (await read(path.join(root, '.pnp.data.json'))) ?? (await read(path.join(root, '.pnp.cjs')));
      return pnp === undefined ? undefined : compareYarnBerry(lockText, yarnPnpPackages(pnp), member);
    }
    default:
      return (await exists(modules)) ? 'installed' : undefined;
  }
}

/** Without a lock file: whether there are packages in the folder or above it, and no install of them was cut short. */
async function isInstalledSomewhere(folder: string): Promise<boolean> {
  for (let at = folder; ; at = path.dirname(at)) {
    const modules = path.join(at, 'node_modules');
    if (await exists(path.join(at, '.pnp.cjs'))) return true;
    // pnpm makes the one at its beginning and the other at its end; of the rest there is no telling.
    if (await exists(modules))
      return (await exists(path.join(modules, '.modules.yaml'))) || !(await exists(path.join(modules, '.pnpm')));
    if (path.dirname(at) === at) return false;
  }
}

/** Undefined when there is none; a file that is there and can't be read is an empty one. */
function read(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(async () => ((await exists(file)) ? '' : undefined));
}

async function anyExists(files: readonly string[]): Promise<boolean> {
  return (await Promise.all(files.map(exists))).includes(true);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
