/** Three ways in which a window that opens gets its dev server. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Tab } from '../../test/integration/support/workbench';
import { installNaive, NAIVE_ITEM, NAIVE_RUNS, naiveSettings } from '../support/naive';

/** Next's own port, for all three alike: a script that is just `next dev` is told of no port, and takes the next one when this is taken. */
export const PORT = 3000;

/** One way, ready for any number of editors. */
export interface Way {
  readonly name: string;
  readonly extensionsDir: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the workspace holds for it beside the app. */
  readonly prepare: (workspace: string, app: string) => Promise<void>;
  /** This window has asked for the server, and (where it would say) shows it running. */
  readonly hasBegun: (tab: Tab) => Promise<boolean>;
}

export function ours(extensionsDir: string): Way {
  return {
    name: 'ours',
    extensionsDir,
    settings: {},
    prepare: () => Promise.resolve(),
    hasBegun: async (tab) => (await tab.status()) === `Web :${PORT}`,
  };
}

/** What VS Code has for it, and no extension at all. */
export async function folderOpenTask(extensionsDir: string): Promise<Way> {
  await mkdir(extensionsDir, { recursive: true });
  await writeFile(path.join(extensionsDir, 'extensions.json'), '[]');
  return {
    name: 'task, runOn: folderOpen',
    extensionsDir,
    settings: { 'task.allowAutomaticTasks': 'on' },
    prepare: async (workspace, app) => {
      const task = {
        label: 'dev',
        type: 'shell',
        command: 'pnpm run dev',
        options: { cwd: app },
        isBackground: true,
        problemMatcher: [],
        runOptions: { runOn: 'folderOpen' },
      };
      await mkdir(path.join(workspace, '.vscode'), { recursive: true });
      await writeFile(
        path.join(workspace, '.vscode', 'tasks.json'),
        JSON.stringify({ version: '2.0.0', tasks: [task] }),
      );
    },
    // It opens the panel with its terminal.
    hasBegun: async ({ page }) => (await page.locator('.terminal-wrapper').count()) > 0,
  };
}

export async function naiveExtension(extensionsDir: string, folder: string): Promise<Way> {
  return {
    name: 'extension that looks whether the port is free',
    ...(await installNaive(extensionsDir)),
    settings: naiveSettings({ folder, port: PORT }),
    prepare: () => Promise.resolve(),
    hasBegun: async ({ page }) => {
      const texts = await page.locator(NAIVE_ITEM).allInnerTexts();
      return texts.some((text) => NAIVE_RUNS.test(text.replace(/\s+/g, ' ').trim()));
    },
  };
}
