import * as vscode from 'vscode';
import { formatLogLine, type Logger } from '../sessions/log';

/** Kept for a report. */
const RECENT_LINES = 200;

/** The output channel "Cheatcode Dev Server" as the core's logger; the editor filters by level. */
export class OutputChannelLog implements Logger, vscode.Disposable {
  readonly #channel = vscode.window.createOutputChannel('Cheatcode Dev Server', { log: true });
  #recent: string[] = [];

  /** The last lines, whatever level the editor shows, each with its time. */
  get recent(): readonly string[] {
    return this.#recent;
  }

  trace(...line: Parameters<Logger['trace']>): void {
    this.#channel.trace(this.#note('trace', line));
  }

  debug(...line: Parameters<Logger['debug']>): void {
    this.#channel.debug(this.#note('debug', line));
  }

  info(...line: Parameters<Logger['info']>): void {
    this.#channel.info(this.#note('info', line));
  }

  warn(...line: Parameters<Logger['warn']>): void {
    this.#channel.warn(this.#note('warn', line));
  }

  error(...line: Parameters<Logger['error']>): void {
    this.#channel.error(this.#note('error', line));
  }

  #note(level: string, line: Parameters<Logger['info']>): string {
    const text = formatLogLine(...line);
    if (level !== 'trace')
      this.#recent = [...this.#recent.slice(1 - RECENT_LINES), `${new Date().toISOString()} ${level} ${text}`];
    return text;
  }

  /** Opens the channel in the panel. */
  show(): void {
    this.#channel.show(true);
  }

  dispose(): void {
    this.#channel.dispose();
  }
}
