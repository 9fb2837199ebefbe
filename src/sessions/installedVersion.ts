import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** The version of a package that an app in this folder would load, here or in a folder above; undefined if there is none. */
export async function installedVersion(folder: string, packageName: string): Promise<string | undefined> {
  for (let at = folder; ; at = path.dirname(at)) {
    const file = path.join(at, 'node_modules', packageName, 'package.json');
    // Nothing to be read here is nothing installed here.
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return /"version"\s*:\s*"([^"]+)"/.exec(text)?.[1];
    if (path.dirname(at) === at) return undefined;
  }
}
