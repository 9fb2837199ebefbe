import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/**
 * Writes a file of mode 0600 whole or not at all: aside, to the disk, then renamed. A plain write left 0 bytes on a
 * full disk (FACTS). Throws what the system says; the old content is then intact.
 */
export function writePrivately(file: string, text: string): void {
  const aside = `${file}.${process.pid}.tmp`;
  try {
    rmSync(aside, { force: true });
    const descriptor = openSync(aside, 'wx', 0o600);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}
