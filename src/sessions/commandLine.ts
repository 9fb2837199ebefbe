/** Blanks, an escaped character, a quoted text, or plain characters: what needs no shell to be understood. */
const PIECE = /[^\S\n]+|\\.|'[^']*'|"(?:\\.|[^"\\$`])*"|[^\s"'\\|&;<>()$`*?~]+/gy;
/** The same of `cmd.exe`, to which a backslash is a part of a path and an apostrophe one of a word. */
const WINDOWS_PIECE = /[^\S\n]+|"[^"%]*"|[^\s"|&<>()^%]+/gy;

/**
 * Splits a command from settings or `cheatcode.json` into program and arguments: words, quotes and backslashes as in a
 * shell, but no shell runs it. What needs one (pipes, `&&`, variables, a quote that is never closed) is given to `sh -c`
 * whole, on Windows to `cmd`.
 */
export function splitCommand(command: string, platform: NodeJS.Platform = process.platform): readonly string[] {
  const isWindows = platform === 'win32';
  const words: string[] = [];
  let word: string | undefined;
  let end = 0;
  for (const { 0: piece } of command.matchAll(isWindows ? WINDOWS_PIECE : PIECE)) {
    end += piece.length;
    if (piece.trim() === '') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + (isWindows ? piece.replaceAll('"', '') : unquoted(piece));
  }
  if (word !== undefined) words.push(word);
  if (isWindows) return end < command.length ? ['cmd', '/d', '/s', '/c', `"${command}"`] : words;
  const setsVariable = /^\s*[A-Za-z_]\w*=/.test(command);
  return end < command.length || setsVariable ? ['sh', '-c', command] : words;
}

function unquoted(piece: string): string {
  switch (piece[0]) {
    case '\\':
      return piece.slice(1);
    case "'":
      return piece.slice(1, -1);
    case '"':
      return piece.slice(1, -1).replace(/\\(["\\$`])/g, '$1');
    default:
      return piece;
  }
}
