import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';

/** Of a larger file only the size and both ends are looked at. In bytes. */
const WHOLE_FILE_BYTES = 5_000_000;
const END_BYTES = 65_536;
/**
 * A file may be written twice within one tick of its clock, which is a whole second on some file systems: what was read
 * so soon after its last change is read once more at the next look.
 */
const SETTLED_MS = 3000;
/** What editors leave beside a file while it is edited. */
const LEFTOVER = /(~|\.sw[a-z]|\.tmp|\.bak|\.orig)$/;

interface Known {
  readonly identity: string;
  readonly isSettled: boolean;
  readonly digest: string;
}

/** Digests of small files by content. A file that has not changed since the last look costs one `stat`. */
export class FileDigests {
  readonly #known = new Map<string, Known>();

  /** A short digest of the content; undefined when there is no such regular file or it can't be read. */
  async digest(file: string): Promise<string | undefined> {
    try {
      const stats = await stat(file, { bigint: true });
      // Opening a pipe would wait for a writer.
      if (!stats.isFile()) return this.#forget(file);
      const identity = [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
      const known = this.#known.get(file);
      if (known?.identity === identity && known.isSettled) return known.digest;
      const digest = await contentDigest(file, stats);
      const isSettled = Math.abs(Date.now() - Number(stats.mtimeMs)) > SETTLED_MS;
      this.#known.set(file, { identity, isSettled, digest });
      return digest;
    } catch {
      return this.#forget(file);
    }
  }

  #forget(file: string): undefined {
    this.#known.delete(file);
    return undefined;
  }
}

/** The files of a folder that the names mean, `.env*` being a prefix; what editors leave behind is none of them. */
export async function filesNamed(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const prefixes = names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
  const exact = names.filter((name) => !name.endsWith('*'));
  if (prefixes.length === 0) return exact;
  const entries = await readdir(folder).catch(() => []);
  const found = entries.filter((entry) => prefixes.some((prefix) => entry.startsWith(prefix)) && !LEFTOVER.test(entry));
  return [...new Set([...exact, ...found])];
}

async function contentDigest(file: string, stats: BigIntStats): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(file, 'r');
  try {
    if (stats.size <= WHOLE_FILE_BYTES) hash.update(await handle.readFile());
    else {
      const end = Buffer.alloc(END_BYTES);
      for (const position of [0, Number(stats.size) - END_BYTES]) {
        const { bytesRead } = await handle.read(end, 0, END_BYTES, position);
        hash.update(end.subarray(0, bytesRead));
      }
      hash.update(String(stats.size));
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex').slice(0, 16);
}
