import { readFileSync } from 'node:fs';
import { connectToHost, retireHost, type HostConnection, type Introduction } from './hostConnection';
import { DevServerError } from './errors';
import type * as hostLauncher from './hostLauncher';
import type { Replacing } from './connectOrLaunch';
import type { Logger } from './log';
import type { HostSettings } from './protocol';
import type { Peer } from './rpcPeer';
import { currentScope } from './scope';
import { ensureScopePaths, ensureStateFolder, type ScopePaths } from './stateFolder';

/** How long a host that is said to hang gets to prove the contrary before it is ended, in milliseconds. */
const LAST_CHANCE_MS = 2000;

/** What a client does to the world to reach the session host. */
export interface HostLink {
  /**
   * Connects and says hello. Undefined: nobody listens. Throws `versionMismatch`, `hostHangs` or `hostRefused`. `prepare`
   * registers what the peer must hear from the first message on. The caller owns the connection.
   */
  tryConnect(who: Introduction, prepare: (peer: Peer) => void): Promise<HostConnection | undefined>;
  /**
   * Under the start lock: makes the host go that is to be replaced, looks again, and only then spawns one. Throws as
   * `tryConnect` does, and `hostDidNotStart`, `hostLockHeld`, `hostNotReplaced`, `nodeMissing`.
   */
  launch(
    who: Introduction,
    prepare: (peer: Peer) => void,
    settings: HostSettings,
    replacing: Replacing | undefined,
  ): Promise<HostConnection>;
}

export interface HostLinkOptions {
  /** Where host.js and its native part lie. */
  readonly distFolder: string;
  /** `<appRoot>/node_modules/node-pty` of the editor. */
  readonly editorNodePty: string | undefined;
  /** The environment that the app's tools are found in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nodePath: () => string | undefined;
  readonly loadLauncher: () => Promise<typeof hostLauncher>;
  readonly log: Logger;
}

/** The link over this machine's files, sockets and processes. What launches is loaded only when it is needed. */
export function systemHostLink(options: HostLinkOptions): HostLink {
  const place = () => {
    const stateFolder = ensureStateFolder(process.env);
    const scope = currentScope();
    return { stateFolder, scope, paths: ensureScopePaths(stateFolder, scope) };
  };
  return {
    // Not synchronous: an unusable state folder is a rejection like any other.
    tryConnect: async (who, prepare) => connectToHost(place().paths, who, prepare),

    async launch(who, prepare, settings, replacing) {
      const { launchHost } = await options.loadLauncher();
      const { stateFolder, scope, paths } = place();
      const { distFolder, editorNodePty, nodePath, env, log } = options;
      const holder = replacing?.kind === 'hung' ? readHolder(paths) : undefined;
      // Another one may serve by now, and be slow only: nobody named that.
      const isNamed = replacing?.kind === 'hung' && (replacing.pid === undefined || replacing.pid === holder?.pid);
      const endHolder = isNamed ? holder : undefined;
      return launchHost(
        {
          paths,
          host: {
            stateFolder,
            scopeId: scope.id,
            version: who.version,
            settings,
            ...(editorNodePty === undefined ? {} : { editorNodePty }),
            ...(endHolder ? { endHolder } : {}),
          },
          distFolder,
          nodePath: nodePath(),
          env,
          log,
        },
        {
          connect: () => connectToHost(paths, who, prepare, replacing?.kind === 'hung' ? LAST_CHANCE_MS : undefined),
          retire: (force) => retireHost(paths, { version: who.version, force }),
        },
        replacing,
      );
    },
  };
}

/** The host that hangs, as it once wrote down; the new host verifies it before it ends anything. */
function readHolder(paths: ScopePaths): { readonly pid: number; readonly startTicks: string } {
  try {
    const { pid, startTicks } = JSON.parse(readFileSync(paths.hostFile, 'utf8')) as Record<string, unknown>;
    if (typeof pid === 'number' && typeof startTicks === 'string' && startTicks !== '') return { pid, startTicks };
  } catch {
    // Falls through: without its own word nobody can tell which process it is.
  }
  throw new DevServerError('hostNotReplaced', { detail: 'it left no trace of its identity' });
}
