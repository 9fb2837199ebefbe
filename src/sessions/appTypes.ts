/**
 * The types of apps: what the product has to know of one to find, start, watch and show it. A type is an entry of this table,
 * and nothing else lists them (docs/contributing.md shows how one is added). What only one framework has, such as Expo's
 * tunnel or the lock file of Next.js, is with the code that uses it.
 */
import path from 'node:path';
import type { PackageJson } from './packageJson';

interface AppTypeFacts {
  /** What the only app of this type in a workspace is called; absent: apps of it go by their own names, and may share a folder. */
  readonly label?: string;
  /** Name of a codicon. */
  readonly icon: string;
  /** Of the editor's theme, for the icon of its terminal. */
  readonly tabColor: `terminal.ansi${string}`;
  /** Folder that a cheatcode sandbox has for it. */
  readonly folder?: string;
  /** Package name that makes a folder a cheatcode app whatever the folder is called. */
  readonly packageName?: string;
  /** Package that only apps of this type depend on; what stands later in the table is looked for first. */
  readonly dependency?: string;
  /** What people write for it in `cheatcode.json`; the fix is offered. */
  readonly otherNames: readonly string[];
  /** Port of an app whose files and settings name none; absent: it has to be declared. */
  readonly port?: number;
  /** Its `dev` script takes no notice of `PORT`: the port is told by `--port`. */
  readonly wantsPortOption?: true;
  /** Its packages are installed where they are missing. */
  readonly installs: boolean;
  /** Names in its folder that are read at the start only, beside the lock file; `.env*` is a prefix. */
  readonly restartFiles: readonly string[];
  /** Group of settings of its own: `cheatcode.<group>.port` and so on. */
  readonly settings?: 'web' | 'mobile';
}

const table = {
  /** Next.js reads its configuration and `.env*` again by itself. */
  web: {
    label: 'Web',
    icon: 'globe',
    tabColor: 'terminal.ansiBlue',
    folder: 'cheatcode-app',
    packageName: 'cheatcode-app',
    dependency: 'next',
    otherNames: ['next', 'nextjs', 'next.js'],
    port: 3000,
    installs: true,
    restartFiles: [],
    settings: 'web',
  },
  /** Expo reads neither again, nor does Metro its own configuration and Babel's. An Expo app may use Next for its web side. */
  mobile: {
    label: 'Mobile',
    icon: 'device-mobile',
    tabColor: 'terminal.ansiMagenta',
    folder: 'cheatcode-mobile',
    packageName: 'cheatcode-mobile-app',
    dependency: 'expo',
    otherNames: ['expo', 'react-native', 'ios', 'android'],
    port: 8081,
    installs: true,
    restartFiles: ['app.json', 'app.config.js', 'app.config.ts', 'babel.config.js', 'metro.config.js', '.env*'],
    settings: 'mobile',
  },
  /** Whatever `cheatcode.json` says. Of such servers nothing is known but that most read `.env*` once. */
  custom: {
    icon: 'server-process',
    tabColor: 'terminal.ansiCyan',
    otherNames: ['other'],
    installs: false,
    restartFiles: ['.env*'],
  },
} as const satisfies Readonly<Record<string, AppTypeFacts>>;

/** What a dev server is made with: Next.js, Expo, or whatever `cheatcode.json` says. */
export type AppType = keyof typeof table;

/** By type, in the order in which they are listed to people. */
export const APP_TYPES: Readonly<Record<AppType, AppTypeFacts>> = table;

/** Their names. */
export const APP_TYPE_NAMES = Object.keys(table) as readonly AppType[];

/** An external app that declares no port has one all the same: it is shown until its server is found, wherever. */
const ANY_PORT = 3000;

export function isAppType(value: unknown): value is AppType {
  return typeof value === 'string' && Object.hasOwn(table, value);
}

/** The port of an app whose files and settings name none. */
export function defaultPort(type: AppType): number {
  return APP_TYPES[type].port ?? ANY_PORT;
}

/** Whether apps of this type go by their own names, and one folder may hold several. */
export function goesByOwnName(type: AppType): boolean {
  return APP_TYPES[type].label === undefined;
}

/** Folders that a cheatcode sandbox holds, and the type each stands for. */
export const KNOWN_FOLDERS: ReadonlyMap<string, AppType> = typesBy('folder');

/** Package names that make a folder a cheatcode app whatever the folder is called. */
export const KNOWN_PACKAGES: ReadonlyMap<string, AppType> = typesBy('packageName');

/** What the app in a folder is made with, as its name and its package.json say; undefined: neither says. */
export function typeOf(folder: string, packageJson: PackageJson | undefined): AppType | undefined {
  const byFolder = KNOWN_FOLDERS.get(path.basename(folder));
  if (byFolder && packageJson) return byFolder;
  const byName = KNOWN_PACKAGES.get(packageJson?.name ?? '');
  if (byName) return byName;
  return APP_TYPE_NAMES.toReversed().find((type) => {
    const { dependency } = APP_TYPES[type];
    return dependency !== undefined && packageJson?.dependencies.has(dependency) === true;
  });
}

function typesBy(fact: 'folder' | 'packageName'): ReadonlyMap<string, AppType> {
  return new Map(
    APP_TYPE_NAMES.flatMap((type) => {
      const name = APP_TYPES[type][fact];
      return name === undefined ? [] : [[name, type] as const];
    }),
  );
}
