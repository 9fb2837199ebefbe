import path from 'node:path';
import { pathName, pathOf } from './environmentPath';

/**
 * The environment that a dev server gets: the one its client brought, without what belongs to the editor. Kept in
 * memory only; never written to disk or shown (DESIGN section 5).
 */

/** Names that must not reach a server: they make tools believe they run inside the editor. */
const DENIED_NAMES = new Set([
  'BROWSER',
  'NODE_EXEC_PATH',
  'CI',
  'CHEATCODE_SESSION',
  // May hold a password, and is nobody's but the session host's.
  'CHEATCODE_REDIS_URL',
  'PORT',
  'APPLICATION_INSIGHTS_NO_DIAGNOSTIC_CHANNEL',
]);
const DENIED_PREFIXES = ['VSCODE_', 'ELECTRON_', 'CODE_SERVER_'];

/** Name of the cookie by which the processes of a session are found, also when they left its group. */
export const SESSION_COOKIE = 'CHEATCODE_SESSION';

/**
 * Strips the editor from `env` and adds what makes a terminal program feel at home. `CI` is gone: with it Expo
 * switches watching and hot reload off (FACTS).
 */
export function serverEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  editorRoot: string | undefined,
  additions: Readonly<Record<string, string>>,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || DENIED_NAMES.has(name)) continue;
    if (DENIED_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    result[name] = value;
  }
  if (result['NODE_OPTIONS'] !== undefined) {
    const options = withoutDebugger(result['NODE_OPTIONS']);
    if (options) result['NODE_OPTIONS'] = options;
    else delete result['NODE_OPTIONS'];
  }
  const name = pathName(result);
  const editor = editorRoot === undefined ? undefined : path.resolve(editorRoot) + path.sep;
  result[name] = pathOf(result)
    .split(path.delimiter)
    .filter((entry) => entry !== '' && !(editor && (path.resolve(entry) + path.sep).startsWith(editor)))
    .join(path.delimiter);
  return {
    ...result,
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
    ...additions,
  };
}

/** Takes debugger options out of a NODE_OPTIONS: a server that waits for a debugger never answers. */
function withoutDebugger(nodeOptions: string): string {
  const words = nodeOptions.match(/(?:"(?:\\.|[^"\\])*"|[^\s"]|")+/g) ?? [];
  const kept: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (/^--inspect(-|=|$)/.test(word)) continue;
    const isRequire = word === '--require' || word === '-r';
    const target = isRequire ? (words[i + 1] ?? '') : word.startsWith('--require=') ? word : '';
    if (/js-debug|bootloader/.test(target)) {
      if (isRequire) i++;
      continue;
    }
    kept.push(word);
  }
  return kept.join(' ');
}
