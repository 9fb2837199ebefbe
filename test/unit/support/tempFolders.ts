import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A folder of its own for each test of the suite that calls this, removed after it. Short: a socket's path has 100 bytes. */
export function tempFolders(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = realpathSync(mkdtempSync('/tmp/ccu-'));
    made.push(folder);
    return folder;
  };
}

/** Writes files below a folder: texts as they are, everything else as JSON; `undefined` makes an empty folder. */
export function writeTree(folder: string, tree: Readonly<Record<string, unknown>>): void {
  for (const [name, content] of Object.entries(tree)) {
    const file = path.join(folder, name);
    mkdirSync(content === undefined ? file : path.dirname(file), { recursive: true });
    if (content !== undefined) writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
}
