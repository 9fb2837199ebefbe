import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorCode } from './log';

/** Makes an editor's binary Node. */
const EDITORS_NODE = 'ELECTRON_RUN_AS_NODE';
/** Name of the command; on Windows its file ends with `.cmd`. */
const NAME = 'cheatcode-dev';

/** The folder below the state folder that the PATH of terminals gets. */
export function commandFolder(stateFolder: string): string {
  return path.join(stateFolder, 'bin');
}

/** The command in that folder. */
export function commandFile(folder: string, platform: NodeJS.Platform = process.platform): string {
  return path.join(folder, platform === 'win32' ? `${NAME}.cmd` : NAME);
}

/**
 * Writes the one stable way to the command line, `<state>/bin/cheatcode-dev`: a few lines that run the copy named here by the
 * Node that runs its host, or, should that be gone, by the one that the PATH has. Whole or absent, however many write it;
 * the last one wins. Throws what the disk says.
 * Of the Node's environment only what makes an editor's binary one: the command line takes the rest from its terminal.
 */
export function writeCommandShim(
  stateFolder: string,
  copy: string,
  node: { readonly file: string; readonly env: Readonly<Record<string, string>> },
  platform: NodeJS.Platform = process.platform,
): void {
  const isWindows = platform === 'win32';
  const file = commandFile(commandFolder(stateFolder), platform);
  const text = isWindows ? windowsShim(copy, node) : posixShim(copy, node);
  if (textOf(file) === text) return;
  const aside = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    writeFileSync(aside, text, { mode: 0o755, flag: 'wx' });
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

function posixShim(
  copy: string,
  { file, env }: { readonly file: string; readonly env: Readonly<Record<string, string>> },
) {
  const settings = Object.entries(env)
    .filter(([name]) => name === EDITORS_NODE)
    .map(([name, value]) => `${name}=${quoted(value)} `);
  return `#!/bin/sh
# Written by Cheatcode Dev Server when it starts its session host: its command line, of that version.
cli=${quoted(path.join(copy, 'cli.js'))}
if [ ! -f "$cli" ]; then
  echo "cheatcode-dev: $cli is gone; open the workspace in the editor once, or install cheatcode-dev anew" >&2
  exit 127
fi
if [ -x ${quoted(file)} ]; then
  ${settings.join('')}exec ${quoted(file)} "$cli" "$@"
fi
if command -v node >/dev/null 2>&1; then
  exec node "$cli" "$@"
fi
echo "cheatcode-dev: ${plain(file)} is gone, and there is no node on the PATH" >&2
exit 127
`;
}

function windowsShim(
  copy: string,
  { file, env }: { readonly file: string; readonly env: Readonly<Record<string, string>> },
) {
  const settings = Object.entries(env)
    .filter(([name]) => name === EDITORS_NODE)
    .map(([name, value]) => `set "${name}=${value}"`);
  const lines = ['@echo off', 'setlocal', ...settings, `"${file}" "${path.win32.join(copy, 'cli.js')}" %*`];
  return `${lines.join('\r\n')}\r\n`;
}

/** One word for a POSIX shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Inside of double quotes. */
function plain(text: string): string {
  return text.replaceAll(/[\\"$`]/g, '\\$&');
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}
