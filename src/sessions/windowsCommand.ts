/**
 * How programs are called on Windows that Windows itself can't run: batch files, as which npm, pnpm and all tools of
 * `node_modules/.bin` come there. Node refuses to start them since 20.12 (CVE-2024-27980). Pure.
 */
import path from 'node:path';

/** A program and what it is given; `commandLine` instead of `args` where the program takes it apart by its own rules. */
export interface WindowsCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly commandLine?: string;
}

/** What `cmd.exe` gives a meaning to, as cross-spawn escapes it. */
const META = /[()\][%!^"`<>&|;, *?]/g;
/** Nothing in it that anybody gives a meaning to. */
const PLAIN = /^[\w.:\\/@+={}-]+$/;
const SHELL = /(?:^|[\\/])cmd(?:\.exe)?$/i;

/** The command as Windows can run it. `shell` is the path of `cmd.exe`. */
export function windowsCommand(file: string, args: readonly string[], shell: string): WindowsCommand {
  // Given to the shell by a setting (`splitCommand`), whose own words it is.
  if (SHELL.test(file)) return { file, args, commandLine: args.join(' ') };
  if (!/\.(?:cmd|bat)$/i.test(file)) return { file, args };
  // These hand their arguments to another program by `%*`, which takes the escapes away once more.
  const isShim = /node_modules[\\/]\.bin[\\/][^\\/]+\.cmd$/i.test(file);
  const line = [escaped(path.win32.normalize(file)), ...args.map((word) => argument(word, isShim))].join(' ');
  // `/s`: of this line the first and the last quote go, and nothing else, whatever it holds.
  const words = ['/d', '/s', '/c', `"${line}"`];
  return { file: shell, args: words, commandLine: words.join(' ') };
}

/** One word as the C runtime of most programs reads it, escaped for `cmd.exe` around it. */
function argument(word: string, isTwice: boolean): string {
  if (PLAIN.test(word)) return word;
  const quoted = `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, '$1$1')}"`;
  return isTwice ? escaped(escaped(quoted)) : escaped(quoted);
}

function escaped(text: string): string {
  return text.replace(META, '^$&');
}

/**
 * What may stand behind the name of a program that is looked for. Not all that PATHEXT has: scripts of other kinds (`.JS`, `.VBS`)
 * are no programs. Nor is the bare name: `pnpm` beside `pnpm.cmd` is for a POSIX shell.
 */
export function windowsSuffixes(program: string): readonly string[] {
  return /\.(?:com|exe|bat|cmd)$/i.test(program) ? [''] : ['.com', '.exe', '.bat', '.cmd'];
}
