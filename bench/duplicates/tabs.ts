/** Browser tabs that open one workspace at the same moment, in an editor and with an app of their own. */
import path from 'node:path';
import { rm } from 'node:fs/promises';
import { listenersOf } from '../../test/hosts/proc.mjs';
import { Editor, eventually, Tab } from '../../test/integration/support/workbench';
import { settled, SETTLE_MS, type Counts } from './counts';
import { endAllIn, FolderWatch } from './folderWatch';
import { PORT, type Way } from './ways';

/** Eight workbenches load for minutes on a slow machine. */
const LIMIT_MS = 300_000;
/**
 * A busy machine loses answers of the editor, and a tab gets no extensions at all (seen: its extension host lives, and nothing is
 * activated in it, ours or the editor's own): a person loads it anew, so often at most, after as long as this.
 */
const RELOADS = 2;
const LEFT_ALONE_MS = 150_000;

export interface TabsCase {
  /** Short: a folder, and the editor's name. */
  readonly name: string;
  readonly dir: string;
  readonly tabs: number;
  readonly way: Way;
  /** The folder's name is one that makes a workspace ours. */
  readonly appName: string;
  readonly makeApp: (folder: string) => Promise<unknown>;
  readonly say: (text: string) => void;
}

export async function countWithTabs({ name, dir, tabs, way, appName, makeApp, say }: TabsCase): Promise<Counts> {
  if ((await listenersOf(PORT)).length > 0) throw new Error(`port ${PORT} is taken: this row needs it`);
  const workspace = path.join(dir, `${name}w`);
  const app = path.join(workspace, appName);
  await makeApp(app);
  await way.prepare(workspace, app);
  const watch = new FolderWatch(app, /^next-server/);
  let editor: Editor | undefined;
  try {
    const { extensionsDir, settings } = way;
    editor = await Editor.open(name, { workspace, extensionsDir, settings });
    const { folderUrl } = editor.server;
    const pages = await Promise.all(Array.from({ length: tabs }, () => (editor as Editor).pageBeside()));
    await Promise.all(pages.map((page) => page.goto(folderUrl, { waitUntil: 'commit', timeout: LIMIT_MS })));
    let reloads = 0;
    for (const each of await Promise.all(pages.map((page) => begun(new Tab(page), way, say)))) reloads += each;
    return await settled(watch, { port: PORT, settleMs: SETTLE_MS, reloads });
  } finally {
    watch.stop();
    await editor?.close();
    await endAllIn(workspace);
    await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Waits for a tab to have asked for its server; gives how often it had to be loaded for that again. */
async function begun(tab: Tab, way: Way, say: (text: string) => void): Promise<number> {
  for (let reloads = 0; ; reloads++)
    try {
      await eventually(`a window to begin (${way.name})`, () => way.hasBegun(tab), LEFT_ALONE_MS);
      return reloads;
    } catch (error) {
      if (reloads === RELOADS) throw error;
      say('a tab that the editor left alone is loaded again');
      await tab.page.reload({ timeout: LIMIT_MS });
    }
}
