/** What a user downloads, on each platform, and what runs from it: no dependency is left to be installed. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { targets } from '../../test/hosts/nativePart.mjs';
import { ensureVsixes } from '../../test/hosts/package.mjs';
import type { Bench, Figure } from '../figures';

/** A VSIX holds its packages either as a bundle or as a folder of modules. */
const packagesFolder = `${path.sep}node_modules${path.sep}`;

export const bench: Bench = async ({ vsix, extensionDir }) => {
  const names = await readdir(extensionDir, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const scripts = files.filter((file) => file.startsWith(path.join(extensionDir, 'dist')) && file.endsWith('.js'));
  const vsixes = await ensureVsixes(targets);
  const downloads = await Promise.all(vsixes.map(async (file) => (await stat(file)).size));
  const mb = (bytes: number): number => bytes / 2 ** 20;
  const figure = (what: string, unit: string, value: number, more: Partial<Figure> = {}): Figure => {
    return { what, unit, better: 'less', ours: [value], rivals: [], ...more };
  };
  return [
    figure('VSIX of this platform', 'MB', mb((await stat(vsix)).size), { budget: { of: 'ours', most: 1 } }),
    ...targets.map((target, at) =>
      figure(`VSIX for ${target}`, 'MB', mb(downloads[at] ?? NaN), { budget: { of: 'ours', most: 1 } }),
    ),
    figure('unpacked', 'MB', mb(sizes.reduce((sum, size) => sum + size, 0))),
    figure('files', 'files', files.length),
    figure('of these, scripts in dist/', 'files', scripts.length),
    figure(
      'modules to be resolved at run time',
      'files',
      files.filter((file) => file.includes(packagesFolder)).length,
      {
        budget: { of: 'ours', most: 0, isOfEach: true },
      },
    ),
  ];
};
