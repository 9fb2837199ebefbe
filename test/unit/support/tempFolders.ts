import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Where they are made. Short, where a socket lies in a folder, whose path has 100 bytes. */
export const TEMP = process.platform === 'win32' ? os.tmpdir() : '/tmp';

/** A folder of its own for each test of the suite that calls this, removed after it. */
export function tempFolders(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = realpathSync(mkdtempSync(path.join(TEMP, 'ccu-')));
    made.push(folder);
    return folder;
  };
}

/** The address of a socket for a test: one in its folder, or the pipe that Windows has instead. */
export function socketOf(folder: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(folder)}` : path.join(folder, 's');
}

/** Writes files below a folder: texts as they are, everything else as JSON; `undefined` makes an empty folder. */
export function writeTree(folder: string, tree: Readonly<Record<string, unknown>>): void {
  for (const [name, content] of Object.entries(tree)) {
    const file = path.join(folder, name);
    mkdirSync(content === undefined ? file : path.dirname(file), { recursive: true });
    if (content !== undefined) writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
}
