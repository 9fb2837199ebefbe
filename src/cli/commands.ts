/** The commands and options of the command line: one table for parsing, help and shell completion. */

/** An option as `parseArgs` of Node takes it, with what help and completion say. */
export interface OptionSpec {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** What stands for its value in help; present where `type` is `string`. */
  readonly value?: string;
  readonly summary: string;
  /** Each command takes it, and the help lists it at the end. */
  readonly isGlobal?: true;
}

export const options = {
  yes: { type: 'boolean', short: 'y', summary: 'end a server that was started outside Cheatcode, too' },
  wait: { type: 'boolean', summary: 'wait until the server runs (the default)' },
  'no-wait': { type: 'boolean', summary: 'return as soon as the start was asked for' },
  timeout: { type: 'string', value: 'SECONDS', summary: 'how long to wait (default 120)' },
  'use-next-port': { type: 'boolean', summary: 'take the next free port where the own one is taken' },
  'start-here': { type: 'boolean', summary: 'start it here although it runs on another machine' },
  'replace-host': {
    type: 'boolean',
    summary: 'end a session host that does not answer, with its dev servers, and go on with a new one',
  },
  follow: { type: 'boolean', short: 'f', summary: 'go on with what is printed from now on' },
  lines: { type: 'string', short: 'n', value: 'LINES', summary: 'how many of the last lines (default 50)' },
  fleet: { type: 'boolean', summary: "those of all machines, from Redis's registry" },
  sandbox: { type: 'string', value: 'ID', summary: 'of this sandbox only (default: CHEATCODE_SANDBOX_ID)' },
  json: { type: 'boolean', summary: 'print JSON (docs/command-line.md)', isGlobal: true },
  workspace: {
    type: 'string',
    value: 'DIR',
    summary: 'the cheatcode workspace (default: this folder or the nearest above it that is one)',
    isGlobal: true,
  },
  'no-color': { type: 'boolean', summary: 'no colours (also: NO_COLOR)', isGlobal: true },
  verbose: { type: 'boolean', summary: 'tell on stderr what happens', isGlobal: true },
  help: { type: 'boolean', short: 'h', summary: 'this text', isGlobal: true },
  version: { type: 'boolean', short: 'V', summary: 'the version', isGlobal: true },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type OptionName = keyof typeof options;

/** One command; what it prints and how it ends is said in docs/command-line.md. */
export interface CommandSpec {
  readonly summary: string;
  /** Takes the name of an app. */
  readonly takesApp?: true;
  /** The words that it takes instead of an app; one of them is needed. */
  readonly words?: readonly string[];
  /** Beside the global ones. */
  readonly options: readonly OptionName[];
}

const startOptions = ['wait', 'no-wait', 'timeout', 'use-next-port', 'start-here', 'replace-host'] as const;

export const commands = {
  ensure: {
    summary: 'start the dev server unless it runs, and print its URL',
    takesApp: true,
    options: startOptions,
  },
  start: { summary: 'the same as ensure', takesApp: true, options: startOptions },
  stop: { summary: 'stop the dev server', takesApp: true, options: ['yes', 'timeout', 'replace-host'] },
  restart: {
    summary: 'stop the dev server and start it again',
    takesApp: true,
    options: ['yes', ...startOptions],
  },
  status: { summary: 'say how the dev servers of the workspace are', takesApp: true, options: [] },
  logs: { summary: 'print the last output', takesApp: true, options: ['follow', 'lines'] },
  attach: {
    summary: 'show the terminal and type into it; Ctrl+] or Ctrl+P Ctrl+Q leaves it',
    takesApp: true,
    options: [],
  },
  open: { summary: 'print the URL and open it in a browser', takesApp: true, options: [] },
  doctor: { summary: 'look for what keeps a dev server from starting', takesApp: true, options: [] },
  ls: { summary: 'list all dev servers of this machine, or of all machines', options: ['fleet', 'sandbox'] },
  mcp: { summary: 'serve agents the same, as an MCP server on stdin and stdout', options: [] },
  shutdown: {
    summary: 'stop all dev servers and end the background process that owns them',
    options: ['replace-host'],
  },
  completion: {
    summary: 'print a completion script for the shell',
    words: ['bash', 'zsh', 'fish'],
    options: [],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof commands;

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** Every option of a command, its own first. */
export function optionsOf(command: CommandName): readonly OptionName[] {
  return [...commands[command].options, ...globalOptions];
}

export const globalOptions = (Object.keys(options) as OptionName[]).filter(
  (name) => (options[name] as OptionSpec).isGlobal === true,
);
