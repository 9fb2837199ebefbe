/** Imported first by each bundle of the editor's side: texts are those of the editor's language from then on. */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

l10n.config({ contents: vscode.l10n.bundle ?? {} });

/** The language of those texts, as HTML names it: English where there are none in the editor's own. */
export const language = vscode.l10n.bundle === undefined ? 'en' : vscode.env.language;
