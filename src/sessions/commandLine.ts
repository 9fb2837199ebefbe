/** Blanks, an escaped character, a quoted text, or plain characters: what needs no shell to be understood. */
const PIECE = /[^\S\n]+|\\.|'[^']*'|"(?:\\.|[^"\\$`])*"|[^\s"'\\|&;<>()$`*?~]+/gy;

/**
 * Splits a command from settings or `cheatcode.json` into program and arguments: words, quotes and backslashes as in a
 * shell, but no shell runs it. What needs one (pipes, `&&`, variables, a quote that is never closed) is given to `sh -c`
 * whole.
 */
export function splitCommand(command: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let end = 0;
  for (const { 0: piece } of command.matchAll(PIECE)) {
    end += piece.length;
    if (piece.trim() === '') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + unquoted(piece);
  }
  if (word !== undefined) words.push(word);
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
