/**
 * Takes the line that a person typed at a shell's prompt apart, as far as that can be done without a shell. Pure. What is not
 * understood is not guessed at: a line with a substitution or a quote that is never closed has no commands here.
 */

/** A word, or undefined where only the shell knows what becomes of it (a variable, a pattern). */
export type ShellWord = string | undefined;

/** One of the commands of a line, or the edge of a part in parentheses, whose changes of folder end with it. */
export type ShellPart =
  | { readonly kind: 'command'; readonly words: readonly ShellWord[]; readonly isAlternative: boolean }
  | { readonly kind: 'open' | 'close' };

const OPERATORS = ['&&', '||', ';;', '|&', ';', '|', '&', '\n'] as const;

/** The commands of a line in their order; undefined if it is not understood. `isAlternative`: run only if the one before fails. */
export function shellCommands(line: string, home: string): readonly ShellPart[] | undefined {
  const parts: ShellPart[] = [];
  let words: ShellWord[] = [];
  /** Of the word at hand; undefined between words. */
  let word: { text: string; isKnown: boolean } | undefined;
  let isRedirected = false;
  let isAlternative = false;
  let at = 0;

  const add = (text: string, isKnown = true): void => {
    word ??= { text: '', isKnown: true };
    word.text += text;
    word.isKnown &&= isKnown;
  };
  const endWord = (): void => {
    if (word !== undefined && !isRedirected) words.push(word.isKnown ? word.text : undefined);
    if (word !== undefined) isRedirected = false;
    word = undefined;
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) parts.push({ kind: 'command', words, isAlternative });
    words = [];
    isAlternative = false;
  };

  while (at < line.length) {
    const rest = line.slice(at);
    const char = line[at] ?? '';
    const operator = OPERATORS.find((one) => rest.startsWith(one));
    if (/^(?:`|\$[('"]|<<|<\(|>\()/.test(rest)) return undefined;
    if (char === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) return undefined;
      add(line.slice(at + 1, end));
      at = end + 1;
    } else if (char === '"') {
      const quoted = /^"((?:\\[\s\S]|[^"\\])*)"/.exec(rest);
      const text = quoted?.[1];
      if (quoted === null || text === undefined || /`|\$\(/.test(text.replace(/\\[\s\S]/g, ''))) return undefined;
      add(text.replace(/\\\n/g, '').replace(/\\(["\\$`])/g, '$1'), !/(?<!\\)\$[\w{]/.test(text));
      at += quoted[0].length;
    } else if (char === '\\') {
      if (line[at + 1] !== '\n') add(line[at + 1] ?? '');
      at += 2;
    } else if (/^&>|^>&|^[<>]/.test(rest)) {
      // A number before it belongs to it.
      if (word !== undefined && /^\d+$/.test(word.text)) word = undefined;
      endWord();
      const sign = /^(?:&>>?|>>|>&|<&|>\||<>|<|>)/.exec(rest)?.[0] ?? char;
      isRedirected = true;
      at += sign.length;
    } else if (operator !== undefined) {
      endCommand();
      isAlternative = operator === '||';
      at += operator.length;
    } else if (char === '(' || char === ')') {
      // A function's, an array's or a pattern's.
      if (char === '(' && (word !== undefined || words.length > 0)) return undefined;
      endCommand();
      parts.push({ kind: char === '(' ? 'open' : 'close' });
      at++;
    } else if (/\s/.test(char)) {
      endWord();
      at++;
    } else if (char === '#' && word === undefined) {
      const end = line.indexOf('\n', at);
      at = end < 0 ? line.length : end;
    } else if (char === '~' && word === undefined) {
      const isHome = /^~(?=[/\s;&|)]|$)/.test(rest);
      add(isHome ? home : '~', isHome);
      at++;
    } else if (/^\$(?:HOME\b|\{HOME\})/.test(rest)) {
      add(home);
      at += rest[1] === '{' ? '${HOME}'.length : '$HOME'.length;
    } else {
      // A variable alone is nothing before its value is known; a lone brace is no pattern.
      add(char, !/[$*?[]/.test(char) && !(char === '{' && /^\{[^\s}]*[,.]/.test(rest)));
      at++;
    }
  }
  endCommand();
  return parts;
}
