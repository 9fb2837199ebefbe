import * as l10n from '@vscode/l10n';
import { access, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { App, ConfigProblem } from './apps';
import { APP_TYPES, goesByOwnName, typeOf } from './appTypes';
import type { CheatcodeConfig, DeclaredApp } from './cheatcodeConfig';
import { splitCommand } from './commandLine';
import type { Span } from './jsonText';
import { readPackageJson, type PackageJson } from './packageJson';
import type { AppType } from './protocol';

/** What the apps of a file are compared with. */
export interface ConfigSurroundings {
  readonly file: string;
  /** All that are open: an app may lie in another than its file. */
  readonly workspaceFolders: readonly string[];
  /** All apps of the workspace, declared or found by their folders. */
  readonly apps: readonly Pick<App, 'name' | 'type'>[];
}

/** A declared app beside what its folder is in truth. */
interface Seen {
  readonly declared: DeclaredApp;
  readonly folder: string;
  /** Device and inode: one folder may have two paths. Undefined: there is no such folder. */
  readonly identity: string | undefined;
  readonly type: AppType;
}

/** Package managers whose `run` may name a program of the dependencies, too. */
const RUNS_PROGRAMS: ReadonlySet<string> = new Set(['yarn', 'bun']);

/**
 * What a schema can't say of a `cheatcode.json`, since it takes a look at the folders: one that is missing, a script that
 * package.json has not, two apps in one place. Never throws; the places are those of the values in the file.
 */
export async function checkConfig(config: CheatcodeConfig, around: ConfigSurroundings): Promise<ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  const report = (
    { offset, length }: Span,
    problem: Pick<ConfigProblem, 'code' | 'message'> & Partial<Pick<ConfigProblem, 'severity' | 'facts' | 'related'>>,
  ) => problems.push({ file: around.file, offset, length, severity: 'error', facts: {}, ...problem });
  const seen: Seen[] = [];
  for (const declared of config.apps) {
    const folder = path.resolve(path.dirname(around.file), declared.path);
    const identity = await identityOf(folder);
    if (await isOutside(folder, around.workspaceFolders))
      report(declared.at.path, {
        code: 'outsideWorkspace',
        message: l10n.t('"{0}" is outside of the workspace: it may be missing on another machine.', declared.path),
        severity: 'warning',
      });
    if (identity === undefined) {
      report(declared.at.path, {
        code: 'folderMissing',
        message: l10n.t('There is no folder "{0}".', declared.path),
        facts: { path: declared.path },
      });
      continue;
    }
    const { packageJson, problem } = await readPackageJson(folder);
    const type = declared.type ?? typeOf(folder, packageJson) ?? 'custom';
    const twin = seen.find((other) => other.identity === identity && other.type === type && !goesByOwnName(type));
    seen.push({ declared, folder, identity, type });
    if (twin)
      report(declared.at.path, {
        code: 'appTwice',
        message: l10n.t(
          'Another app of type "{0}" is in this folder already: one dev server at a time can run in it.',
          type,
        ),
        severity: 'warning',
        related: { ...twin.declared.at.path, message: l10n.t('The first app in this folder.') },
      });
    // What something else runs needs nothing but its folder.
    if (declared.managed === 'external') continue;
    if (APP_TYPES[type].port === undefined && declared.port === undefined)
      report(declared.at.type, {
        code: 'portMissing',
        message: l10n.t('An app of type "{0}" needs a "port".', type),
      });
    if (declared.command !== undefined) await checkCommand(declared, declared.command, folder, packageJson, report);
    else if (problem?.code === 'noPackageJson')
      report(declared.at.path, {
        code: 'noPackageJson',
        message: l10n.t('There is no package.json in "{0}": the app needs one, or a "command".', declared.path),
        facts: { path: declared.path },
      });
    else if (problem)
      report(declared.at.path, {
        code: 'badPackageJson',
        message: l10n.t('The package.json in "{0}" can\'t be read: {1}', declared.path, problem.facts['detail'] ?? ''),
      });
    else if (type !== 'mobile' && packageJson?.scripts['dev'] === undefined)
      report(declared.at.path, {
        code: 'noDevScript',
        message: l10n.t('The package.json in "{0}" has no script "dev": add one, or a "command" here.', declared.path),
        facts: { scripts: Object.keys(packageJson?.scripts ?? {}).join('\n') },
      });
  }
  checkAutoStart(config, around, report);
  return problems;
}

