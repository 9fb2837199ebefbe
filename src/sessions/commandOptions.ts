import type { ShellWord } from './shellCommands';

/** Options with their values, and the other words. `untilFirst`: everything behind the first other word is another's. */
export function separateOptions(
  words: readonly ShellWord[],
  valued: string,
  untilFirst = false,
): {
  readonly operands: readonly ShellWord[];
  readonly option: (...names: readonly string[]) => ShellWord;
  readonly has: (...names: readonly string[]) => boolean;
} {
  const takesValue = new Set(valued.split(' '));
  const options: [name: string, value: ShellWord][] = [];
  const operands: ShellWord[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    const [, name = '', value] = /^(--?[^=]*)(?:=(.*))?$/s.exec(word ?? '') ?? [];
    if (word === '--') {
      operands.push(...words.slice(at + 1));
      break;
    }
    if (word === undefined || name === '' || word === '-') {
      operands.push(...(untilFirst ? words.slice(at) : [word]));
      if (untilFirst) break;
    } else if (value === undefined && takesValue.has(name)) options.push([name, words[++at]]);
    else options.push([name, value]);
  }
  return {
    operands,
    option: (...names) => options.find(([name]) => names.includes(name))?.[1],
    has: (...names) => options.some(([name]) => names.includes(name)),
  };
}
