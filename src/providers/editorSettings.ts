import * as vscode from 'vscode';
import { Emitter } from '../sessions/event';
import type { Logger } from '../sessions/log';
import { settingProblemsMessage, type Message } from '../sessions/messages';
import type { SettingProblem, Settings } from '../sessions/settings';
import { SETTINGS_SECTION } from './ids';
import { readSettings } from './settingsReader';

/** The editor's configuration as one frozen value, read once per change. */
export class EditorSettings implements vscode.Disposable {
  readonly #changed = new Emitter<Settings>();
  readonly #subscription: vscode.Disposable;
  readonly #log: Logger;
  readonly #report: (message: Message | undefined) => void;
  #problems: readonly SettingProblem[] = [];
  #current: Settings;

  readonly onDidChange = this.#changed.event;

  /** `report` hears what is wrong, or that nothing is. */
  constructor(log: Logger, report: (message: Message | undefined) => void) {
    this.#log = log;
    this.#report = report;
    this.#current = this.#read();
    this.#subscription = vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration(SETTINGS_SECTION)) return;
      this.#current = this.#read();
      this.#changed.fire(this.#current);
    });
  }

  get current(): Settings {
    return this.#current;
  }

  /** What can't be used of the values that count; their defaults are. */
  get problems(): readonly SettingProblem[] {
    return this.#problems;
  }

  /** Whether the workspace itself sets it, and not the person for all workspaces; `key` is without the prefix. */
  isOfWorkspace(key: string): boolean {
    return vscode.workspace.getConfiguration(SETTINGS_SECTION).inspect(key)?.workspaceValue !== undefined;
  }

  #read(): Settings {
    const configuration = vscode.workspace.getConfiguration(SETTINGS_SECTION);
    const { settings, problems } = readSettings(
      {
        value: (key) => configuration.get(key),
        fallback: (key) => configuration.inspect(key)?.defaultValue,
      },
      process.env,
    );
    for (const problem of problems)
      this.#log.warn('setting ignored', {
        setting: problem.variable ?? problem.setting,
        value: JSON.stringify(problem.value),
      });
    this.#problems = problems;
    this.#report(settingProblemsMessage(problems));
    return settings;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
