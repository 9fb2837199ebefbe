import { createHash } from 'node:crypto';
import * as l10n from '@vscode/l10n';
import type { App } from '../sessions/apps';
import { escapeHtml } from './escapeHtml';
import { appCommands } from './ids';

/** What the links of the page may run, and nothing else. */
export const elsewhereCommands: readonly string[] = [appCommands.openPreview, appCommands.openPreviewInView];

/** The policy keeps out what the editor would put there, too. */
const STYLE = [
  'body { color: var(--vscode-foreground); font: var(--vscode-font-size) var(--vscode-font-family); }',
  'a { color: var(--vscode-textLink-foreground); margin-right: 1em; }',
  'a:focus-visible { outline: 1px solid var(--vscode-focusBorder); }',
].join(' ');
const STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`;

/** The view's page while its app is shown in a panel or not at all: it runs no script and frames nothing. */
export function elsewhereHtml(app: Pick<App, 'key' | 'label'>, isInPanel: boolean, language: string): string {
  const link = (command: string, text: string): string =>
    `<a href="command:${command}?${encodeURIComponent(JSON.stringify([app.key]))}">${escapeHtml(text)}</a>`;
  const sentence = isInPanel
    ? l10n.t('The preview of {0} is open among the editors.', app.label)
    : l10n.t('The preview of {0} is closed.', app.label);
  const links = isInPanel
    ? [
        link(appCommands.openPreview, l10n.t('Show it there')),
        link(appCommands.openPreviewInView, l10n.t('Move it here')),
      ]
    : [link(appCommands.openPreviewInView, l10n.t('Open it here'))];
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${STYLE_HASH}'">
<title>${escapeHtml(l10n.t('Preview'))}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p>${escapeHtml(sentence)}</p>
<p>${links.join(' ')}</p>
</main>
</body>
</html>
`;
}
