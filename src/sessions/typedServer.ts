/**
 * Says of a line that a person typed at a shell's prompt whether it starts a dev server, and for which folder. It rather says
 * no than cry wolf: what can't be known without running it (a variable, a script that is not there) is no server. Pure but for
 * the reading of `package.json`, which comes through a port.
 */
import path from 'node:path';
import { bareCommand } from './bareCommand';
import { separateOptions } from './commandOptions';
import { shellCommands, type ShellWord } from './shellCommands';

/** A server that a line would start. */
export interface TypedServer {
  readonly kind: 'next' | 'expo';
  /** Absolute, as it was told: links are not followed. */
  readonly folder: string;
}

export interface TypedServerPorts {
  readonly home: string;
  /** Folders that a package's name may mean (`--filter web`). */
  readonly folders: readonly string[];
  /** Of the folder itself; undefined where there is none that can be read. */
  packageIn(
    folder: string,
  ): Promise<{ readonly name: string | undefined; readonly scripts: Readonly<Record<string, string>> } | undefined>;
}

/** Scripts that run scripts that run scripts. */
const MAX_DEPTH = 5;

/** The first dev server that the line starts when it is run in this folder, undefined if none that can be told. */
export async function typedServer(
  line: string,
  folder: string,
  ports: TypedServerPorts,
): Promise<TypedServer | undefined> {
  return serverOfLine(line, { folder, depth: 0, ports });
}

/** Where a command is run. */
interface Place {
  readonly folder: string;
  readonly depth: number;
  readonly ports: TypedServerPorts;
}

