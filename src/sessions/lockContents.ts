/**
 * Compares lock files with the copies of them that the package managers leave beside what they installed. Pure: texts
 * in, a verdict out. Invariant: `differs` only for a package that the app needs by its lock and that the copy has in
 * another version or not at all. What was left out on purpose (other platforms, `--prod`, other packages of a workspace)
 * and what can't be read is no difference: an offer to install that is wrong is worse than none.
 */
import path from 'node:path';
import { readIndented, type Indented } from './indentedText';

/** `notMember`: the lock file is that of a workspace that the app is no part of. */
export type LockVerdict = 'installed' | 'differs' | 'notMember';

const NOTHING: Indented = { text: '', below: new Map() };
const at = (of: Indented, ...keys: readonly string[]): Indented =>
  keys.reduce((item, key) => item.below.get(key) ?? NOTHING, of);

/**
 * pnpm: `pnpm-lock.yaml` and `node_modules/.pnpm/lock.yaml`. `member` is the app's folder relative to the lock's, `.`
 * for the same; `modules` is the text of `node_modules/.modules.yaml`, which tells what was left out.
 */
export function comparePnpm(lockText: string, copyText: string, modules: string, member: string): LockVerdict {
  // As a rule they are equal to the byte; reading a large one takes 20 ms.
  if (lockText === copyText && (member === '.' || lockText.includes(`\n  ${member}:\n`))) return 'installed';
  const [lock, copy] = [readIndented(lockText), readIndented(copyText)];
  const version = at(lock, 'lockfileVersion').text;
  // Another version of the format names the same packages in another way.
  if (version === '' || version !== at(copy, 'lockfileVersion').text) return 'installed';
  const importerOf = (of: Indented, name: string) =>
    at(of, 'importers').below.get(name) ?? (name === '.' && !of.below.has('importers') ? of : undefined);
  if (!importerOf(lock, member)) return 'notMember';
  const sections = ['dependencies', 'devDependencies'].filter(
    (section) => !new RegExp(`"?${section}"?: false`).test(modules),
  );
  const seen = new Set<string>();
  const isInstalled = (name: string, reference: string): boolean => {
    const keys = [`${name}@${reference}`, reference, `/${name}@${reference}`, `/${name}/${reference}`];
    const find = (of: Indented) =>
      keys.find((key) => at(of, 'snapshots').below.has(key) || at(of, 'packages').below.has(key));
    const key = find(lock);
    if (key === undefined || seen.has(key)) return true;
    seen.add(key);
    if (find(copy) === undefined) return false;
    const content = (of: Indented) => at(of, 'packages', key.replace(/\(.*$/, ''), 'resolution').text;
    if (content(lock) !== content(copy)) return false;
    const needs = ['snapshots', 'packages'].flatMap((part) => [...at(lock, part, key, 'dependencies').below]);
    return needs.every(([need, { text }]) => isInstalled(need, text));
  };
  const isMemberInstalled = (name: string): boolean => {
    const importer = importerOf(lock, name);
    if (!importer || seen.has(`importer ${name}`)) return true;
    seen.add(`importer ${name}`);
    return sections.every((section) =>
      [...at(importer, section).below].every(([dependency, wanted]) => {
        const reference = referenceOf(wanted);
        const installed = at(importerOf(copy, name) ?? NOTHING, section).below.get(dependency);
        if (!installed || referenceOf(installed) !== reference) return false;
        return reference.startsWith('link:')
          ? isMemberInstalled(path.posix.join(name, reference.slice('link:'.length)))
          : isInstalled(dependency, reference);
      }),
    );
  };
  return isMemberInstalled(member) ? 'installed' : 'differs';
}

/** Since version 6 of the format the specifier stands beside the version. */
function referenceOf(dependency: Indented): string {
  return dependency.below.get('version')?.text ?? dependency.text;
}

/** npm: `package-lock.json` and `node_modules/.package-lock.json`. `member` as for pnpm. */
export function compareNpm(lockText: string, copyText: string, member: string): LockVerdict {
  const [lock, copy] = [npmPackages(lockText), npmPackages(copyText)];
  if (!lock || !copy) return 'installed';
  const key = member === '.' ? '' : member;
  const app = lock.get(key);
  if (!app) return 'notMember';
  const hasDevelopment = [...copy.values()].some(({ dev }) => dev === true);
  const seen = new Set<string>();
  const isInstalled = (place: string, wanted: NpmPackage): boolean => {
    if (seen.has(place)) return true;
    seen.add(place);
    const installed = copy.get(place);
    // The app's own folder and others of its workspace are in both as they are; only `node_modules` is installed.
    if (place.includes('node_modules/')) {
      if (!installed) return mayBeAbsent(wanted) || (wanted.dev === true && !hasDevelopment);
      if (isOther(wanted.version, installed.version) || isOther(wanted.integrity, installed.integrity)) return false;
    }
    if (wanted.link === true) {
      const target = lock.get(String(wanted.resolved));
      return !target || isInstalled(String(wanted.resolved), target);
    }
    const needs = { ...recordOf(wanted.devDependencies), ...recordOf(wanted.dependencies) };
    return Object.keys(needs).every((name) => {
      const found = npmPlaces(place, name).find((candidate) => lock.has(candidate));
      const need = found === undefined ? undefined : lock.get(found);
      return found === undefined || !need || isInstalled(found, need);
    });
  };
  return isInstalled(key, app) ? 'installed' : 'differs';
}

interface NpmPackage {
  readonly version?: unknown;
  readonly integrity?: unknown;
  readonly link?: unknown;
  readonly resolved?: unknown;
  readonly dev?: unknown;
  readonly optional?: unknown;
  readonly devOptional?: unknown;
  readonly peer?: unknown;
  readonly inBundle?: unknown;
  readonly dependencies?: unknown;
  readonly devDependencies?: unknown;
}

/** Undefined for garbage and for the first version of the format, which has no list of places. */
function npmPackages(text: string): ReadonlyMap<string, NpmPackage> | undefined {
  const packages = recordOf(recordOf(parseJson(text))?.['packages']);
  if (!packages) return undefined;
  return new Map(Object.entries(packages).flatMap(([name, value]) => (recordOf(value) ? [[name, value ?? {}]] : [])));
}

function isOther(wanted: unknown, installed: unknown): boolean {
  return typeof wanted === 'string' && typeof installed === 'string' && wanted !== installed;
}

/** Of another platform, or left out by an option. */
function mayBeAbsent({ optional, devOptional, peer, inBundle }: NpmPackage): boolean {
  return optional === true || devOptional === true || peer === true || inBundle === true;
}

/** Where Node looks for a package that one at `place` needs, nearest first. */
function npmPlaces(place: string, name: string): readonly string[] {
  const parts = place === '' ? [] : place.split('/');
  return [...parts.keys(), parts.length]
    .reverse()
    .map((length) => [...parts.slice(0, length), 'node_modules', name].join('/'));
}

/**
 * Yarn 1: `yarn.lock` and `node_modules/.yarn-integrity`. `wanted` are the app's dependencies by its `package.json`:
 * what else the lock has and the copy has not may be left over in the lock.
 */
export function compareYarnClassic(
  lockText: string,
  integrityText: string,
  wanted: ReadonlyMap<string, string>,
): LockVerdict {
  const integrity = recordOf(parseJson(integrityText));
  const installed = recordOf(integrity?.['lockfileEntries']);
  if (!installed) return 'installed';
  const lock = new Map<string, string>();
  let patterns: readonly string[] = [];
  for (const line of lockText.split(/\r?\n/)) {
    if (/^[^\s#].*:$/.test(line))
      patterns = line
        .slice(0, -1)
        .split(', ')
        .map((pattern) => pattern.replace(/^"(.*)"$/, '$1'));
    const resolved = /^ {2}resolved "(.*)"$/.exec(line)?.[1];
    if (resolved !== undefined) for (const pattern of patterns) lock.set(pattern, resolved);
  }
  for (const [pattern, resolved] of lock) if (isOther(resolved, installed[pattern])) return 'differs';
  const flags = integrity?.['flags'];
  // `--production` and the like leave packages out.
  if (Array.isArray(flags) && flags.length > 0) return 'installed';
  const isNew = ([name, range]: readonly [string, string]) =>
    lock.has(`${name}@${range}`) && installed[`${name}@${range}`] === undefined;
  return [...wanted].some(isNew) ? 'differs' : 'installed';
}

/** Whether a `yarn.lock` is of Yarn 2 or later. */
export function isYarnBerry(lockText: string): boolean {
  return /^__metadata:/m.test(lockText);
}

/**
 * Yarn 2 and later: `yarn.lock` and what is installed as `name@npm:version`, see `yarnStatePackages` and
 * `yarnPnpPackages`. `member` as for pnpm.
 */
export function compareYarnBerry(lockText: string, installed: ReadonlySet<string>, member: string): LockVerdict {
  const entries = new Map<string, Indented>();
  let app: Indented | undefined;
  for (const [descriptors, entry] of readIndented(lockText).below) {
    for (const descriptor of descriptors.split(', ')) entries.set(descriptor, entry);
    if (at(entry, 'resolution').text.endsWith(`@workspace:${member}`)) app = entry;
  }
  if (!app) return 'notMember';
  if (installed.size === 0) return 'installed';
  const seen = new Set<Indented>();
  const isInstalled = (entry: Indented): boolean => {
    if (seen.has(entry)) return true;
    seen.add(entry);
    const resolution = at(entry, 'resolution').text.split('::')[0] ?? '';
    // Patched, linked and local packages have names of their own in what is installed.
    if (/^@?[^@]+@npm:/.test(resolution) && !installed.has(resolution)) return false;
    return [...at(entry, 'dependencies').below].every(([name, { text: range }]) => {
      if (at(entry, 'dependenciesMeta', name, 'optional').text === 'true') return true;
      const need = entries.get(`${name}@${range}`) ?? entries.get(`${name}@npm:${range}`);
      return !need || at(need, 'conditions').text !== '' || isInstalled(need);
    });
  };
  return isInstalled(app) ? 'installed' : 'differs';
}

/** The packages that `node_modules/.yarn-state.yml` lists. */
export function yarnStatePackages(text: string): ReadonlySet<string> {
  return new Set([...readIndented(text).below.keys()].filter((key) => key !== '__metadata').map(plainLocator));
}

/** The packages that `.pnp.cjs` or `.pnp.data.json` lists, which have the same lines but for a backslash at the end. */
export function yarnPnpPackages(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  let name = '';
  for (const line of text.split(/\r?\n/)) {
    name = /^\s*\["([^"]+)", \[\\?$/.exec(line)?.[1] ?? name;
    const reference = /^\s*\["([^"]+)", \{\\?$/.exec(line)?.[1];
    if (reference !== undefined) found.add(plainLocator(`${name}@${reference}`));
  }
  return found;
}

/** A package with peers is installed once for each set of them: `react-dom@virtual:1234#npm:19.0.0`. */
function plainLocator(locator: string): string {
  return locator.replace(/@virtual:[^#]*#/, '@').split('::')[0] ?? '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
