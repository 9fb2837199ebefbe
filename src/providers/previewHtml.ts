import { randomBytes } from 'node:crypto';

/**
 * The preview's page. Nothing of the workspace is in it: all values arrive by messages, so only the one origin in the
 * policy differs, and that comes out of `URL.origin`.
 */
export function previewHtml(of: {
  readonly cspSource: string;
  readonly scriptUri: string;
  readonly styleUri: string;
  /** Of the only pages that may be framed; undefined while there are none. */
  readonly frameOrigin: string | undefined;
  /** Which of the pages that the editor was given this is: it says so when it listens. */
  readonly loading: number;
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
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${of.styleUri}">
<title>Preview</title>
</head>
<body data-loading="${of.loading}">
<div id="toolbar" role="group" aria-label="Preview">
  <div class="bar" role="toolbar" aria-label="Navigation">
    ${button('back', 'Back', 'M7 3 2 8l5 5M2.5 8h11')}
    ${button('forward', 'Forward', 'M9 3l5 5-5 5M13.5 8h-11')}
    ${button('reload', 'Reload', 'M13.5 8a5.5 5.5 0 1 1-1.6-3.9M13.5 1.8v3.4h-3.4')}
  </div>
  <input id="address" type="text" spellcheck="false" autocomplete="off" aria-label="Path of the page" title="Path of the page: Enter goes there">
  <div id="faces" class="bar" role="toolbar" aria-label="What is shown of the app" hidden>
    <button id="facePhone" class="face" aria-pressed="false">Phone</button>
    <button id="faceWeb" class="face" aria-pressed="false">Web</button>
  </div>
  <div class="bar" role="toolbar" aria-label="Page">
    ${button('openInBrowser', 'Open in Browser', 'M6.5 3H3v10h10V9.5M9.5 2.5h4v4M13.2 2.8 7.5 8.5')}
    ${button('copyUrl', 'Copy URL', 'M5.5 5.5V2.5h8v8h-3M2.5 5.5h8v8h-8z')}
    <div id="widths" class="group" role="group" aria-label="Width of the page">
      ${button('phone', 'Phone Width', 'M5 1.5h6v13H5zM7.2 12.5h1.6', true)}
      ${button('tablet', 'Tablet Width', 'M3 1.5h10v13H3zM7.2 12.5h1.6', true)}
      ${button('full', 'Full Width', 'M1.5 3.5h13v9h-13zM4 8h8M5.8 6.2 4 8l1.8 1.8M10.2 6.2 12 8l-1.8 1.8', true)}
      ${button('rotate', 'Landscape', 'M1.5 7.5h8v6h-8zM6 2.5h3.5a4 4 0 0 1 4 4v3M11.5 7.8l2 2 2-2', true)}
    </div>
  </div>
</div>
<div id="notices" role="status"></div>
<main id="stage">
  <section id="status">
    <div id="progress" aria-hidden="true"></div>
    <h1 id="sentence" aria-live="polite">Looking for the dev server.</h1>
    <div id="card" hidden>
      <div id="code"></div>
      <p id="phoneUrlLine"><code id="phoneUrl"></code> <button id="copyPhoneUrl" class="secondary">Copy</button></p>
      <p id="phoneSentence"></p>
    </div>
    <p id="hint" aria-live="polite" hidden></p>
    <div id="actions"></div>
    <pre id="output" tabindex="0" role="region" aria-label="Last output of the dev server" hidden></pre>
  </section>
  <section id="viewport" aria-label="Preview" hidden></section>
</main>
<script nonce="${nonce}" src="${of.scriptUri}"></script>
</body>
</html>
`;
}

function button(id: string, label: string, drawing: string, pressable = false): string {
  return `<button id="${id}" class="icon" title="${label}" aria-label="${label}"${pressable ? ' aria-pressed="false"' : ''}><svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><path d="${drawing}"/></svg></button>`;
}
