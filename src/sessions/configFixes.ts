import * as l10n from '@vscode/l10n';
import path from 'node:path';
import type { ConfigProblem } from './apps';
import { APP_TYPE_NAMES, APP_TYPES } from './appTypes';
import {
  changeValue,
  parseJsonText,
  pathAt,
  plainValue,
  propertiesOf,
  valueAt,
  type JsonNode,
  type JsonPath,
  type TextChange,
} from './jsonText';
import { byNearness, nearest } from './nearest';

/** A change of the file that ends a problem. */
export interface ConfigFix {
  readonly title: string;
  readonly changes: readonly TextChange[];
  /** The one that most likely is meant; done without a choice where a person asks for that. */
  readonly isPreferred: boolean;
}

/** What is looked for only when a fix is asked for. */
export interface FixSources {
  /** Folders that have a package.json, relative to the file, with slashes. */
  folders(): Promise<readonly string[]>;
  /** The package manager of the app in this folder, relative to the file: `pnpm`. */
  packageManager(folder: string): Promise<string>;
}

/** How many of a kind are offered at most: a menu, not a list of all that there is. */
const MOST = 3;

/** What helps against a problem, the likeliest first; empty where only a person knows. `text` is the file's. */
export async function configFixes(problem: ConfigProblem, text: string, sources: FixSources): Promise<ConfigFix[]> {
  const { root } = parseJsonText(text);
  const at = pathAt(root, problem.offset);
  const [fix, ...others] = await fixesOf(problem, { text, root, at, sources });
  return fix === undefined ? [] : [{ ...fix, isPreferred: true }, ...others];
}

interface Place {
  readonly text: string;
  readonly root: JsonNode | undefined;
  /** Of what the problem points to. */
  readonly at: JsonPath;
  readonly sources: FixSources;
}

async function fixesOf(problem: ConfigProblem, place: Place): Promise<ConfigFix[]> {
  const { facts } = problem;
  switch (problem.code) {
    case 'portTwice':
      return [changeTo(place, nextPort(place.root, Number(facts['port'])))];
    case 'nameTwice':
      return [changeTo(place, nextName(place.root, String(facts['name']))), removeApp(place)];
    case 'appTwice':
      return [removeApp(place)];
    case 'folderMissing':
    case 'noPackageJson':
      return [...(await otherFolders(problem, place)), removeApp(place)];
    case 'noDevScript':
      return runAScript(problem, place);
    case 'scriptMissing':
      return otherScripts(problem, place);
    case 'unknownApp': {
      const names = byNearness(String(facts['name']), lines(facts['names']));
      return [...names.slice(0, MOST), 'auto'].map((name) => changeTo(place, name));
    }
    case 'portMissing':
      return [setPort(place)];
    case 'unknownProperty':
      return [...renamed(problem, place), removeProperty(place, String(facts['name']))];
    case 'wrongValue':
      return anotherValue(problem, place);
    case 'badPackageJson':
    case 'outsideWorkspace':
    case 'syntax':
    case 'unreadable':
      return [];
  }
}

/** The value at the place becomes another. */
function changeTo({ text, root, at }: Place, value: string | number): ConfigFix {
  return fix(l10n.t('Change to {0}', JSON.stringify(value)), changeValue(text, root, at, value));
}

/** The place may be the app itself, or one of its values. */
function removeApp({ text, root, at }: Place): ConfigFix {
  return fix(l10n.t('Remove this app'), changeValue(text, root, at.slice(0, 2), undefined));
}

function removeProperty({ text, root, at }: Place, name: string): ConfigFix {
  return fix(l10n.t('Remove "{0}"', name), changeValue(text, root, at, undefined));
}

/** Folders that are there and no other app's yet; where no path was written, it is put in. */
async function otherFolders({ facts }: ConfigProblem, { text, root, at, sources }: Place): Promise<ConfigFix[]> {
  const written = String(facts['path']);
  const taken = appsOf(root).map((app) => path.posix.normalize(textOf(app, 'path') ?? '.').replace(/\/$/, ''));
  const free = (await sources.folders()).filter((folder) => !taken.includes(folder));
  // `apps/shop` for `packages/shop`: the last name says most.
  const named = free.filter((folder) => path.posix.basename(folder) === path.posix.basename(written));
  const near = byNearness(
    written,
    free.filter((folder) => !named.includes(folder)),
  );
  const target = [...at.slice(0, 2), 'path'];
  return [...named, ...near]
    .slice(0, MOST)
    .map((folder) => fix(l10n.t('Change to {0}', JSON.stringify(folder)), changeValue(text, root, target, folder)));
}

/** A script by another name than `dev` may be the one that is meant. */
async function runAScript({ facts }: ConfigProblem, { text, root, at, sources }: Place): Promise<ConfigFix[]> {
  const scripts = lines(facts['scripts']);
  const likely = ['develop', 'serve', 'start', 'watch', 'preview'].filter((script) => scripts.includes(script));
  const others = scripts.filter((script) => /dev|serve|start/.test(script) && !likely.includes(script));
  const app = at.slice(0, 2);
  const folder = textOf(valueAt(root, app), 'path') ?? '.';
  const found = [...likely, ...others].slice(0, MOST);
  const manager = found.length === 0 ? '' : await sources.packageManager(folder);
  return found.map((script) =>
    fix(
      l10n.t('Run the script "{0}"', script),
      changeValue(text, root, [...app, 'command'], `${manager} run ${script}`),
    ),
  );
}

