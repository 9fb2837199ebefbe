import { commands, globalOptions, options, type CommandSpec, type OptionName, type OptionSpec } from './commands';
import { exitCodes, exitMeanings, type ExitName } from './exitCodes';
import { wrap } from './table';

const EXAMPLES: readonly (readonly [line: string, meaning: string])[] = [
  ['url=$(cheatcode-dev ensure)', "start the app's server unless it runs; its URL"],
  ['cheatcode-dev ensure mobile --json --timeout 300', 'for programs and agents'],
  ['cheatcode-dev logs web -f', 'follow its output'],
  ['cheatcode-dev attach', 'like tmux: Ctrl+] leaves, the server goes on'],
  ['cheatcode-dev stop && cheatcode-dev doctor', 'and look for trouble'],
];

/** The text of `--help`, in lines of at most `width` columns. */
export function helpText(width: number): string {
  const own = (Object.keys(options) as OptionName[]).filter((name) => !globalOptions.includes(name));
  const lines = [
    'usage: cheatcode-dev COMMAND [APP] [OPTIONS]',
    '',
    ...wrap(
      'Starts, shows and stops the dev servers of a cheatcode workspace: the same ones that the windows of the editor ' +
        'show. There is never a second server of an app, whoever asks for it.',
      width,
    ),
    '',
    'commands:',
    ...columns(
      Object.entries(commands).map(([name, spec]: [string, CommandSpec]) => [
        `${name}${spec.takesApp ? ' [APP]' : spec.words ? ` ${spec.words.join('|')}` : ''}`,
        spec.summary,
      ]),
      width,
    ),
    '',
    ...wrap(
      'APP is a name, a type (web, mobile) or a session (dev_server_web). Without it: the app that would start by itself, ' +
        'or the only one that runs.',
      width,
    ),
    '',
    'options:',
    ...columns([...own, ...globalOptions].map(optionRow), width),
    '',
    'examples:',
    ...columns(EXAMPLES, width),
    '',
    'exit codes:',
    ...columns(
      (Object.keys(exitCodes) as ExitName[]).map((name) => [String(exitCodes[name]), exitMeanings[name]]),
      width,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function optionRow(name: OptionName): readonly [string, string] {
  const { short, value, summary }: OptionSpec = options[name];
  return [`${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`, summary];
}

/** Two columns; on a narrow terminal, or after a long first one, the second begins on a line of its own. */
function columns(rows: readonly (readonly [string, string])[], width: number): readonly string[] {
  const left = Math.min(26, Math.max(...rows.map(([first]) => first.length)) + 2);
  const isNarrow = width < 60;
  return rows.flatMap(([first, second]) => {
    const indent = ' '.repeat(isNarrow ? 6 : left + 2);
    const text = wrap(second, width - indent.length).map((line) => `${indent}${line}`);
    if (isNarrow || first.length > left - 2) return [`  ${first}`, ...text];
    return [`  ${first.padEnd(left)}${(text[0] ?? '').trimStart()}`, ...text.slice(1)];
  });
}
