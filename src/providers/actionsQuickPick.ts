import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { DevServers } from '../sessions/devServers';
import { actionsFor, type AppActionId } from '../sessions/appActions';
import { appIcon } from '../sessions/appFace';
import { type AppView } from '../sessions/appView';
import { appSummary } from '../sessions/presenter';

interface ActionItem extends vscode.QuickPickItem {
  readonly run?: () => void;
}

/** Offers what fits the state of each app; `views` come with the likely app first. */
export async function pickAction(
  views: readonly AppView[],
  run: (action: AppActionId, appKey: string) => void,
  hostReplacement: DevServers['hostReplacement'],
  runWindow: (command: 'showLog' | 'showReport' | 'doctor' | 'replaceHost') => void,
): Promise<void> {
  const items: ActionItem[] = views.flatMap((view) => [
    { label: appSummary(view), kind: vscode.QuickPickItemKind.Separator },
    ...actionsFor(view).map((action) => ({
      label: `$(${action.icon}) ${action.label}`,
      ...(action.description === undefined ? {} : { description: action.description }),
      run: () => run(action.id, view.app.key),
    })),
  ]);
  items.push(
    { label: 'Cheatcode', kind: vscode.QuickPickItemKind.Separator },
    ...(hostReplacement === undefined
      ? []
      : [
          {
            label: '$(sync) Replace Session Host…',
            description: hostReplacement === 'hung' ? 'it does not answer' : 'it is older than this extension',
            run: () => runWindow('replaceHost'),
          },
        ]),
    {
      label: `$(pulse) ${l10n.t('Run Doctor')}`,
      description: l10n.t('looks for what commonly goes wrong'),
      run: () => runWindow('doctor'),
    },
    { label: '$(output) Show Log', run: () => runWindow('showLog') },
    { label: '$(report) Show Report', description: 'for a bug report', run: () => runWindow('showReport') },
  );
  const picked = await vscode.window.showQuickPick(items, { placeHolder: 'Dev server actions' });
  picked?.run?.();
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
