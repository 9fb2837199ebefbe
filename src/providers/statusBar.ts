import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { DisposableStore } from '../sessions/event';
import type { StatusItem } from '../sessions/presenter';
import { windowCommands } from './ids';

/** Left of what most extensions take, right of the branch. */
const PRIORITY = 50;

const background: Readonly<Record<StatusItem['background'], vscode.ThemeColor | undefined>> = {
  none: undefined,
  warning: new vscode.ThemeColor('statusBarItem.warningBackground'),
  error: new vscode.ThemeColor('statusBarItem.errorBackground'),
};

/** Shows status items in the editor's status bar, touching only what changed. */
export class StatusBar implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #slots: { readonly item: vscode.StatusBarItem; shown: string }[] = [];

  show(items: readonly StatusItem[]): void {
    items.forEach((item, index) => this.#showIn(index, item));
    for (const slot of this.#slots.slice(items.length)) {
      slot.item.hide();
      slot.shown = '';
    }
  }

  #showIn(index: number, model: StatusItem): void {
    const slot = (this.#slots[index] ??= { item: this.#createItem(index), shown: '' });
    const fingerprint = JSON.stringify(model);
    if (slot.shown === fingerprint) return;
    const { item } = slot;
    item.text = model.text;
    item.tooltip = new vscode.MarkdownString(model.tooltip, true);
    item.backgroundColor = background[model.background];
    item.accessibilityInformation = { label: model.accessibleLabel, role: 'button' };
    item.command = {
      command: windowCommands.actions,
      title: l10n.t('Dev Server Actions'),
      arguments: model.appKey === undefined ? [] : [model.appKey],
    };
    item.show();
    slot.shown = fingerprint;
  }

  #createItem(index: number): vscode.StatusBarItem {
    const item = this.#store.add(
      vscode.window.createStatusBarItem(`cheatcode.status.${index}`, vscode.StatusBarAlignment.Left, PRIORITY - index),
    );
    item.name = index === 0 ? 'Cheatcode Dev Server' : `Cheatcode Dev Server (${index + 1})`;
    return item;
  }

  dispose(): void {
    this.#store.dispose();
  }
}
