/** An app's servers seen from outside, whoever started them: by the folder that a process runs in, and by its command. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { endProcess } from '../../test/hosts/ending.mjs';
import { processes } from '../../test/hosts/witness';

/** A server lives for seconds. Each look costs a millisecond or two of a processor, with every way alike. */
const SAMPLE_MS = 50;

interface Server {
  readonly pid: number;
  readonly ppid: number;
  readonly startTicks: string;
}

/** Counts from its creation until it is stopped. */
export class FolderWatch {
  readonly #servers = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  /** Most servers at one moment. */
  peak = 0;

  /** @param command of a server itself; its runners and helpers don't match */
  constructor(
    readonly folder: string,
    readonly command: RegExp,
  ) {
    this.#timer = setInterval(() => this.look(), SAMPLE_MS);
  }

  /** Servers that came to life, those that gave up at once too. */
  get started(): number {
    return this.#servers.size;
  }

  /** Pids of the servers that live now. */
  look(): readonly number[] {
    const found = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? this.#server(Number(name)) : []));
    const pids = new Set(found.map(({ pid }) => pid));
    // A server's child is a copy of the server until it becomes the program that it was started for.
    const servers = found.filter(({ ppid }) => !pids.has(ppid));
    for (const { pid, startTicks } of servers) this.#servers.add(`${pid}:${startTicks}`);
    this.peak = Math.max(this.peak, servers.length);
    return servers.map(({ pid }) => pid);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #server(pid: number): readonly Server[] {
    try {
      const folder = readlinkSync(`/proc/${pid}/cwd`);
      if (folder !== this.folder && !folder.startsWith(`${this.folder}/`)) return [];
      if (!this.command.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))) return [];
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return /[ZX]/.test(fields[0] ?? '') ? [] : [{ pid, ppid: Number(fields[1]), startTicks: fields[19] ?? '' }];
    } catch {
      return []; // It has just ended, or is another's.
    }
  }
}

/** Ends all that runs in a folder that the row made: a rival's terminals and servers outlive their editor. */
export async function endAllIn(folder: string): Promise<void> {
  for (;;) {
    const found = await processes({ below: folder });
    if (found.length === 0) return;
    await Promise.all(found.map((one) => endProcess(one, { patienceMs: 3000 })));
  }
}
