import path from 'node:path';
import type { PackageJson } from './packageJson';
import type { AppType } from './protocol';

/** Folders that a cheatcode sandbox holds, and the type each stands for. */
export const KNOWN_FOLDERS: ReadonlyMap<string, AppType> = new Map([
  ['cheatcode-app', 'web'],
  ['cheatcode-mobile', 'mobile'],
]);

/** Package names that make a folder a cheatcode app whatever the folder is called. */
export const KNOWN_PACKAGES: ReadonlyMap<string, AppType> = new Map([
  ['cheatcode-app', 'web'],
  ['cheatcode-mobile-app', 'mobile'],
]);

/** What the app in a folder is made with, as its name and its package.json say; undefined: neither says. */
export function typeOf(folder: string, packageJson: PackageJson | undefined): AppType | undefined {
  const byFolder = KNOWN_FOLDERS.get(path.basename(folder));
  if (byFolder && packageJson) return byFolder;
  const byName = KNOWN_PACKAGES.get(packageJson?.name ?? '');
  if (byName) return byName;
  // Expo before Next: an Expo app may use Next for its web side, the other way round makes no sense.
  if (packageJson?.dependencies.has('expo')) return 'mobile';
  if (packageJson?.dependencies.has('next')) return 'web';
  return undefined;
}
