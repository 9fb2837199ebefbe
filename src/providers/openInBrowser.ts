import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { EditorBrowser } from './browserAddresses';
import { INTEGRATED_BROWSER_COMMAND } from './integratedBrowser';

/** The editor's part in addresses. */
export const editorBrowser: EditorBrowser = {
  asExternalUrl: async (url) => (await vscode.env.asExternalUri(vscode.Uri.parse(url, true))).toString(),
  open: async (url) => {
    await vscode.env.openExternal(asSpelled(url));
  },
  openIntegrated: async (url) => {
    await vscode.commands.executeCommand(INTEGRATED_BROWSER_COMMAND, url);
  },
  copy: async (url) => {
    await vscode.env.clipboard.writeText(url);
    vscode.window.setStatusBarMessage(`$(copy) ${l10n.t('Copied {0}', url)}`, 3000);
  },
};

/**
 * The editor's Uri decodes an address and encodes it anew, after which `%2F` or `%23` in a path or hash mean something else.
 * A string, which `openExternal` takes against its type, is opened as it is (microsoft/vscode#85930, `openUri` of the
 * extension host).
 */
function asSpelled(url: string): vscode.Uri {
  return url as unknown as vscode.Uri;
}
