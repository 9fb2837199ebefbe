/** The workspaces whose windows are looked at. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { copyWorkspace } from '../../test/hosts/workspace.mjs';

/** What a person has open in them: it activates what is activated for everybody who works on such an app. */
const OPEN = ['app/page.tsx', 'app/globals.css', 'package.json', 'next.config.ts'];

/** The sample's Next.js app, with its packages. */
export async function makeOwn(folder: string, settings: Record<string, unknown> = {}): Promise<string> {
  await copyWorkspace(folder, { only: ['cheatcode-app'] });
  const open = OPEN.map((file) => `cheatcode-app/${file}`);
  await writeSettings(folder, { 'probe.open': open, ...settings });
  return folder;
}

/** What a person has who makes something else: the sources of the same app under names that mean nothing to us. */
export async function makeForeign(folder: string, own: string): Promise<string> {
  await cp(path.join(own, 'cheatcode-app/app'), path.join(folder, 'app'), { recursive: true });
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: 'something-else', version: '1.0.0' }));
  await writeSettings(folder, { 'probe.open': ['app/page.tsx', 'app/globals.css', 'package.json'] });
  return folder;
}

async function writeSettings(folder: string, settings: Record<string, unknown>): Promise<void> {
  await mkdir(path.join(folder, '.vscode'), { recursive: true });
  await writeFile(path.join(folder, '.vscode', 'settings.json'), JSON.stringify(settings));
}
