/**
 * Finds out on Linux which process holds a socket: /proc/net names the socket's inode, /proc/pid/fd who has it open.
 * Invariant: it needs no tool (BusyBox's `lsof` ignores its arguments) and names only what it saw.
 */
import { procPids, readDescriptors, readProcLink, visitInSlices } from './procFiles';

/** A listening socket as /proc/net/tcp{,6} knows it. */
export interface TcpListener {
  readonly address: string;
  readonly port: number;
  readonly uid: number;
  readonly inode: string;
}

interface Holder {
  readonly pid: number;
  readonly descriptor: string;
}

/**
 * Who holds the sockets that listen. It remembers what it saw and checks it again with one link for each socket, so that
 * the walk over all descriptors of all processes is made for new sockets only.
 */
export class SocketHolders {
  readonly #holders = new Map<string, Holder>();
  /** How many walks did not find the holder: after the second it counts as hidden (another user's, another container's). */
  readonly #misses = new Map<string, number>();

  /** The pid that holds each of the sockets, the lowest if there are several; those that are hidden are left out. */
  async find(inodes: Iterable<string>): Promise<ReadonlyMap<string, number>> {
    const open = new Set<string>();
    let isWalkNeeded = false;
    const found = new Map<string, number>();
    for (const inode of inodes) {
      const holder = this.#holders.get(inode);
      if (holder && socketBehind(holder.pid, holder.descriptor) === inode) found.set(inode, holder.pid);
      else {
        open.add(inode);
        // One miss may be a race: the holder forked and ended while we walked.
        isWalkNeeded ||= holder !== undefined || (this.#misses.get(inode) ?? 0) < 2;
      }
    }
    if (!isWalkNeeded) return found;
    const seen = await walk(open);
    for (const inode of open) {
      const holder = seen.get(inode);
      if (holder) {
        this.#holders.set(inode, holder);
        this.#misses.delete(inode);
        found.set(inode, holder.pid);
      } else {
        this.#holders.delete(inode);
        this.#misses.set(inode, (this.#misses.get(inode) ?? 0) + 1);
      }
    }
    return found;
  }

  /** Forgets all sockets but these. */
  retain(inodes: ReadonlySet<string>): void {
    for (const known of [this.#holders, this.#misses])
      for (const inode of known.keys()) if (!inodes.has(inode)) known.delete(inode);
  }
}

/** One look at who holds these sockets, Unix ones included; those that are hidden are left out. */
export function socketHolders(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
  return new SocketHolders().find(inodes);
}

/** The first holder of each of the sockets, by pid. */
async function walk(inodes: ReadonlySet<string>): Promise<Map<string, Holder>> {
  const holders = new Map<string, Holder>();
  // A socket may be open in several processes (a server and its workers): the lowest pid is as a rule the parent.
  await visitInSlices(
    procPids().sort((a, b) => a - b),
    (pid) => {
      for (const descriptor of readDescriptors(pid)) {
        const inode = socketBehind(pid, descriptor);
        if (inode === undefined || !inodes.has(inode) || holders.has(inode)) continue;
        holders.set(inode, { pid, descriptor });
      }
      return holders.size === inodes.size ? 'stop' : undefined;
    },
  );
  return holders;
}

function socketBehind(pid: number, descriptor: string): string | undefined {
  return /^socket:\[(\d+)\]$/.exec(readProcLink(pid, `fd/${descriptor}`) ?? '')?.[1];
}

/** The listening sockets in the text of /proc/net/tcp or /proc/net/tcp6. */
export function parseProcNetTcp(text: string): TcpListener[] {
  const listeners: TcpListener[] = [];
  for (const line of text.split('\n')) {
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …; state 0A is LISTEN.
    const [, local, , state, , , , uid, , inode] = line.trim().split(/\s+/);
    if (state !== '0A' || local === undefined || uid === undefined || inode === undefined) continue;
    const [address, port] = local.split(':');
    if (address === undefined || port === undefined) continue;
    listeners.push({ address: parseAddress(address), port: parseInt(port, 16), uid: Number(uid), inode });
  }
  return listeners;
}

/** Addresses are in words of four bytes, each in the machine's (little-endian) order. */
function parseAddress(hex: string): string {
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8) {
    for (let byte = 6; byte >= 0; byte -= 2) bytes.push(parseInt(hex.slice(word + byte, word + byte + 2), 16));
  }
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let i = 0; i < bytes.length; i += 2) groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  // The longest run of zero groups becomes `::`, as people write it; one is enough to make `::` and `::1`.
  const text = groups.join(':');
  const run = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length)[0];
  if (!run) return text;
  const head = text.slice(0, run.index);
  const tail = text.slice(run.index + run[0].length + 1);
  return `${head}::${tail}`;
}
