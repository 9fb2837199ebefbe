/** The usual way, as an editor has it: an extension that starts a server when a window opens and finds the port free. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inRepo } from '../../test/hosts/paths.mjs';

/** Its settings; by default the app is the workspace folder itself, on 3000, and no window asks again once it runs. */
export interface NaiveSettings {
  /** Below the workspace folder. */
  readonly folder?: string;
  readonly port?: number;
  readonly healthIntervalSeconds?: number;
}

/** In a status bar: an item of this text shows that the server answered a window. */
export const NAIVE_RUNS = /^Dev server :\d+ runs$/;
/** CSS selector of its item in the status bar. */
export const NAIVE_ITEM = '.statusbar-item[id*="naive.status"]';

const id = 'example.naive';
const version = '1.0.0';

/** Makes a folder of extensions with this one alone, for `Editor.open`. */
export async function installNaive(extensionsDir: string): Promise<{ readonly extensionsDir: string }> {
  const name = `${id}-${version}`;
  const folder = path.join(extensionsDir, name);
  await mkdir(extensionsDir, { recursive: true });
  await cp(inRepo('bench', 'naive'), folder, { recursive: true });
  const entry = {
    identifier: { id },
    version,
    location: { $mid: 1, path: folder, scheme: 'file' },
    relativeLocation: name,
    metadata: {},
  };
  await writeFile(path.join(extensionsDir, 'extensions.json'), JSON.stringify([entry]));
  return { extensionsDir };
}

/** What an editor's user settings hold for it. */
export function naiveSettings(settings: NaiveSettings): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`naive.${name}`, value as unknown]));
}
