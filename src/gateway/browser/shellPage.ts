/** The text of the shell page: one frame, and a place for the reason why there is none. Plain Node. */
import { createHash } from 'node:crypto';

const style = `
:root { color-scheme: light dark }
html, body { margin: 0; height: 100%; overflow: hidden; background: Canvas; color: CanvasText }
iframe { display: block; border: 0; width: 100%; height: 100% }
#notice { box-sizing: border-box; height: 100%; overflow: auto; padding: 2rem 1.25rem; font: 1rem/1.5 system-ui, sans-serif }
#notice > * { max-width: 42rem; margin: 0 auto 1rem }
h1 { font-size: 1.25rem }
button { font: inherit; padding: .25rem .75rem }
[hidden] { display: none !important }
`;

/**
 * The HTML of `/__cheatcode/`. `script` is the bundled shell, `appId` whose gateway this is. The policy in it allows just
 * that script, that style, and what has the page's own origin.
 */
export function shellPage(script: string, appId: string): string {
  // The parser ends a script at the first such letters, wherever they are.
  const text = script.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
  const policy = [
    "default-src 'none'",
    `script-src '${sha256(text)}'`,
    `style-src '${sha256(style)}'`,
    // The empty icon: without one a browser asks for the editor's, and says that it may not.
    'img-src data:',
    "frame-src 'self'",
    "worker-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Preview</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main id="notice" role="alert" hidden><h1></h1><p></p><p><button type="button"></button></p></main>
<script data-app="${escaped(appId)}">${text}</script>
</body>
</html>
`;
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function escaped(text: string): string {
  return text.replace(/[&"<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}
