import { stat } from 'node:fs/promises';
import path from 'node:path';
import { FileDigests, filesNamed } from './fileDigests';
import { installedState, nearestLock } from '../installedLock';
import { findInstaller } from './installerAtWork';
import type { Processes } from './processes';

/** What the host asks of an app's folder before it starts something there, and while it runs. */
export interface AppFolder {
  exists(folder: string): Promise<boolean>;
  /**
   * `missing`: nothing is installed, or an install was cut short. `differs`: what is installed is not what the lock file
   * says, by the installed copy of the lock and never by times. `installed` also where there is nothing to compare.
   */
  dependencies(folder: string): Promise<'installed' | 'missing' | 'differs'>;
  /** A package manager that works in the folder now and that is not one of `own` (pids); undefined when there is none. */
  installerAtWork(
    folder: string,
    own: readonly number[],
  ): Promise<{ readonly pid: number; readonly command: string } | undefined>;
  /** Digest by name of the lock file and of the files that `names` mean (`.env*` is a prefix); absent files are left out. */
  fingerprint(folder: string, names: readonly string[]): Promise<Readonly<Record<string, string>>>;
}

/** The folders of this machine. Keeps the digests of files that it has read for as long as it lives. */
export function systemAppFolder(processes: Processes): AppFolder {
  const digests = new FileDigests();
  return {
    exists: (folder) =>
      stat(folder).then(
        (stats) => stats.isDirectory(),
        () => false,
      ),

    dependencies: installedState,

    async installerAtWork(folder, own) {
      const lock = await nearestLock(folder);
      return findInstaller(processes, [...new Set([folder, lock?.folder ?? folder])], own);
    },

    async fingerprint(folder, names) {
      const lock = await nearestLock(folder);
      const files = [
        ...(lock?.names ?? []).map((name) => path.join(lock?.folder ?? folder, name)),
        ...(await filesNamed(folder, names)).map((name) => path.join(folder, name)),
      ];
      const found: Record<string, string> = {};
      for (const file of files) {
        const digest = await digests.digest(file);
        if (digest !== undefined) found[path.basename(file)] = digest;
      }
      return found;
    },
  };
}
