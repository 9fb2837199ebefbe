import { statSync } from 'node:fs';
import path from 'node:path';
import { discoverApps } from '../sessions/appDiscovery';
import { configReader } from '../sessions/configReader';
import { CommandError } from './commandError';

/**
 * The cheatcode workspace that is meant: `explicit` as it is, else `cwd` or the nearest folder above it that is one. Throws
 * `CommandError` (notFound) where there is none.
 */
export async function findWorkspace(explicit: string | undefined, cwd: () => string): Promise<string> {
  const start = startOf(explicit, cwd);
  for (let folder = start; ; folder = path.dirname(folder)) {
    if (await isWorkspace(folder)) return folder;
    if (explicit !== undefined || folder === path.dirname(folder)) break;
  }
  throw new CommandError(
    'notFound',
    'noWorkspace',
    `${start} is no cheatcode workspace${explicit === undefined ? ', nor is a folder above it' : ''}: none holds cheatcode-app, ` +
      'cheatcode-mobile or a cheatcode.json. --workspace DIR names one.',
  );
}

function startOf(explicit: string | undefined, cwd: () => string): string {
  let here: string;
  try {
    here = cwd();
  } catch {
    // The folder of this shell was deleted.
    if (explicit !== undefined && path.isAbsolute(explicit)) here = '/';
    else throw new CommandError('notFound', 'noWorkspace', 'The current folder does not exist any more.');
  }
  const start = path.resolve(here, explicit ?? '.');
  if (explicit !== undefined && statSync(start, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new CommandError('notFound', 'noWorkspace', `There is no folder ${start}.`);
  return start;
}

async function isWorkspace(folder: string): Promise<boolean> {
  return (await discoverApps([folder], { loadReader: () => configReader })).isCheatcodeWorkspace;
}
