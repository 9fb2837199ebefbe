import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';

/** Tokens and facts have some hundred bytes. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a small text file that must be that user's own (undefined: a platform without numbers): no link is followed and
 * the file that was opened is looked at, so that nobody has root read, and pass on, what only root may. Throws what the
 * system says, `ENOENT` for one, or that it is another's or too big.
 */
export function readOwnedFile(file: string, uid: number | undefined): string {
  const descriptor = openOwned(file, uid);
  try {
    // It may grow while it is read.
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    const bytes = readSync(descriptor, buffer, 0, buffer.length, 0);
    if (bytes > MAX_BYTES) throw new Error(`${file} is too big`);
    return buffer.toString('utf8', 0, bytes);
  } finally {
    closeSync(descriptor);
  }
}

/** The end of such a file, at most `bytes` of it, from the first line that begins there. Throws as `readOwnedFile`, but for its size. */
export function readOwnedTail(file: string, uid: number | undefined, bytes: number): string {
  const descriptor = openOwned(file, uid);
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(0, size - bytes);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const text = buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, from));
    return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether that is a socket (no link to one) of that user. False where there is nothing. */
export function isOwnedSocket(file: string, uid: number): boolean {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  return stat !== undefined && stat.isSocket() && stat.uid === uid;
}

/** The caller closes it. */
function openOwned(file: string, uid: number | undefined): number {
  // Not blocking: a pipe that somebody planted would be waited for.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const descriptor = openSync(file, flags);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Error(`${file} is no file`);
    if (uid !== undefined && stat.uid !== uid) throw new Error(`${file} belongs to user ${stat.uid}`);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
