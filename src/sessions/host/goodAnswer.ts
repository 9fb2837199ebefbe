/**
 * Tells an app's dev server from anything else that answers in its folder (`python -m http.server`, `serve`, an inspector,
 * an editor that was started there): identity needs a good probe beside it (FACTS).
 */
import type { LaunchSpec } from '../protocol';
import type { HttpAnswer } from './httpQuestion';

type Answer = Extract<HttpAnswer, { kind: 'answer' }>;

type Framework = 'next' | 'next14' | 'metro';

/** Whose own page the app's probe asks for; undefined where it asks for a page of the app itself. */
function frameworkOf({ type, probe }: LaunchSpec): Framework | undefined {
  if (probe.kind !== 'http') return undefined;
  switch (probe.path) {
    case '/__nextjs_server_status':
      return 'next';
    case '/_next/static/development/_devPagesManifest.json':
      return 'next14';
    case '/status':
      // A name that any other app may well have chosen for its own health.
      return type === 'web' || type === 'mobile' ? 'metro' : undefined;
    default:
      return undefined;
  }
}

/** Whether the app's own dev server answers its probe like this when all is well. */
export function isGoodAnswer(spec: LaunchSpec, answer: Answer): boolean {
  const { status, headers, body } = answer;
  switch (frameworkOf(spec)) {
    case 'next':
      return status === 200 && /^\s*\{\s*"executionId"\s*:/.test(body);
    case 'next14':
      // With a base path this file lies elsewhere, and Next says so under its own name. A server of static files that
      // answers everything with its index page has 200 for it, too, but in HTML.
      return status === 200 ? isJson(headers['content-type']) : headers['x-powered-by'] === 'Next.js';
    case 'metro':
      return isMetro(answer);
    case undefined:
      // A page with "not found" on it is still a page of the app; a path that was declared as health has to be there.
      return status < (spec.probe.kind === 'http' && spec.probe.path === '/' ? 500 : 400);
  }
}

/** Whether a good answer to the app's probe can come from its framework alone. */
export function isTelling(spec: LaunchSpec): boolean {
  return frameworkOf(spec) !== undefined;
}

/** Whether the app's server, being Metro, tells its folder with each answer. */
export function tellsRoot(spec: LaunchSpec): boolean {
  return frameworkOf(spec) === 'metro';
}

/** The folder that a running Metro bundles, as it calls it itself; undefined for any other server. */
export function metroRoot(answer: Answer): string | undefined {
  const root = answer.headers['x-react-native-project-root'];
  return isMetro(answer) && typeof root === 'string' ? decoded(root) : undefined;
}

/** Expo encodes it (`encodeURI`), because a header holds no umlaut. Whoever compares it looks at the folder itself. */
function decoded(root: string): string {
  try {
    return decodeURI(root);
  } catch {
    return root; // Sent as it is, with a % in it.
  }
}

function isMetro({ status, body }: Answer): boolean {
  return status === 200 && body === 'packager-status:running';
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.startsWith('application/json') === true;
}
