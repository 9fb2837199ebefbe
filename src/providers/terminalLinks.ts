import * as vscode from 'vscode';
import { appFile } from '../sessions/appFile';
import type { App } from '../sessions/apps';
import type { Disposable } from '../sessions/event';
import { filePlaces } from '../sessions/filePlaces';
import type { FilePlace } from './previewCompileError';

/** What the links need of the rest of the window. */
export interface TerminalLinkPorts {
  /** Whose dev server's terminal it is; undefined: another one. */
  readonly appOf: (terminal: vscode.Terminal) => App | undefined;
  readonly openFile: (app: App, place: FilePlace) => void;
}

interface FileLink extends vscode.TerminalLink {
  readonly app: App;
  readonly place: FilePlace;
}

/**
 * Places in an app's files, as its server prints them, as links: the editor looks for them from the workspace's folder only. A
 * bundle of its own, loaded with the first terminal.
 */
export class TerminalLinks implements vscode.TerminalLinkProvider<FileLink>, Disposable {
  readonly #registration = vscode.window.registerTerminalLinkProvider(this);
  readonly #ports: TerminalLinkPorts;

  constructor(ports: TerminalLinkPorts) {
    this.#ports = ports;
  }

  async provideTerminalLinks({ terminal, line }: vscode.TerminalLinkContext): Promise<FileLink[]> {
    const app = this.#ports.appOf(terminal);
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
    this.#ports.openFile(app, place);
  }

  dispose(): void {
    this.#registration.dispose();
  }
}
