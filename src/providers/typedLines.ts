import * as vscode from 'vscode';
import type { TypedLine } from '../sessions/secondServerNotice';

/** Programs by which a dev server can be started: all other lines are nobody's business. */
const MAY_START = /\b(?:next|expo|npm|pnpm|yarn|bun|npx|pnpx|bunx|concurrently)\b/;

export interface TypedLinesPorts {
  /** The setting. */
  readonly isWanted: () => boolean;
  /** A line that may start a dev server was typed in a terminal of this window. */
  readonly look: (typed: TypedLine) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/**
 * Sees the lines that a person runs in the terminals of this window, where the shell tells of them (shell integration). Only
 * while the window has the focus: another tab of the same workspace shows the same terminals, and a person types in one.
 */
export function watchTypedLines({ isWanted, look, onError }: TypedLinesPorts): vscode.Disposable {
  return vscode.window.onDidStartTerminalShellExecution(({ terminal, execution, shellIntegration }) => {
    const folder = execution.cwd ?? shellIntegration.cwd;
    const { value: line } = execution.commandLine;
    if (!isWanted() || !vscode.window.state.focused || folder?.scheme !== 'file' || !MAY_START.test(line)) return;
    // A terminal that an extension draws, as ours, runs no shell.
    if ('pty' in terminal.creationOptions) return;
    look({ line, folder: folder.fsPath }).catch(onError);
  });
}
