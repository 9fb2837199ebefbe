import { createHash } from 'node:crypto';

/** What makes a host unique: who runs it, where, and the folder that its clients meet it in. */
export interface HostPlace {
  readonly uid: number | undefined;
  readonly scopeId: string;
  /** Real path. */
  readonly stateFolder: string;
  readonly scopeFolder: { readonly dev: bigint; readonly ino: bigint };
}

/**
 * The names of the host locks, in the order in which they are taken, and what cookies begin with. Two locks, because
 * neither is enough. The folder's inode is the same for all who reach it by whatever path (a link, a bind mount), but a
 * folder that is deleted under a host and made again has a new one: by the inode alone, a second host would serve beside
 * the first. The path stays the same then. Cookies are named like the lock by path, so that whoever may end what carries
 * them is the one who holds that lock.
 */
export function hostNames({ uid, scopeId, stateFolder, scopeFolder }: HostPlace): {
  readonly lockNames: readonly string[];
  readonly cookiePrefix: string;
} {
  const byPath = `host:${uid ?? ''}:${scopeId}:${stateFolder}`;
  return {
    // By path first: whoever loses has then held nothing that a third one could trip over.
    lockNames: [byPath, `host:${scopeFolder.dev}:${scopeFolder.ino}`],
    cookiePrefix: `${scopeId}-${createHash('sha256').update(byPath).digest('hex').slice(0, 16)}:`,
  };
}
