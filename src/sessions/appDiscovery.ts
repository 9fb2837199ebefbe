import * as l10n from '@vscode/l10n';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { App, AppProblem, ConfigProblem, Discovery } from './apps';
import { APP_TYPES, goesByOwnName, KNOWN_FOLDERS, KNOWN_PACKAGES, typeOf } from './appTypes';
import type { CheatcodeConfig, DeclaredApp } from './cheatcodeConfig';
import type { ConfigReader } from './configReader';
import { errorCode, errorMessage } from './log';
import { readPackageJson, type PackageJson } from './packageJson';
import type { AppType } from './protocol';

const CONFIG_FILE = 'cheatcode.json';
/** Subfolders of a workspace folder that are looked into: a home folder opened by mistake must not cost seconds. */
const MAX_SUBFOLDERS = 200;

interface Found {
  readonly folder: string;
  readonly workspaceFolder: string;
  readonly type: AppType | undefined;
  readonly declared: DeclaredApp | undefined;
  readonly packageJson: PackageJson | undefined;
  readonly problem: AppProblem | undefined;
}

/** What a look at the workspace is done with. */
export interface DiscoveryPorts {
  /** Called where there is a `cheatcode.json` only: most workspaces have none. */
  readonly loadReader: () => ConfigReader;
  /** What stands in a `cheatcode.json` in place of what is saved; undefined: that. */
  readonly unsaved?: (file: string) => string | undefined;
}

/**
 * Looks for apps in the workspace folders (DESIGN section 5). Never throws: what can't be read becomes a problem of
 * that app or file, and the others are found all the same. One folder is one app, however many names lead to it.
 */
export async function discoverApps(workspaceFolders: readonly string[], ports: DiscoveryPorts): Promise<Discovery> {
  const problems: ConfigProblem[] = [];
  const found: Found[] = [];
  const configs: { readonly file: string; readonly config: CheatcodeConfig }[] = [];
  let declaredAutoStart: string | undefined;
  let isCheatcodeWorkspace = false;
  for (const workspaceFolder of workspaceFolders) {
    const config = await readConfig(workspaceFolder, problems, ports);
    const ownType = await cheatcodeTypeOf(workspaceFolder);
    const holdsApps = await Promise.all(
      [...KNOWN_FOLDERS.keys()].map(async (name) =>
        hasPackageJson(await readPackageJson(path.join(workspaceFolder, name))),
      ),
    );
    if (!config && !ownType && !holdsApps.includes(true)) continue;
    isCheatcodeWorkspace = true;
    declaredAutoStart ??= config?.autoStart;
    if (config) configs.push({ file: path.join(workspaceFolder, CONFIG_FILE), config });
    for (const declared of config?.apps ?? []) found.push(await fromDeclaration(workspaceFolder, declared));
    // A folder opened by itself keeps the name that the workspace around it gave it: one app, one identity.
    if (ownType && !config) found.push(...(await fromParentConfig(workspaceFolder, ports)));
    found.push(...(await fromFolders(workspaceFolder, ownType)));
  }
  const apps = await identify(found, workspaceFolders);
  for (const { file, config } of configs)
    problems.push(...(await ports.loadReader().checkConfig(config, { file, workspaceFolders, apps })));
  return { apps, problems, declaredAutoStart, isCheatcodeWorkspace };
}

/** What a folder is by itself, by its name or that of its package, however many links lead to it. */
async function cheatcodeTypeOf(folder: string): Promise<AppType | undefined> {
  const read = await readPackageJson(folder);
  if (!hasPackageJson(read)) return undefined;
  const real = await realpath(folder).catch(() => folder);
  return (
    KNOWN_FOLDERS.get(path.basename(folder)) ??
    KNOWN_FOLDERS.get(path.basename(real)) ??
    KNOWN_PACKAGES.get(read.packageJson?.name ?? '')
  );
}

/** There is one, even if it is broken: its app is shown with that problem. */
function hasPackageJson({ problem }: { readonly problem: AppProblem | undefined }): boolean {
  return problem?.code !== 'noPackageJson';
}

async function readConfig(
  folder: string,
  problems: ConfigProblem[],
  { loadReader, unsaved }: DiscoveryPorts,
): Promise<CheatcodeConfig | undefined> {
  const file = path.join(folder, CONFIG_FILE);
  try {
    const text = unsaved?.(file) ?? (await readFile(file, 'utf8'));
    const config = loadReader().parseCheatcodeConfig(file, text);
    problems.push(...config.problems);
    return config;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    const message = l10n.t("It can't be read: {0}", errorMessage(error));
    problems.push({ file, offset: 0, length: 1, code: 'unreadable', message, severity: 'error', facts: {} });
    return { apps: [], autoStart: undefined, autoStartAt: undefined, problems: [] };
  }
}

