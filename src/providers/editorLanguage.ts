/** Imported first by each bundle of the editor's side: texts are those of the editor's language from then on. */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

l10n.config({ contents: vscode.l10n.bundle ?? {} });