function otherScripts({ facts }: ConfigProblem, place: Place): ConfigFix[] {
  const script = String(facts['script']);
  const command = valueAt(place.root, place.at)?.value as unknown;
  if (typeof command !== 'string') return [];
  return byNearness(script, lines(facts['scripts']))
    .slice(0, MOST)
    .map((other) =>
      fix(
        l10n.t('Run the script "{0}"', other),
        // The first word that is this name is the script's: before it stand a package manager and `run`.
        changeValue(place.text, place.root, place.at, command.replace(wordOf(script), `$1${other}`)),
      ),
    );
}

function wordOf(script: string): RegExp {
  return new RegExp(
    `(\\brun(?:-script)?\\s(?:.*?\\s)?["']?)${script.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w:.-])`,
  );
}

/** A port for an app that has none, in the order in which its properties are explained. */
function setPort({ text, root, at }: Place): ConfigFix {
  const port = nextPort(root, 3999);
  return fix(l10n.t('Add port {0}', port), changeValue(text, root, [...at.slice(0, 2), 'port'], port));
}

function renamed({ facts, offset, length }: ConfigProblem, { root, at }: Place): ConfigFix[] {
  const owner = valueAt(root, at.slice(0, -1));
  const present = propertiesOf(owner).map(({ key }) => String(key.value));
  const free = String(facts['known'])
    .split(' ')
    .filter((name) => name !== '$schema' && !present.includes(name));
  const name = nearest(String(facts['name']), free);
  if (name === undefined) return [];
  return [fix(l10n.t('Change to {0}', JSON.stringify(name)), [{ offset, length, text: JSON.stringify(name) }])];
}

/** What a value of the wrong kind most likely is to be. */
function anotherValue({ facts }: ConfigProblem, place: Place): ConfigFix[] {
  const node = valueAt(place.root, place.at);
  const field = String(facts['field'] ?? '');
  if (!node || place.at.length === 0) return [];
  const value = plainValue(node);
  const remove = field === '' ? [] : [removeProperty(place, String(facts['name'] ?? field))];
  switch (field) {
    case 'type':
    case 'managed': {
      const choices = field === 'type' ? APP_TYPE_NAMES : ['cheatcode', 'external'];
      return [...byNearness(meantBy(value), choices).map((choice) => changeTo(place, choice)), ...remove];
    }
    case 'port': {
      const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\s*\d+\s*$/.test(value));
      const port = isNumber ? Math.round(Number(value)) : 0;
      const isPort = port >= 1 && port <= 65_535;
      return [...(isPort ? [changeTo(place, port)] : []), ...remove];
    }
    case 'health':
      return [...(typeof value === 'string' && value !== '' ? [changeTo(place, `/${value}`)] : []), ...remove];
    case 'name':
    case 'path':
    case 'command':
    case 'autoStart':
      if (Array.isArray(value) && value.every((word) => typeof word === 'string') && value.length > 0)
        return [changeTo(place, value.join(' ')), ...remove];
      return [...(typeof value === 'number' ? [changeTo(place, String(value))] : []), ...remove];
    default:
      return remove;
  }
}

/** What people write for a choice in other words. */
function meantBy(value: unknown): string {
  const word = String(value).toLowerCase();
  const managed: Readonly<Record<string, string>> = { true: 'cheatcode', false: 'external' };
  return managed[word] ?? APP_TYPE_NAMES.find((type) => APP_TYPES[type].otherNames.includes(word)) ?? word;
}

/** The next one that no app of the file has. */
function nextPort(root: JsonNode | undefined, after: number): number {
  const taken = new Set(appsOf(root).map((app) => valueAt(app, ['port'])?.value as unknown));
  for (let port = after + 1; port <= 65_535; port++) if (!taken.has(port)) return port;
  return 3000;
}

function nextName(root: JsonNode | undefined, name: string): string {
  const taken = new Set(appsOf(root).map((app) => textOf(app, 'name')));
  for (let number = 2; ; number++) if (!taken.has(`${name}-${number}`)) return `${name}-${number}`;
}

function appsOf(root: JsonNode | undefined): readonly JsonNode[] {
  const list = valueAt(root, ['apps']);
  return list?.type === 'array' ? (list.children ?? []) : [];
}

function textOf(node: JsonNode | undefined, field: string): string | undefined {
  const value = valueAt(node, [field])?.value as unknown;
  return typeof value === 'string' ? value : undefined;
}

function lines(fact: string | number | undefined): readonly string[] {
  return String(fact ?? '')
    .split('\n')
    .filter((line) => line !== '');
}

function fix(title: string, changes: readonly TextChange[]): ConfigFix {
  return { title, changes, isPreferred: false };
}
