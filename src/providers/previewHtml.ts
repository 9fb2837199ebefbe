import { randomBytes } from 'node:crypto';
import { escapeHtml } from './escapeHtml';
import { pageWords, type PageWord } from './previewWords';

/**
 * The preview's page. Nothing of the workspace is in it: all values arrive by messages, so only the one origin in the
 * policy differs, and that comes out of `URL.origin`. Its words are data, too: the script puts them where they belong.
 */
export function previewHtml(of: {
  readonly cspSource: string;
  readonly scriptUri: string;
  readonly styleUri: string;
  /** Of the only pages that may be framed; undefined while there are none. */
  readonly frameOrigin: string | undefined;
  /** Which of the pages that the editor was given this is: it says so when it listens. */
  readonly loading: number;
  /** Of its words. */
  readonly language: string;
  readonly nonce?: string;
}): string {
  const nonce = of.nonce ?? randomBytes(18).toString('base64');
  const policy = [
    "default-src 'none'",
    `style-src ${of.cspSource}`,
    `script-src 'nonce-${nonce}'`,
    `frame-src ${of.frameOrigin ?? "'none'"}`,
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escapeHtml(of.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${of.styleUri}">
<title data-text="preview"></title>
</head>
<body data-loading="${of.loading}" data-words="${escapeHtml(JSON.stringify(pageWords()))}">
<div id="toolbar" role="group" data-label="preview">
  <div class="bar" role="toolbar" data-label="navigation">
    ${button('back', 'M7 3 2 8l5 5M2.5 8h11')}
    ${button('forward', 'M9 3l5 5-5 5M13.5 8h-11')}
    ${button('reload', 'M13.5 8a5.5 5.5 0 1 1-1.6-3.9M13.5 1.8v3.4h-3.4')}
  </div>
  <input id="address" type="text" spellcheck="false" autocomplete="off" data-label="path" data-title="pathHint">
  <div id="faces" class="bar" role="toolbar" data-label="faces" hidden>
    <button id="facePhone" class="face" aria-pressed="false" data-text="facePhone"></button>
    <button id="faceWeb" class="face" aria-pressed="false" data-text="faceWeb"></button>
  </div>
  <div class="bar" role="toolbar" data-label="page">
    ${button('openInBrowser', 'M6.5 3H3v10h10V9.5M9.5 2.5h4v4M13.2 2.8 7.5 8.5')}
    ${button('copyUrl', 'M5.5 5.5V2.5h8v8h-3M2.5 5.5h8v8h-8z')}
    <div id="widths" class="group" role="group" data-label="widths">
      ${button('phone', 'M5 1.5h6v13H5zM7.2 12.5h1.6', true)}
      ${button('tablet', 'M3 1.5h10v13H3zM7.2 12.5h1.6', true)}
      ${button('full', 'M1.5 3.5h13v9h-13zM4 8h8M5.8 6.2 4 8l1.8 1.8M10.2 6.2 12 8l-1.8 1.8', true)}
      ${button('rotate', 'M1.5 7.5h8v6h-8zM6 2.5h3.5a4 4 0 0 1 4 4v3M11.5 7.8l2 2 2-2', true)}
    </div>
  </div>
</div>
<div id="notices" role="status"></div>
<main id="stage">
  <section id="status">
    <div id="progress" aria-hidden="true"></div>
    <h1 id="sentence" aria-live="polite" data-text="looking"></h1>
    <div id="card" hidden>
      <div id="code"></div>
      <p id="phoneUrlLine"><code id="phoneUrl"></code> <button id="copyPhoneUrl" class="secondary" data-text="copy"></button></p>
      <p id="phoneSentence"></p>
    </div>
    <p id="hint" aria-live="polite" hidden></p>
    <div id="actions"></div>
    <pre id="output" tabindex="0" role="region" data-label="output" hidden></pre>
  </section>
  <section id="viewport" data-label="preview" hidden></section>
</main>
<script nonce="${nonce}" src="${of.scriptUri}"></script>
</body>
</html>
`;
}

function button(id: PageWord, drawing: string, pressable = false): string {
  return `<button id="${id}" class="icon" data-title="${id}" data-label="${id}"${pressable ? ' aria-pressed="false"' : ''}><svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><path d="${drawing}"/></svg></button>`;
}
