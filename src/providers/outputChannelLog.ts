import * as vscode from 'vscode';
import { formatLogLine, type Logger } from '../sessions/log';

/** The output channel "Cheatcode Dev Server" as the core's logger; the editor filters by level. */
export class OutputChannelLog implements Logger, vscode.Disposable {
  readonly #channel = vscode.window.createOutputChannel('Cheatcode Dev Server', { log: true });

  trace(...line: Parameters<Logger['trace']>): void {
    this.#channel.trace(formatLogLine(...line));
  }

  debug(...line: Parameters<Logger['debug']>): void {
    this.#channel.debug(formatLogLine(...line));
  }

  info(...line: Parameters<Logger['info']>): void {
    this.#channel.info(formatLogLine(...line));
  }

  warn(...line: Parameters<Logger['warn']>): void {
    this.#channel.warn(formatLogLine(...line));
  }

  error(...line: Parameters<Logger['error']>): void {
    this.#channel.error(formatLogLine(...line));
  }

  /** Opens the channel in the panel. */
  show(): void {
    this.#channel.show(true);
  }

  dispose(): void {
    this.#channel.dispose();
  }
}
