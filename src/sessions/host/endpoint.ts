import type { Disposable } from '../event';
import type { Peer } from '../rpcPeer';

/** What a host writes beside its socket, as a hint for people and for a client that finds it hung. */
export interface HostFacts {
  readonly token: string;
  readonly version: string;
  readonly pid: number;
  readonly startTicks: string;
}

/**
 * Takes over one connection; dispose to drop it. `welcomed` is to be called when the client has shown who it is: until
 * then the endpoint allows it little.
 */
export type Serve = (peer: Peer, welcomed: () => void) => Disposable;

/** The place where clients find the host of this scope. Dispose ends all connections and takes away what is ours. */
export interface Endpoint extends Disposable {
  /** Resolves when clients can connect; rejects when the place can't be made. */
  listen(facts: HostFacts, serve: Serve): Promise<void>;
  /** Where it is, for people. */
  readonly folder: string;
  /** Whether somebody else's socket lies in the place of ours. Looks now. */
  isTaken(): boolean;
}
