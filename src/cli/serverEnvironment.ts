import type { User } from '../sessions/folderOwner';
import type { Logger } from '../sessions/log';
import { resolveShellEnvironment } from '../sessions/shellEnvironment';

/**
 * Gives the environment that a server starts from, for a client that no editor gives one: what the user's login shell makes, or
 * this process's own where it is a shell's child already (a terminal, also the editor's). Asked only when something is to be
 * started, and once.
 */
export function environmentResolver(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person's terminal: its shell has read its files. */
  readonly isInTerminal: boolean;
  readonly log: Logger;
}): (user: User | undefined) => Promise<Readonly<Record<string, string | undefined>>> {
  const { env, log } = options;
  const known = new Map<number | undefined, Promise<Readonly<Record<string, string | undefined>>>>();
  return (user) => {
    if (!user && (options.isInTerminal || env['TERM_PROGRAM'] === 'vscode')) return Promise.resolve(env);
    let found = known.get(user?.uid);
    if (!found) {
      found = resolveShellEnvironment({ ...(user ? { user } : {}), env, log });
      known.set(user?.uid, found);
    }
    return found;
  };
}
