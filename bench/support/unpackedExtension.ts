/** Extensions from folders of this repository or another place, as an editor finds them that installed them. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Puts a copy of an extension's folder into a folder of extensions (`Editor.open`), beside those that are there. */
export async function addExtension(extensionsDir: string, from: string): Promise<void> {
  const { publisher, name, version } = JSON.parse(await readFile(path.join(from, 'package.json'), 'utf8')) as Readonly<
    Record<'publisher' | 'name' | 'version', string>
  >;
  const id = `${publisher}.${name}`;
  const folder = path.join(extensionsDir, `${id}-${version}`);
  await mkdir(extensionsDir, { recursive: true });
  await cp(from, folder, { recursive: true });
  const list = path.join(extensionsDir, 'extensions.json');
  const before = JSON.parse(await readFile(list, 'utf8').catch(() => '[]')) as unknown[];
  const entry = {
    identifier: { id },
    version,
    location: { $mid: 1, path: folder, scheme: 'file' },
    relativeLocation: path.basename(folder),
    metadata: {},
  };
  await writeFile(list, JSON.stringify([...before, entry]));
}
