import * as vscode from 'vscode';
import { DisposableStore } from '../sessions/event';
import type { AppRow, DetailRow } from '../sessions/serverRows';
import { appCommands, SERVERS_VIEW_ID, windowCommands } from './ids';

/** An element of the tree; commands get it as their argument. The same object as long as its row is there. */
type Node = AppNode | DetailNode;

interface AppNode {
  readonly appKey: string;
  row: AppRow;
}

interface DetailNode {
  readonly parent: AppNode;
  /** What it shows, for the clipboard. */
  readonly value: string;
  readonly row: DetailRow;
}

const colours: Readonly<Record<AppRow['tone'], vscode.ThemeColor | undefined>> = {
  none: undefined,
  good: new vscode.ThemeColor('testing.iconPassed'),
  warning: new vscode.ThemeColor('problemsWarningIcon.foreground'),
  error: new vscode.ThemeColor('problemsErrorIcon.foreground'),
};

/** The Dev Servers view: shows rows, and asks the editor to draw only those that changed, while somebody looks. */
export class ServersView implements vscode.Disposable, vscode.TreeDataProvider<Node> {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<Node | undefined>());
  readonly #tree: vscode.TreeView<Node>;
  readonly #rows: () => readonly AppRow[];
  #nodes: readonly AppNode[] = [];

  readonly onDidChangeTreeData = this.#changed.event;

  /** `rows` gives what is true now. */
  constructor(rows: () => readonly AppRow[]) {
    this.#rows = rows;
    this.#tree = this.#store.add(vscode.window.createTreeView(SERVERS_VIEW_ID, { treeDataProvider: this }));
    this.#store.add(this.#tree.onDidChangeVisibility(() => this.update()));
    this.#store.add(
      vscode.commands.registerCommand(windowCommands.copyFact, async (node: unknown) => {
        if (isDetail(node)) await vscode.env.clipboard.writeText(node.value);
      }),
    );
    // The editor shows views of extensions collapsed among its own until somebody opens them.
    this.#store.add(
      vscode.commands.registerCommand(windowCommands.showServers, () =>
        vscode.commands.executeCommand(`${SERVERS_VIEW_ID}.focus`),
      ),
    );
  }

  /** Something that the rows are made of may have changed. */
  update(): void {
    // What nobody sees is asked for again when somebody does.
    if (!this.#tree.visible) return;
    const rows = this.#rows();
    const isSame =
      rows.length === this.#nodes.length && rows.every(({ appKey }, index) => this.#nodes[index]?.appKey === appKey);
    if (!isSame) {
      const known = new Map(this.#nodes.map((node) => [node.appKey, node]));
      this.#nodes = rows.map((row) => Object.assign(known.get(row.appKey) ?? { appKey: row.appKey, row }, { row }));
      this.#changed.fire(undefined);
      return;
    }
    this.#nodes.forEach((node, index) => {
      const row = rows[index];
      if (!row || JSON.stringify(row) === JSON.stringify(node.row)) return;
      node.row = row;
      this.#changed.fire(node);
    });
  }

  getChildren(node?: Node): Node[] {
    if (node === undefined) return [...this.#nodes];
    if (isDetail(node)) return [];
    return node.row.details.map((row) => ({ parent: node, row, value: row.description || row.label }));
  }

  getParent(node: Node): Node | undefined {
    return isDetail(node) ? node.parent : undefined;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return isDetail(node) ? detailItem(node) : appItem(node.row);
  }

  dispose(): void {
    this.#store.dispose();
  }
}

function appItem(row: AppRow): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = row.appKey;
  item.description = row.description;
  item.iconPath = new vscode.ThemeIcon(row.icon, colours[row.tone]);
  item.contextValue = row.context;
  item.tooltip = row.details[0]?.label;
  item.accessibilityInformation = { label: row.accessibleLabel, role: 'treeitem' };
  return item;
}

function detailItem({ parent, row, value }: DetailNode): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label, vscode.TreeItemCollapsibleState.None);
  item.id = `${parent.appKey} ${row.id}`;
  item.description = row.description;
  item.tooltip = value;
  item.contextValue = 'fact';
  if (row.icon !== undefined) item.iconPath = new vscode.ThemeIcon(row.icon);
  if (row.action !== undefined)
    item.command = { command: appCommands[row.action], title: row.label, arguments: [parent.appKey] };
  item.accessibilityInformation = { label: `${row.label} ${row.description}`.trim(), role: 'treeitem' };
  return item;
}

function isDetail(node: unknown): node is DetailNode {
  return typeof node === 'object' && node !== null && 'parent' in node;
}
