import path from 'node:path';

/** Programs that only run the script that comes after them. */
const INTERPRETER = /^(?:node|nodejs|bun)(?:\.exe)?$/;
const PACKAGE_MANAGER = /^(?:npm|pnpm|yarn|bun)(?:-cli)?(?:\.c?js|\.cmd)?$/;
const PACKAGE_RUNNER = /^(?:npx|pnpx|bunx)(?:-cli)?(?:\.c?js|\.cmd)?$/;
const SHELL = /^-?(?:sh|bash|dash|ash|zsh|fish|busybox)$/;
const SCRIPT_VERBS = new Set(['run', 'run-script', 'start', 'dev']);
const EXEC_VERBS = new Set(['exec', 'x', 'dlx']);

/**
 * Whether a command line is that of a dev server, or of a package manager that runs its script. Judged by the program
 * itself: a supervisor, a container's entry process or an agent may hold such words anywhere in its arguments.
 */
export function isRunner(command: string): boolean {
  const { program, args } = programOf(command);
  if (program === 'next-server') return true;
  if (PACKAGE_RUNNER.test(program)) return isServerTool(args);
  if (!PACKAGE_MANAGER.test(program)) return isServerTool([program, ...args]);
  const words = withoutFlags(args);
  const verb = words[0] ?? '';
  // A package manager may run anything, an agent for one: of what it runs by name only servers count.
  return SCRIPT_VERBS.has(verb) || (EXEC_VERBS.has(verb) && isServerTool(words.slice(1)));
}

/** Whether a command line is that of a dev server itself, not of what runs a script. */
export function isServer(command: string): boolean {
  const { program, args } = programOf(command);
  return program === 'next-server' || isServerTool([program, ...args]);
}

/** A shell: the one above a server may be an agent's or a person's own, and a script's ends with its child. */
export function isShell(command: string): boolean {
  return SHELL.test(path.posix.basename(command.split(' ')[0] ?? ''));
}

function programOf(command: string): { readonly program: string; readonly args: readonly string[] } {
  const words = command.split(/\s+/).filter(Boolean);
  const first = path.posix.basename(words[0] ?? '');
  const second = words.findIndex((word, index) => index > 0 && !word.startsWith('-'));
  const script = words[second] ?? '';
  // `bun run dev` is a package manager, `bun server.js` and `node server.js` are what they run.
  if (!INTERPRETER.test(first) || second < 0 || (first === 'bun' && !script.includes('/')))
    return { program: first, args: words.slice(1) };
  // Expo's own is called by its folder: `node_modules/expo/bin/cli start`.
  const program = /\/expo\/bin\/cli(?:\.js)?$/.test(script) ? 'expo' : path.posix.basename(script);
  return { program, args: words.slice(second + 1) };
}

function isServerTool(words: readonly string[]): boolean {
  const [tool, verb] = withoutFlags(words);
  return (tool === 'next' && verb === 'dev') || (tool === 'expo' && verb === 'start');
}

function withoutFlags(words: readonly string[]): readonly string[] {
  return words.filter((word) => !word.startsWith('-'));
}
