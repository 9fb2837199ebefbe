import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Editor, eventually, type Tab } from '../../test/integration/support/workbench';
import { offerInPalette } from './palette';
import type { Started, Way } from './way';

const KILL = 'Terminal: Kill the Active Terminal Instance';

/** code-server without our extension: `pnpm run dev` typed into its own terminal, and that terminal killed. */
export class EditorTerminal implements Way {
  readonly name = "closing VS Code's terminal";
  readonly #editor: Editor;
  readonly #tab: Tab;

  private constructor(editor: Editor, tab: Tab) {
    this.#editor = editor;
    this.#tab = tab;
  }

  /** Below `dir`, which is to be short. The caller closes it. */
  static async open(dir: string, workspace: string): Promise<EditorTerminal> {
    const extensionsDir = path.join(dir, 'none');
    await mkdir(extensionsDir, { recursive: true });
    await writeFile(path.join(extensionsDir, 'extensions.json'), '[]');
    const editor = await Editor.open('editor', { workspace, extensionsDir, env: { SHELL: '/bin/bash' } });
    try {
      return new EditorTerminal(editor, await editor.tab());
    } catch (error) {
      await editor.close();
      throw error;
    }
  }

  async start(app: { readonly typed: string }): Promise<Started> {
    const tab = this.#tab;
    await tab.command('Terminal: Create New Terminal');
    await eventually('a shell', async () => /[$#] ?$/m.test(await tab.terminalText()));
    await tab.typeIntoTerminal(`${app.typed}\n`);
    return {
      aim: () => offerInPalette(tab, KILL),
      leave: async () => {
        await eventually('no terminal', async () => (await tab.terminalNames()).length === 0, 30_000);
      },
    };
  }

  close(): Promise<void> {
    return this.#editor.close();
  }
}
