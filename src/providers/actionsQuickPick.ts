import './editorLanguage';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { actionList, type ActionChoice, type ActionWindow } from '../sessions/actionList';
import { appIcon } from '../sessions/appFace';
import { type AppView } from '../sessions/appView';
import { appSummary } from '../sessions/presenter';

interface ActionItem extends vscode.QuickPickItem {
  readonly run?: ActionChoice;
}

/** Offers what fits the state of each app; `views` come with the likely app first. Undefined: a person left it. */
export async function pickAction(views: readonly AppView[], window: ActionWindow): Promise<ActionChoice | undefined> {
  const items = actionList(views, window).map((row): ActionItem =>
    row.kind === 'heading'
      ? { label: row.label, kind: vscode.QuickPickItemKind.Separator }
      : {
          label: `$(${row.icon}) ${row.label}`,
          ...(row.description === undefined ? {} : { description: row.description }),
          run: row.run,
        },
  );
  const options = { placeHolder: l10n.t('Dev server actions'), matchOnDescription: true };
  return (await vscode.window.showQuickPick(items, options))?.run;
}

/** Asks which of several apps a command is for. */
export async function pickApp(views: readonly AppView[], placeHolder: string): Promise<AppView | undefined> {
  const items = views.map((view) => ({
    label: `$(${appIcon(view.app.type)}) ${view.app.label}`,
    description: view.app.folder,
    detail: appSummary(view),
    view,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.view;
}
