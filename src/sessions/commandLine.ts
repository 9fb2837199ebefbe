/**
 * Splits a command from settings or `cheatcode.json` into program and arguments: words, quotes and backslashes as in a
 * shell, but no shell runs it. What needs one (pipes, `&&`, variables) is given to `sh -c` whole.
 */
export function splitCommand(command: string): readonly string[] {
  if (/[|&;<>()$`*?~\n]/.test(command.replace(/'[^']*'/g, ''))) return ['sh', '-c', command];
  const words: string[] = [];
  const pattern = /((?:[^\s"'\\]|\\.|"(?:\\.|[^"\\])*"|'[^']*')+)/g;
  for (const [word] of command.matchAll(pattern))
    words.push(
      word.replace(
        /\\(.)|"((?:\\.|[^"\\])*)"|'([^']*)'/g,
        (_all, escaped: string, double: string, single: string) =>
          escaped ?? (double !== undefined ? double.replace(/\\(["\\$`])/g, '$1') : single),
      ),
    );
  return words;
}