type Report = (
  at: Span,
  problem: Pick<ConfigProblem, 'code' | 'message'> & Partial<Pick<ConfigProblem, 'severity' | 'facts' | 'related'>>,
) => void;

/** `npm run serve` where package.json has no such script; of anything less plain nothing is said. */
async function checkCommand(
  { at }: DeclaredApp,
  command: string,
  folder: string,
  packageJson: PackageJson | undefined,
  report: Report,
): Promise<void> {
  const script = scriptIn(command);
  if (script === undefined || packageJson?.scripts[script.name] !== undefined) return;
  if (RUNS_PROGRAMS.has(script.manager)) {
    const isProgram = [path.join(folder, 'node_modules/.bin', script.name), path.join(folder, script.name)].map(
      (file) =>
        access(file).then(
          () => true,
          () => false,
        ),
    );
    if ((await Promise.all(isProgram)).includes(true)) return;
  }
  report(at.command, {
    code: 'scriptMissing',
    message: packageJson
      ? l10n.t('The package.json of this app has no script "{0}".', script.name)
      : l10n.t('There is no package.json that could have a script "{0}".', script.name),
    facts: { script: script.name, scripts: Object.keys(packageJson?.scripts ?? {}).join('\n') },
  });
}

/** The script that a plain `<package manager> run <script> …` names; undefined for all else. */
export function scriptIn(command: string): { readonly manager: string; readonly name: string } | undefined {
  const [manager = '', verb = '', ...rest] = splitCommand(command);
  if (!['npm', 'pnpm', 'yarn', 'bun'].includes(manager) || (verb !== 'run' && verb !== 'run-script')) return undefined;
  const [name] = rest.filter((word) => word !== '--silent' && word !== '-s');
  // Another option may lead to another folder; a pattern may match several scripts.
  return name === undefined || !/^[\w:.@-]+$/.test(name) || name.startsWith('-') ? undefined : { manager, name };
}

/** The names are those of all apps: one that is found by its folder needs no declaration. */
function checkAutoStart({ autoStart, autoStartAt }: CheatcodeConfig, { apps }: ConfigSurroundings, report: Report) {
  if (autoStart === undefined || autoStartAt === undefined || ['auto', 'all', 'off'].includes(autoStart)) return;
  if (apps.some(({ name, type }) => name === autoStart || type === autoStart)) return;
  report(autoStartAt, {
    code: 'unknownApp',
    message: l10n.t('There is no app named "{0}", nor one of that type: none starts by itself for it.', autoStart),
    severity: 'warning',
    facts: { name: autoStart, names: apps.map(({ name }) => name).join('\n') },
  });
}

async function identityOf(folder: string): Promise<string | undefined> {
  const stats = await stat(folder, { bigint: true }).catch(() => undefined);
  return stats?.isDirectory() ? `${stats.dev}:${stats.ino}` : undefined;
}

async function isOutside(folder: string, workspaceFolders: readonly string[]): Promise<boolean> {
  const real = (one: string) => realpath(one).catch(() => path.resolve(one));
  const [here, ...around] = await Promise.all([real(folder), ...workspaceFolders.map(real)]);
  const isBelow = (above: string, below: string) => {
    const way = path.relative(above, below);
    return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
  };
  // As written, too: a link inside of the workspace may lead out of it on purpose.
  return !around.some((above) => isBelow(above, here)) && !workspaceFolders.some((above) => isBelow(above, folder));
}
