import path from 'node:path';
import type { ProcessInfo, Processes } from './processes';

const INSTALL_VERBS: Readonly<Record<'npm' | 'pnpm' | 'yarn' | 'bun', ReadonlySet<string>>> = {
  npm: new Set(
    (
      'install i in ins inst insta instal isnt isnta isntal isntall add install-test it ci clean-install ic install-clean ' +
      'isntall-clean install-ci-test cit clean-install-test sit uninstall unlink un remove rm r update up upgrade udpate ' +
      'dedupe ddp prune rebuild rb link ln'
    ).split(' '),
  ),
  pnpm: new Set(
    (
      'install i add install-test it ci clean-install remove rm un uni uninstall update up upgrade dedupe prune rebuild rb ' +
      'link ln unlink dislink import patch-commit approve-builds'
    ).split(' '),
  ),
  yarn: new Set('install add remove up upgrade upgrade-interactive import dedupe link unlink rebuild focus'.split(' ')),
  bun: new Set('install i ci add a remove rm update link unlink'.split(' ')),
};
/** Options whose value is the next word, where that word could be taken for the verb. */
const VALUED =
  /^(-C|--dir|--prefix|--cwd|-F|--filter|--filter-prod|--workspace|--registry|--cache|--store-dir|--userconfig|--loglevel|--config)$/;
const INTERPRETERS = /^(node|nodejs|sh|bash|dash|ash)$/;

/**
 * Whether a command line is that of a package manager that changes what is installed in its folder: `npm ci`, `node
 * …/pnpm.cjs add x`, `yarn`; not `run`, `exec`, `dlx` or `npx`, and no global install.
 */
export function isInstallCommand(command: string): boolean {
  const words = command.split(/\s+/).filter((word) => word !== '');
  let index = 0;
  if (INTERPRETERS.test(programName(words[0] ?? ''))) {
    index = 1;
    // `sh -c 'npm ci'` only waits for the one that does it, and other commands may follow.
    for (; words[index]?.startsWith('-'); index++) if (words[index] === '-c') return false;
  }
  const manager = managerOf(words[index] ?? '');
  if (!manager) return false;
  const args = words.slice(index + 1);
  if (args.some((word) => /^(-g|--global|--location=global|-h|--help|-v|--version)$/.test(word))) return false;
  const verbs = args.filter((word, at) => !word.startsWith('-') && !takesValue(manager, args[at - 1] ?? ''));
  const [first, second = '', third = ''] = verbs;
  if (manager === 'npm' && first === 'audit') return second === 'fix';
  if (manager === 'yarn') {
    if (first === undefined) return true;
    if (first === 'workspace') return INSTALL_VERBS.yarn.has(third);
    if (first === 'workspaces') return second === 'focus';
  }
  return first !== undefined && INSTALL_VERBS[manager].has(first);
}

/**
 * The first package manager that works in one of the folders (compared by inode) and that is neither one of `own` nor
 * started by one of them. What hides its working directory is not seen.
 */
export async function findInstaller(
  processes: Processes,
  folders: readonly string[],
  own: readonly number[],
): Promise<{ readonly pid: number; readonly command: string } | undefined> {
  const all = await processes.list();
  const parents = new Map(all.map(({ pid, ppid }) => [pid, ppid]));
  for (const info of all) {
    if (info.isZombie || !isInstallCommand(info.command) || descendsFrom(info, parents, own)) continue;
    for (const folder of folders)
      if (await processes.runsIn(info.pid, folder)) return { pid: info.pid, command: info.command };
  }
  return undefined;
}

function descendsFrom(info: ProcessInfo, parents: ReadonlyMap<number, number>, own: readonly number[]): boolean {
  const seen = new Set<number>();
  for (let pid: number | undefined = info.pid; pid !== undefined && !seen.has(pid); pid = parents.get(pid)) {
    if (own.includes(pid)) return true;
    seen.add(pid);
  }
  return false;
}

/** `-w` names a workspace for npm; for pnpm it is the root of all, without a value. */
function takesValue(manager: keyof typeof INSTALL_VERBS, option: string): boolean {
  return VALUED.test(option) || (manager === 'npm' && option === '-w');
}

function managerOf(program: string): keyof typeof INSTALL_VERBS | undefined {
  const name = programName(program);
  // Yarn keeps its releases in the repository: `.yarn/releases/yarn-4.5.0.cjs`.
  const match = /^(npm-cli|npm|pnpm|yarn|yarnpkg|yarn-[\d.]+|bun)$/.exec(name)?.[1];
  if (match === undefined) return undefined;
  if (match.startsWith('npm')) return 'npm';
  return match.startsWith('yarn') ? 'yarn' : match === 'pnpm' ? 'pnpm' : 'bun';
}

/** `…/bin/pnpm.cjs` → `pnpm`, also with the separators of Windows. */
function programName(word: string): string {
  return path.win32.basename(word).replace(/\.(c?js|mjs|exe|cmd)$/, '');
}
