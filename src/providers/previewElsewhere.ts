import { createHash } from 'node:crypto';
import type { App } from '../sessions/apps';
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
export function elsewhereHtml(app: Pick<App, 'key' | 'label'>, isInPanel: boolean): string {
  const label = escapeHtml(app.label);
  const link = (command: string, text: string): string =>
    `<a href="command:${command}?${encodeURIComponent(JSON.stringify([app.key]))}">${text}</a>`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${STYLE_HASH}'">
<title>Preview</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p>${isInPanel ? `The preview of ${label} is open among the editors.` : `The preview of ${label} is closed.`}</p>
<p>${isInPanel ? link(appCommands.openPreview, 'Show it there') : ''} ${link(appCommands.openPreviewInView, isInPanel ? 'Move it here' : 'Open it here')}</p>
</main>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
