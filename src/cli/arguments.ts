import { parseArgs } from 'node:util';
import { CommandError } from './commandError';
import {
  commands,
  isCommand,
  options,
  optionsOf,
  type CommandName,
  type CommandSpec,
  type OptionName,
} from './commands';

/** Seconds that a command waits for a server: a first install of the packages takes its time. */
const DEFAULT_TIMEOUT_SECONDS = 120;
const DEFAULT_LINES = 50;
/** What the session host keeps. */
const MAX_LINES = 1000;

/** The command line as it was meant. */
export interface ParsedCommand {
  /** `help` and `version` where these were asked for. */
  readonly command: CommandName | 'help' | 'version';
  /** Name, type or session of an app; for `completion` the shell. */
  readonly name: string | undefined;
  readonly isJson: boolean;
  readonly isVerbose: boolean;
  readonly noColor: boolean;
  readonly workspace: string | undefined;
  readonly isAgreed: boolean;
  readonly waits: boolean;
  readonly timeoutMs: number;
  readonly useNextPort: boolean;
  readonly startHere: boolean;
  /** A person's word that a session host which does not answer may be ended. */
  readonly replacesHost: boolean;
  readonly follows: boolean;
  readonly lines: number;
  readonly isFleet: boolean;
  readonly sandbox: string | undefined;
}

/** Reads the arguments after the program's name. Throws `CommandError` (usage). */
export function parseCommandLine(argv: readonly string[]): ParsedCommand {
  const { values, positionals } = read(argv);
  const [command, name, ...more] = positionals;
  const isHelp = values.help === true || command === 'help';
  const shared = {
    isJson: values.json === true,
    isVerbose: values.verbose === true,
    noColor: values['no-color'] === true,
    workspace: values.workspace,
    isAgreed: values.yes === true,
    waits: values['no-wait'] !== true,
    timeoutMs: seconds(values.timeout) * 1000,
    useNextPort: values['use-next-port'] === true,
    startHere: values['start-here'] === true,
    replacesHost: values['replace-host'] === true,
    follows: values.follow === true,
    lines: wholeLines(values.lines),
    isFleet: values.fleet === true,
    sandbox: values.sandbox,
  };
  if (isHelp) return { ...shared, command: 'help', name: undefined };
  if (values.version) return { ...shared, command: 'version', name: undefined };
  if (command === undefined) throw usage('Name a command.');
  if (!isCommand(command)) throw usage(`There is no command "${command}".`);
  const spec: CommandSpec = commands[command];
  const unknown = (Object.keys(values) as OptionName[]).find((option) => !optionsOf(command).includes(option));
  if (unknown !== undefined) throw usage(`"${command}" takes no option --${unknown}.`);
  const tooMany = spec.takesApp || spec.words ? more[0] : (name ?? more[0]);
  if (tooMany !== undefined) throw usage(`"${command}" does not know what to do with "${tooMany}".`);
  if (spec.words && (name === undefined || !spec.words.includes(name)))
    throw usage(`"${command}" needs one of ${spec.words.join(', ')}.`);
  if (values.wait && values['no-wait']) throw usage('--wait and --no-wait exclude each other.');
  if (values.sandbox !== undefined && !values.fleet) throw usage('--sandbox goes with --fleet.');
  return { ...shared, command, name };
}

function read(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (error) {
    // Its first sentence; what follows is about positional arguments that begin with a dash.
    throw usage(`${(error as Error).message.split('. ')[0]?.replace(/\.$/, '')}.`);
  }
}

function seconds(text: string | undefined): number {
  if (text === undefined) return DEFAULT_TIMEOUT_SECONDS;
  const value = Number(text);
  // A day: a longer timer would run over.
  if (text.trim() === '' || !(value > 0 && value <= 86_400))
    throw usage(`--timeout must be a number of seconds from 0 to 86400, not "${text}".`);
  return value;
}

function wholeLines(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LINES;
  if (!/^\d+$/.test(text)) throw usage(`--lines must be a whole number, not "${text}".`);
  return Math.min(Number(text), MAX_LINES);
}

function usage(message: string): CommandError {
  return new CommandError('usage', 'usage', message);
}
