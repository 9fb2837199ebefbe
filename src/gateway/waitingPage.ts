/**
 * What is seen in the app's place while the server is not ready: a sentence, and a script that asks every half second
 * and turns the page into the app when it is.
 */
import type { GatewayUpstream } from '../sessions/gatewayProtocol';
import { escapeHtml, inlineScript } from './inlineScript';
import { gatewayPath, previewMark } from './names';

/** Between two questions, in milliseconds. */
const POLL_MS = 500;
/** The longest that a page waits for a server that is there and answers nothing, in milliseconds. */
const MOST_PATIENCE_MS = 5000;

/**
 * How long a page stays, in milliseconds, although the server takes connections, when the last `hangUps` pages got no answer
 * from it: it doubles, so that a server in trouble is not asked twice a second for ever.
 */
export function patienceAfter(hangUps: number): number {
  return hangUps === 0 ? 0 : Math.min(POLL_MS * 2 ** hangUps, MOST_PATIENCE_MS);
}

/**
 * The page under the prefix knows it by what is left of its address without the path that we were asked for. One that came by
 * a form is asked for anew without the form: nothing is sent twice.
 */
const script = `(() => {
  const { path, method, patience } = document.currentScript.dataset;
  const served = path.split('?')[0];
  const at = location.pathname;
  const prefix = at.endsWith(served) ? at.slice(0, at.length - served.length) : served === '/' ? at : '';
  const said = document.querySelector('[role=status]');
  const tell = () => {
    const message = { mark: '${previewMark}', type: 'liveness', state: 'loading', detail: said.textContent };
    if (parent !== window) parent.postMessage(message, '*');
  };
  const began = performance.now();
  let isNews = false;
  const again = () => setTimeout(ask, ${POLL_MS});
  const ask = async () => {
    try {
      const state = await (await fetch(prefix + '${gatewayPath}state', { cache: 'no-store' })).json();
      // A server that went away and came back, or of which something else is said, may do better than the one before.
      isNews ||= !state.ready || said.textContent !== state.sentence;
      if (state.ready && (isNews || performance.now() - began >= patience)) {
        if (method === 'GET') location.reload();
        else location.replace(at + location.search);
        return;
      }
      if (said.textContent !== state.sentence) {
        said.textContent = state.sentence;
        tell();
      }
    } catch {
      // The gateway is gone for a while, or for ever: whoever opened the page finds out.
    }
    again();
  };
  tell();
  again();
})();`;

const style = `:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 1rem; box-sizing: border-box;
  background: Canvas; color: CanvasText; font: 1rem/1.5 system-ui, sans-serif; text-align: center; }
h1 { margin: 0 0 0.5rem; font-size: 1.25rem; }
p { margin: 0; max-width: 40rem; overflow-wrap: anywhere; }`;

export interface OwnPage {
  readonly html: string;
  readonly policy: string;
}

/** What was asked for, and how long at least the page stays ({@link patienceAfter}). */
export interface Waiting {
  readonly path: string;
  readonly method: string;
  readonly patienceMs: number;
}

/** The page in the place of what was asked for. */
export function waitingPage(app: string, upstream: GatewayUpstream, { path, method, patienceMs }: Waiting): OwnPage {
  const { tag, source } = inlineScript(script, app);
  const data = { method, patience: String(patienceMs) };
  return page(upstream.label, upstream.sentence, 'status', tag(path, data), source);
}

/** What is seen when the server answered what nobody can read. It stays: asking again would give the same. */
export function faultPage(upstream: GatewayUpstream, sentence: string): OwnPage {
  return page(upstream.label, sentence, 'alert', '', "'none'");
}

function page(label: string, sentence: string, role: string, tag: string, scriptSource: string): OwnPage {
  const html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(label)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(label)}</h1>
<p role="${role}">${escapeHtml(sentence)}</p>
</main>
${tag}
</body>
</html>
`;
  const policy = `default-src 'none'; script-src ${scriptSource}; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'`;
  return { html, policy };
}
