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
  const text = isWindows ? windowsShim(copy, node, path.win32.dirname(file)) : posixShim(copy, node);
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

/**
 * The command on Windows, as text, for a batch file in `folder`. No blocks in brackets: the brackets of `Program Files (x86)` would close them. `%~dp0` is the folder of the batch file: `cmd.exe` reads
 * the text in an old code page, in which the letters of a user's name may be others.
 */
export function windowsShim(
  copy: string,
  { file, env }: { readonly file: string; readonly env: Readonly<Record<string, string>> },
  folder: string,
) {
  const below = path.win32.relative(folder, copy);
  const isBelow = below !== '' && !below.startsWith('..') && !path.win32.isAbsolute(below);
  const cli = isBelow
    ? `%~dp0${path.win32.join(batchText(below), 'cli.js')}`
    : batchText(path.win32.join(copy, 'cli.js'));
  const settings = Object.entries(env)
    .filter(([name]) => name === EDITORS_NODE)
    .map(([name, value]) => `set "${name}=${value}"`);
  const text = `@echo off
rem Written by Cheatcode Dev Server when it starts its session host: its command line, of that version.
setlocal DisableDelayedExpansion
set "cli=${cli}"
set "node=${homeless(batchText(file))}"
if not exist "%cli%" goto gone
if not exist "%node%" goto path
${settings.map((line) => `${line}\n`).join('')}"%node%" "%cli%" %*
exit /b %errorlevel%
:path
where /q node || goto none
node "%cli%" %*
exit /b %errorlevel%
:gone
echo cheatcode-dev: "%cli%" is gone; open the workspace in the editor once, or install cheatcode-dev anew 1>&2
exit /b 127
:none
echo cheatcode-dev: "%node%" is gone, and there is no node on the PATH 1>&2
exit /b 127
`;
  return text.replaceAll('\n', '\r\n');
}

/** A text that a batch file means as it is. */
function batchText(text: string): string {
  return text.replaceAll('%', '%%');
}

/** With the user's own folder, whose name may have letters that a batch file can't, as the system names it. */
function homeless(file: string): string {
  const match = /^[a-z]:\\Users\\[^\\]+(?=\\)/i.exec(file);
  return match && /[^\x20-\x7e]/.test(match[0]) ? `%USERPROFILE%${file.slice(match[0].length)}` : file;
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
