import './editorLanguage';
import * as vscode from 'vscode';
import { appFile } from '../sessions/appFile';
import type { App } from '../sessions/apps';
import { DisposableStore, type Disposable } from '../sessions/event';
import { filePlaces } from '../sessions/filePlaces';
import type { SessionState } from '../sessions/protocol';
import { stateSentence } from '../sessions/sessionSentences';
import type { FilePlace } from './previewCompileError';
import type { ShownTerminal } from './shownTerminal';

/** What a tab says of a state: by a sign and a sentence, and by a colour beside them. */
const signs: Readonly<Record<SessionState, readonly [badge: string, color: string]>> = {
  running: ['●', 'charts.green'],
  installing: ['…', 'charts.blue'],
  starting: ['…', 'charts.blue'],
  stopping: ['…', 'charts.blue'],
  waiting: ['…', 'charts.yellow'],
  blocked: ['!', 'list.warningForeground'],
  unhealthy: ['!', 'list.warningForeground'],
  failed: ['×', 'list.errorForeground'],
  stopped: ['■', 'disabledForeground'],
};

/**
 * What the terminals of dev servers have beyond their text: a sign of the state on the tab, in the list of terminals (an icon
 * can't be changed once a terminal is there), and links to the app's files. Loaded with the first such terminal.
 */
export class TerminalExtras
  implements vscode.FileDecorationProvider, vscode.TerminalLinkProvider<FileLink>, Disposable
{
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<vscode.Uri[]>());
  readonly #shown: () => readonly ShownTerminal<vscode.Terminal>[];
  readonly #openFile: (app: App, place: FilePlace) => void;
  /** The tabs that the editor has asked about, as text. */
  readonly #tabs = new Set<string>();

  readonly onDidChangeFileDecorations = this.#changed.event;

  constructor(shown: () => readonly ShownTerminal<vscode.Terminal>[], openFile: (app: App, place: FilePlace) => void) {
    this.#shown = shown;
    this.#openFile = openFile;
    this.#store.add(vscode.window.registerFileDecorationProvider(this));
    this.#store.add(vscode.window.registerTerminalLinkProvider(this));
  }

  /** A state has changed, or a terminal came or went. */
  update(): void {
    if (this.#tabs.size > 0) this.#changed.fire([...this.#tabs].map((tab) => vscode.Uri.parse(tab)));
  }

  /** A tab's address has the terminal's title as fragment: ours are named for their sessions. */
  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== 'vscode-terminal') return undefined;
    const found = this.#shown().find(({ session }) => session !== undefined && uri.fragment === session.id);
    if (found?.session === undefined) {
      this.#tabs.delete(uri.toString());
      return undefined;
    }
    this.#tabs.add(uri.toString());
    const [badge, color] = signs[found.session.state];
    return new vscode.FileDecoration(
      badge,
      stateSentence(found.app.label, found.session),
      new vscode.ThemeColor(color),
    );
  }

  async provideTerminalLinks({ terminal, line }: vscode.TerminalLinkContext): Promise<FileLink[]> {
    const app = this.#shown().find((shown) => shown.terminal === terminal)?.app;
    if (app === undefined) return [];
    const links = await Promise.all(
      filePlaces(line).map(async ({ start, length, file: told, line: row, column }): Promise<FileLink[]> => {
        const file = await appFile(app.folder, told);
        return file === undefined
          ? []
          : [{ startIndex: start, length, tooltip: file, app, place: { file, line: row, column } }];
      }),
    );
    return links.flat();
  }

  handleTerminalLink({ app, place }: FileLink): void {
    this.#openFile(app, place);
  }

  dispose(): void {
    this.#store.dispose();
  }
}

interface FileLink extends vscode.TerminalLink {
  readonly app: App;
  readonly place: FilePlace;
}
