import { connectToHost, retireHost, type HostConnection, type Introduction } from './hostConnection';
import { DevServerError } from './errors';
import type { OwnerLaunch } from './askAsOwner';
import { otherOwner, type User, type UserIds } from './folderOwner';
import type * as hostLauncher from './hostLauncher';
import type { Replacing } from './connectOrLaunch';
import type { Logger } from './log';
import { readOwnedFile, readOwnedTail } from './ownedFile';
import type { HostSettings } from './protocol';
import type { Peer } from './rpcPeer';
import { currentScope, type Scope } from './scope';
import { ensureScopePaths, ensureStateFolder, scopePaths, type ScopePaths } from './stateFolder';

/** How long a host that is said to hang gets to prove the contrary before it is ended, in milliseconds. */
const LAST_CHANCE_MS = 2000;
/** Some 300 lines. */
const LOG_TAIL_BYTES = 32 * 1024;

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

export interface SystemHostLink extends HostLink {
  /** Whom this client, if it is root, has to act as for a folder. Undefined: itself, also where it may not become that user. */
  userOf(folder: string): Promise<User | undefined>;
  /** Whom it acts as on the connection that was made last; undefined: itself. */
  readonly actingAs: User | undefined;
  /** The state folder of the connection that was made last; undefined before the first. */
  readonly stateFolder: string | undefined;
  /** The end of the host's log. Rejects with what the system says where there is none that may be read. */
  logTail(): Promise<string>;
}

export interface HostLinkOptions {
  /** The folder whose owner root acts as; undefined (or no such option): root is root. */
  readonly folder?: () => string | undefined;
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

/** Where the host of a user is met. */
interface Place {
  readonly stateFolder: string;
  readonly scope: Scope;
  readonly paths: ScopePaths;
  /** Whom this client acts as, if not as itself. */
  readonly user: User | undefined;
}

/** The link over this machine's files, sockets and processes. What launches is loaded only when it is needed. */
export function systemHostLink(options: HostLinkOptions): SystemHostLink {
  const { distFolder, editorNodePty, env, log } = options;
  let actingAs: User | undefined;
  let metIn: string | undefined;
  /** By number; undefined: that user can't be acted for. */
  const places = new Map<number, Promise<Place | undefined>>();

  const askOwner = async (owner: UserIds, launch?: OwnerLaunch): Promise<Place | undefined> => {
    const { askAsOwner } = await options.loadLauncher();
    const answer = await askAsOwner(distFolder, { owner, ...(launch ? { launch } : {}) }, log);
    if (!answer) return undefined;
    const { stateFolder, scopeId, user } = answer;
    const scope = { id: scopeId };
    return { stateFolder, scope, paths: scopePaths(stateFolder, scope, owner.uid), user };
  };

  /** Undefined: this client acts as itself. */
  const othersPlace = async (folder: string | undefined): Promise<Place | undefined> => {
    const owner = folder === undefined ? undefined : otherOwner(folder);
    if (!owner) return undefined;
    let known = places.get(owner.uid);
    if (!known) {
      known = askOwner(owner);
      places.set(owner.uid, known);
      known.catch(() => places.delete(owner.uid));
    }
    return known;
  };

  const place = async (): Promise<Place> => {
    const others = await othersPlace(options.folder?.());
    if (others) return others;
    const stateFolder = ensureStateFolder(process.env);
    const scope = currentScope();
    return { stateFolder, scope, paths: ensureScopePaths(stateFolder, scope), user: undefined };
  };

  return {
    userOf: async (folder) => (await othersPlace(folder))?.user,

    get actingAs() {
      return actingAs;
    },

    get stateFolder() {
      return metIn;
    },

    async logTail() {
      const { paths } = await place();
      return readOwnedTail(paths.log, paths.uid, LOG_TAIL_BYTES);
    },

    async tryConnect(who, prepare) {
      const { paths, user, stateFolder } = await place();
      const found = await connectToHost(paths, who, prepare);
      if (found) [actingAs, metIn] = [user, stateFolder];
      return found;
    },

    async launch(who, prepare, settings, replacing) {
      const { launchHost, readHostParts } = await options.loadLauncher();
      const { stateFolder, scope, paths, user } = await place();
      const { version } = who;
      const nodePath = options.nodePath();
      const holder = replacing?.kind === 'hung' ? readHolder(paths) : undefined;
      // Another one may serve by now, and be slow only: nobody named that.
      const isNamed = replacing?.kind === 'hung' && (replacing.pid === undefined || replacing.pid === holder?.pid);
      const endHolder = isNamed ? holder : undefined;
      const host = {
        version,
        settings,
        ...(editorNodePty === undefined ? {} : { editorNodePty }),
        ...(endHolder ? { endHolder } : {}),
      };
      const lastChanceMs = replacing?.kind === 'hung' ? LAST_CHANCE_MS : undefined;
      if (user) {
        await askOwner(user, {
          ...host,
          distFolder,
          env,
          ...(nodePath === undefined ? {} : { nodePath }),
          ...(replacing ? { replacing } : {}),
          ...(lastChanceMs === undefined ? {} : { lastChanceMs }),
        });
        const found = await connectToHost(paths, who, prepare);
        if (!found) throw new DevServerError('hostDidNotStart', { exit: 'none', log: paths.log });
        [actingAs, metIn] = [user, stateFolder];
        return found;
      }
      const found = await launchHost(
        {
          paths,
          host: { ...host, stateFolder, scopeId: scope.id },
          readParts: () => readHostParts(distFolder),
          nodePath,
          env,
          log,
        },
        {
          connect: () => connectToHost(paths, who, prepare, lastChanceMs),
          retire: (force) => retireHost(paths, { version, force }),
        },
        replacing,
      );
      [actingAs, metIn] = [undefined, stateFolder];
      return found;
    },
  };
}

/** The host that hangs, as it once wrote down; the new host verifies it before it ends anything. */
function readHolder(paths: ScopePaths): { readonly pid: number; readonly startTicks: string } {
  try {
    const { pid, startTicks } = JSON.parse(readOwnedFile(paths.hostFile, paths.uid)) as Record<string, unknown>;
    if (typeof pid === 'number' && typeof startTicks === 'string' && startTicks !== '') return { pid, startTicks };
  } catch {
    // Falls through: without its own word nobody can tell which process it is.
  }
  throw new DevServerError('hostNotReplaced', { detail: 'it left no trace of its identity' });
}
