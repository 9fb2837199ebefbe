/** What a Next server has compiled so far, by what lies in its folder. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Pages and routes of the app, those that Next itself brings (`_not-found`) among them. */
export async function compiledPages(app: string): Promise<readonly string[]> {
  const folder = path.join(app, '.next', 'dev', 'server');
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  return files.filter((file) => /^(app|pages)\/.*\.js$/.test(file) && /(?:^|\/)(?:page|route)\.js$/.test(file)).sort();
}
