import * as l10n from '@vscode/l10n';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { App } from './apps';
import { defaultPort, typeOf } from './appTypes';
import { appFolders } from './appFolders';
import { discoverApps } from './appDiscovery';
import { configReader } from './configReader';
import { portInScript } from './launchSpec';
import { readPackageJson } from './packageJson';
import type { AppType } from './protocol';

/** An app as a new file declares it. */
export interface NewApp {
  readonly name: string;
  readonly type: AppType;
  readonly path: string;
  readonly port: number;
}

/**
 * The apps that a folder of a workspace holds: those that are found anyway, and those that a monorepo keeps one level deeper. Two
 * never get one port.
 */
export async function appsForConfig(folderAsOpened: string): Promise<readonly NewApp[]> {
  // As the look for apps names them.
  const workspaceFolder = await realpath(folderAsOpened);
  // As if there were such a file: then it counts whatever its apps are called.
  const { apps } = await discoverApps([workspaceFolder], { loadReader: () => configReader, unsaved: () => '{}' });
  const found: Pick<App, 'name' | 'type' | 'folder'>[] = [...apps];
  for (const folder of await appFolders(workspaceFolder)) {
    const type = typeOf(folder, (await readPackageJson(folder)).packageJson);
    if (type !== undefined && !found.some((app) => app.folder === folder))
      found.push({ name: path.basename(folder), type, folder });
  }
  const result: NewApp[] = [];
  for (const { name, type, folder } of found) {
    const script = (await readPackageJson(folder)).packageJson?.scripts['dev'];
    const way = path.relative(workspaceFolder, folder).split(path.sep).join('/');
    result.push({
      name: unlike(
        name,
        result.map((app) => app.name),
      ),
      type,
      path: way === '' ? '.' : way,
      port: firstFree(
        portInScript(script) ?? defaultPort(type),
        result.map((app) => app.port),
      ),
    });
  }
  return result;
}

/** The text of a first `cheatcode.json`: with what was found, else with an example that is commented out. */
export function newConfigText(apps: readonly NewApp[]): string {
  const example = { name: 'shop', type: 'web', path: 'apps/shop', port: 3000 };
  const body =
    apps.length > 0
      ? apps.map((app) => `    ${oneLine(app)},\n`).join('')
      : `    // ${l10n.t('For example:')}\n    // ${oneLine(example)},\n`;
  return [
    '{\n',
    `  // ${l10n.t('Which app starts by itself: "auto", "all", "off", or the name or type of an app.')}\n`,
    '  "autoStart": "auto",\n',
    `  // ${l10n.t('Each with its folder. Suggestions for more: Ctrl+Space.')}\n`,
    '  "apps": [\n',
    body,
    '  ],\n',
    '}\n',
  ].join('');
}

function oneLine(app: object): string {
  return `{ ${Object.entries(app)
    .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
    .join(', ')} }`;
}

function unlike(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  for (let number = 2; ; number++) if (!taken.includes(`${name}-${number}`)) return `${name}-${number}`;
}

function firstFree(port: number, taken: readonly number[]): number {
  let free = port;
  while (taken.includes(free)) free++;
  return free;
}