async function fromDeclaration(workspaceFolder: string, declared: DeclaredApp): Promise<Found> {
  const folder = path.resolve(workspaceFolder, declared.path);
  const base = { folder, workspaceFolder, declared };
  const isFolder = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder)
    return {
      ...base,
      type: declared.type,
      packageJson: undefined,
      problem: { code: 'folderMissing', facts: { folder } },
    };
  const { packageJson, problem } = await readPackageJson(folder);
  // An app with its own command needs no package.json.
  return {
    ...base,
    type: declared.type ?? typeOf(folder, packageJson),
    packageJson,
    problem: declared.command ? undefined : problem,
  };
}

async function fromParentConfig(folder: string, ports: DiscoveryPorts): Promise<Found[]> {
  const here = await realpath(folder);
  const result: Found[] = [];
  for (const parent of new Set([path.dirname(here), path.dirname(path.resolve(folder))])) {
    const config = await readConfig(parent, [], ports);
    for (const declared of config?.apps ?? []) {
      const there = await realpath(path.resolve(parent, declared.path)).catch(() => undefined);
      if (there === here) result.push({ ...(await fromDeclaration(parent, declared)), workspaceFolder: folder });
    }
    if (result.length > 0) break;
  }
  return result;
}

async function fromFolders(workspaceFolder: string, ownType: AppType | undefined): Promise<Found[]> {
  const result: Found[] = [];
  const consider = async (folder: string, expected: AppType | undefined) => {
    const { packageJson, problem } = await readPackageJson(folder);
    const type = expected ?? typeOf(folder, packageJson);
    if (type && (packageJson || (expected && problem?.code === 'badPackageJson')))
      result.push({ folder, workspaceFolder, type, declared: undefined, packageJson, problem });
  };
  await consider(workspaceFolder, ownType);
  const entries = await readdir(workspaceFolder, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter(
      (entry) =>
        (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.') && entry.name !== 'node_modules',
    )
    .map((entry) => entry.name)
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .slice(0, MAX_SUBFOLDERS);
  for (const name of names) await consider(path.join(workspaceFolder, name), KNOWN_FOLDERS.get(name));
  return result;
}

/** The folders of the convention first, web before mobile. */
function rank(name: string): number {
  const index = [...KNOWN_FOLDERS.keys()].indexOf(name);
  return index < 0 ? Number.MAX_SAFE_INTEGER : index;
}

async function identify(found: readonly Found[], workspaceFolders: readonly string[]): Promise<App[]> {
  const opened = new Set(await Promise.all(workspaceFolders.map((folder) => realpath(folder).catch(() => folder))));
  const byFolder = new Map<string, string>();
  const apps: App[] = [];
  for (const item of found) {
    const real = await realpath(item.folder).catch(() => item.folder);
    const stats = await stat(real, { bigint: true }).catch(() => undefined);
    const id = stats ? `${stats.dev}:${stats.ino}` : `missing:${real}`;
    const name = item.declared?.name ?? path.basename(real);
    const known = byFolder.get(id);
    // Two declarations may share a folder under two names; what was merely found joins what was declared.
    if (known !== undefined && (!item.declared || apps.some((app) => app.key === `${id}:${name}`))) continue;
    byFolder.set(id, name);
    const type = item.type ?? 'custom';
    const declared = {
      port: item.declared?.port,
      command: item.declared?.command,
      health: item.declared?.health,
      env: item.declared?.env ?? {},
      managed: item.declared?.managed ?? ('cheatcode' as const),
    };
    apps.push({
      key: `${id}:${name}`,
      name,
      type,
      folder: real,
      workspaceFolder: item.workspaceFolder,
      isWorkspaceFolder: opened.has(real),
      isFirstOfType: goesByOwnName(type) || !apps.some((app) => app.type === type),
      label: name,
      declared,
      problem: item.problem ?? startProblem(real, type, declared, item.packageJson),
    });
  }
  return apps.map((app) => ({ ...app, label: labelOf(app, apps) }));
}

function startProblem(
  folder: string,
  type: AppType,
  declared: App['declared'],
  packageJson: PackageJson | undefined,
): AppProblem | undefined {
  if (APP_TYPES[type].port === undefined && declared.port === undefined)
    return { code: 'unknownPort', facts: { folder } };
  if (declared.command !== undefined || type === 'mobile') return undefined;
  return packageJson?.scripts['dev'] === undefined ? { code: 'noDevScript', facts: { folder } } : undefined;
}

function labelOf(app: App, apps: readonly App[]): string {
  const alike = apps.filter((other) => other.type === app.type);
  return (alike.length > 1 ? undefined : APP_TYPES[app.type].label) ?? app.name;
}