async function serverOfLine(line: string, place: Place): Promise<TypedServer | undefined> {
  /** Undefined after a `cd` to where nobody knows. */
  let folder: string | undefined = place.folder;
  const outer: (string | undefined)[] = [];
  for (const part of shellCommands(line, place.ports.home) ?? []) {
    if (part.kind === 'open') outer.push(folder);
    else if (part.kind === 'close') folder = outer.length > 0 ? outer.pop() : folder;
    else if (part.kind === 'command' && !part.isAlternative) {
      const words = bareCommand(part.words);
      const [program] = words;
      if (program === 'cd' || program === 'pushd' || program === 'chdir')
        folder = folderAfter(words.slice(1), folder, place.ports.home);
      else if (folder !== undefined) {
        const found = await serverOfCommand(words, { ...place, folder });
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

function folderAfter(words: readonly ShellWord[], folder: string | undefined, home: string): string | undefined {
  const [target, ...others] = words.filter((word) => word === undefined || word === '-' || !word.startsWith('-'));
  if (words.length === 0) return home;
  if (target === undefined || target === '-' || others.length > 0 || folder === undefined) return undefined;
  return path.resolve(folder, target);
}

async function serverOfCommand(words: readonly ShellWord[], place: Place): Promise<TypedServer | undefined> {
  const [first, ...args] = words;
  if (first === undefined || place.depth > MAX_DEPTH || args.includes('--help')) return undefined;
  const deeper = { ...place, depth: place.depth + 1 };
  switch (programOf(first)) {
    case 'next':
      return server('next', 'dev', args, '-p --port -H --hostname', place.folder);
    case 'expo':
    case 'expo-cli':
      return server('expo', 'start', args, '-p --port -m --host --scheme --max-workers', place.folder);
    case 'node': {
      const { operands } = separateOptions(args, '-r --require --import --loader --env-file -C --conditions', true);
      const script = operands[0]?.replaceAll('\\', '/') ?? '';
      const tool =
        /(?:^|\/)node_modules\/(?:next\/dist\/bin\/(next)|(?:@expo\/cli\/build\/bin|(?:expo\/bin))\/cli)$/.exec(script);
      if (tool !== null) return serverOfCommand([tool[1] ?? 'expo', ...operands.slice(1)], deeper);
      return isTool(script) ? serverOfCommand(operands, deeper) : undefined;
    }
    case 'npm':
      return ofNpm(args, deeper);
    case 'pnpm':
      return ofPnpm(args, deeper);
    case 'yarn':
      return ofYarn(args, deeper);
    case 'bun':
      return ofBun(args, deeper);
    case 'npx':
    case 'pnpx':
    case 'bunx':
      return ofExec(args, deeper);
    case 'concurrently':
      for (const word of separateOptions(args, '-n --names -c --prefix-colors -p --prefix -k -s --success').operands) {
        const found = word === undefined ? undefined : await serverOfLine(word, deeper);
        if (found !== undefined) return found;
      }
      return undefined;
    case 'sh':
    case 'bash':
    case 'zsh':
      return args[0] === '-c' && args[1] !== undefined ? serverOfLine(args[1], deeper) : undefined;
    default:
      return undefined;
  }
}

/** The program that a first word names: by its name, or as a tool of the project's own. */
function programOf(word: string): string | undefined {
  if (!/[\\/]/.test(word)) return word.replace(/\.(?:cmd|exe|ps1)$/i, '');
  if (isTool(word)) return path.basename(word.replaceAll('\\', '/')).replace(/\.(?:cmd|exe|ps1)$/i, '');
  // Of the system's folders, whatever they are called; another "next" may be anybody's.
  const name = path.basename(word);
  return ['node', 'npm', 'pnpm', 'yarn', 'bun', 'npx', 'bunx', 'sh', 'bash', 'zsh'].includes(name) ? name : undefined;
}

function isTool(word: string): boolean {
  return /(?:^|[\\/])node_modules[\\/]\.bin[\\/](?:next|expo)(?:\.(?:cmd|exe|ps1))?$/i.test(word);
}

/** `next dev` and `expo start`, which are also what both do without a word. */
function server(
  kind: TypedServer['kind'],
  verb: string,
  args: readonly ShellWord[],
  valued: string,
  folder: string,
): TypedServer | undefined {
  const { operands, has } = separateOptions(args, valued);
  if (has('-h', '-v', '--version')) return undefined;
  if (operands.length === 0) return { kind, folder };
  if (operands[0] !== verb) return undefined;
  if (operands.length === 1) return { kind, folder };
  return operands[1] === undefined ? undefined : { kind, folder: path.resolve(folder, operands[1]) };
}

const NPM_VALUED = '-C --prefix -w --workspace --loglevel --script-shell --userconfig';

async function ofNpm(args: readonly ShellWord[], place: Place): Promise<TypedServer | undefined> {
  const { operands, option } = separateOptions(args, NPM_VALUED);
  const where = await moved(place, option('-C', '--prefix'), option('-w', '--workspace'), args);
  const [verb, ...rest] = operands;
  if (where === undefined) return undefined;
  if (verb === 'run' || verb === 'run-script' || verb === 'rum' || verb === 'urn') return ofScript(rest, where);
  if (verb === 'start') return ofScript(operands, where);
  return verb === 'exec' || verb === 'x' ? ofExec(args.slice(args.indexOf(verb) + 1), where) : undefined;
}

const PNPM_VALUED = '-C --dir --prefix -F --filter --filter-prod --reporter --loglevel';
/** Of pnpm, yarn and bun: verbs that a script of the same name does not replace. */
const OWN_VERBS: ReadonlySet<string> = new Set(
  'add install i remove rm update up upgrade link unlink list ls why outdated audit publish pack create init import store config env patch rebuild prune fetch deploy setup root bin test build cache info login logout workspaces'.split(
    ' ',
  ),
);

async function ofPnpm(args: readonly ShellWord[], place: Place): Promise<TypedServer | undefined> {
  const { operands, option, has } = separateOptions(args, PNPM_VALUED);
  // All packages of a workspace, or those that a pattern picks: which they are is pnpm's to know.
  if (has('-r', '--recursive') && !has('-F', '--filter')) return undefined;
  const where = await moved(place, option('-C', '--dir', '--prefix'), option('-F', '--filter', '--filter-prod'), args);
  const [verb, ...rest] = operands;
  if (where === undefined || verb === undefined || OWN_VERBS.has(verb)) return undefined;
  if (verb === 'run' || verb === 'run-script') return ofScript(rest, where);
  if (verb === 'exec' || verb === 'dlx') return ofExec(args.slice(args.indexOf(verb) + 1), where);
  return ofScriptOrTool(operands, args.slice(args.indexOf(verb)), where);
}

async function ofYarn(args: readonly ShellWord[], place: Place): Promise<TypedServer | undefined> {
  const { operands, option } = separateOptions(args, '--cwd');
  const [verb, name] = operands;
  if (verb === undefined || OWN_VERBS.has(verb)) return undefined;
  if (verb === 'workspace') {
    const there = name === undefined ? undefined : await packageNamed(name, place);
    return there === undefined ? undefined : ofYarn(args.slice(args.indexOf(name) + 1), { ...place, folder: there });
  }
  const where = await moved(place, option('--cwd'), undefined, args);
  if (where === undefined) return undefined;
  const behind = args.slice(args.indexOf(verb) + 1);
  if (verb === 'exec' || verb === 'dlx') return ofExec(behind, where);
  return verb === 'run'
    ? ofScriptOrTool(operands.slice(1), behind, where)
    : ofScriptOrTool(operands, args.slice(args.indexOf(verb)), where);
}

async function ofBun(args: readonly ShellWord[], place: Place): Promise<TypedServer | undefined> {
  const { operands, option } = separateOptions(args, '--cwd -F --filter --env-file -r --preload -p --port');
  const where = await moved(place, option('--cwd'), option('-F', '--filter'), args);
  const [verb, ...rest] = operands;
  if (where === undefined || verb === undefined || OWN_VERBS.has(verb)) return undefined;
  const behind = args.slice(args.indexOf(verb) + 1);
  if (verb === 'x') return ofExec(behind, where);
  return verb === 'run'
    ? ofScriptOrTool(rest, behind, where)
    : ofScriptOrTool(operands, args.slice(args.indexOf(verb)), where);
}

/** `npx next@15 dev`, `npm exec -- next dev`, `npx -c "next dev"`. */
async function ofExec(args: readonly ShellWord[], place: Place): Promise<TypedServer | undefined> {
  const { operands, option } = separateOptions(args, '-p --package -c --call -w --workspace', true);
  const call = option('-c', '--call');
  if (call !== undefined) return serverOfLine(call, place);
  const [tool, ...rest] = operands;
  const name = tool?.replace(/(?<=.)@[^/]*$/, '');
  return name === 'next' || name === 'expo' || name === 'expo-cli' || name === 'concurrently' || name === 'cross-env'
    ? serverOfCommand(bareCommand([name, ...rest]), place)
    : undefined;
}

/** A script of the nearest `package.json`, run in that one's folder. */
async function ofScript(words: readonly ShellWord[], place: Place): Promise<TypedServer | undefined> {
  const [name] = words;
  if (name === undefined) return undefined;
  const found = await nearestPackage(place);
  const script = found && Object.hasOwn(found.scripts, name) ? found.scripts[name] : undefined;
  return found && script !== undefined ? serverOfLine(script, { ...place, folder: found.folder }) : undefined;
}

/** What pnpm, yarn and bun do with a word that is none of theirs: the script of that name, else the tool. */
async function ofScriptOrTool(
  operands: readonly ShellWord[],
  asTyped: readonly ShellWord[],
  place: Place,
): Promise<TypedServer | undefined> {
  const [name] = operands;
  if (name === undefined) return undefined;
  const found = await nearestPackage(place);
  if (found && Object.hasOwn(found.scripts, name)) return ofScript(operands, place);
  const isKnownTool = name === 'next' || name === 'expo';
  return isKnownTool ? serverOfCommand(asTyped.slice(asTyped.indexOf(name)), place) : undefined;
}

/** Where options lead to; undefined where they lead to nothing that we know. */
async function moved(
  place: Place,
  folder: ShellWord,
  packageName: ShellWord,
  args: readonly ShellWord[],
): Promise<Place | undefined> {
  // An option whose value only the shell knows may lead anywhere.
  if (args.some((word, at) => word === undefined && (args[at - 1] ?? '').startsWith('-'))) return undefined;
  const there = folder === undefined ? place : { ...place, folder: path.resolve(place.folder, folder) };
  if (packageName === undefined) return there;
  const found = await packageNamed(packageName, there);
  return found === undefined ? undefined : { ...there, folder: found };
}

/** By its name, with or without its scope, or by its folder; `...` stands for what it depends on, or what depends on it. */
async function packageNamed(told: string, { folder: from, ports }: Place): Promise<string | undefined> {
  const name = told.replace(/^(?:\.\.\.)?\^?|\^?(?:\.\.\.)?$/g, '').replace(/^\{(.*)\}$/, '$1');
  for (const folder of ports.folders) {
    if (path.resolve(from, name) === folder) return folder;
    const own = (await ports.packageIn(folder))?.name;
    if (own !== undefined && (own === name || own.replace(/^@[^/]*\//, '') === name)) return folder;
  }
  return undefined;
}

async function nearestPackage({ folder, ports }: Place) {
  for (let at = folder; ; at = path.dirname(at)) {
    const found = await ports.packageIn(at);
    if (found !== undefined) return { ...found, folder: at };
    if (path.dirname(at) === at) return undefined;
  }
}
