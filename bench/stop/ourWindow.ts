import { Editor, type Tab } from '../../test/integration/support/workbench';
import type { App } from './app';
import { ensure, type OursOptions } from './ours';
import { offerInPalette } from './palette';
import type { Started, Way } from './way';

/** code-server with our extension: Stop in its palette, as a person gives it. */
export class OurWindow implements Way {
  readonly name = 'ours, in the palette';
  readonly #editor: Editor;
  readonly #tab: Tab;
  readonly #options: OursOptions;

  private constructor(
    editor: Editor,
    tab: Tab,
    options: OursOptions,
    /** Its own: a window takes note of whatever serves the app that it shows. */
    readonly workspace: string,
  ) {
    this.#editor = editor;
    this.#tab = tab;
    this.#options = options;
  }

  /** The caller closes it. */
  static async open(workspace: string, extensionsDir: string, options: OursOptions): Promise<OurWindow> {
    const settings = { 'cheatcode.autoStart': 'off' };
    const editor = await Editor.open('ours', { workspace, extensionsDir, settings });
    try {
      const env = { ...options.env, CHEATCODE_STATE_DIR: editor.stateFolder };
      return new OurWindow(editor, await editor.tab(), { ...options, stateFolder: editor.stateFolder, env }, workspace);
    } catch (error) {
      await editor.close();
      throw error;
    }
  }

  async start(app: App): Promise<Started> {
    await ensure(app, this.#options);
    await this.#tab.waitForStatus(new RegExp(`:${app.port}`), 60_000);
    return {
      aim: () => offerInPalette(this.#tab, 'Cheatcode: Stop Dev Server'),
      leave: () => this.#tab.waitForStatus(/stopped/i, 60_000),
    };
  }

  close(): Promise<void> {
    return this.#editor.close();
  }
}
