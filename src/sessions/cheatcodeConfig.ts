import {
  applyEdits,
  findNodeAtLocation,
  modify,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import type { ConfigProblem } from './apps';
import type { AppType } from './protocol';

/** One app that a `cheatcode.json` declares; the path is as written, relative to the file. */
export interface DeclaredApp {
  readonly name: string | undefined;
  readonly type: AppType | undefined;
  readonly path: string;
  readonly command: string | undefined;
  readonly port: number | undefined;
  readonly health: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly managed: 'cheatcode' | 'external';
  /** Where its `path` (or the app itself) stands in the file, for a later diagnostic. */
  readonly offset: number;
  readonly length: number;
}

export interface CheatcodeConfig {
  readonly apps: readonly DeclaredApp[];
  readonly autoStart: string | undefined;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Reads a `cheatcode.json` (comments and trailing commas allowed). Never throws: what is wrong is named at its place,
 * and an app with a wrong value loses only that value, or itself when it can't be understood at all.
 */
export function parseCheatcodeConfig(file: string, text: string): CheatcodeConfig {
  const problems: ConfigProblem[] = [];
  const report = (offset: number, length: number, message: string) =>
    problems.push({ file, offset, length: Math.max(1, length), message });
  const errors: ParseError[] = [];
  const root = parseTree(text.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true });
  for (const error of errors)
    report(error.offset, error.length, `not valid JSON: ${spaced(printParseErrorCode(error.error))}`);
  if (!root || root.type !== 'object') {
    if (errors.length === 0) report(0, text.length, 'must be an object with "apps"');
    return { apps: [], autoStart: undefined, problems };
  }
  const typed = <T extends string | number>(
    node: Node | undefined,
    type: 'string' | 'number',
    what: string,
    ok: (value: T) => boolean,
    expected: string,
  ): T | undefined => {
    if (!node) return undefined;
    if (node.type === type && ok(node.value as T)) return node.value as T;
    report(node.offset, node.length, `${what} must be ${expected}`);
    return undefined;
  };
  const text_ = (node: Node | undefined, what: string) =>
    typed<string>(node, 'string', what, (value) => value !== '', 'a text that is not empty');
  const apps: DeclaredApp[] = [];
  const list = findNodeAtLocation(root, ['apps']);
  if (list && list.type !== 'array') report(list.offset, list.length, '"apps" must be a list');
  const names = new Set<string>();
  const ports = new Set<number>();
  for (const node of (list?.type === 'array' && list.children) || []) {
    const at = (key: string) => findNodeAtLocation(node, [key]);
    if (node.type !== 'object') {
      report(node.offset, node.length, 'an app must be an object');
      continue;
    }
    const pathNode = at('path');
    const name = text_(at('name'), '"name"');
    if (name !== undefined && names.has(name)) {
      report(at('name')?.offset ?? node.offset, at('name')?.length ?? 1, `another app is named "${name}" already`);
      continue;
    }
    if (name !== undefined) names.add(name);
    const port = typed<number>(
      at('port'),
      'number',
      '"port"',
      (value) => Number.isInteger(value) && value >= 1 && value <= 65535,
      'a whole number from 1 to 65535',
    );
    if (port !== undefined && ports.has(port))
      report(at('port')?.offset ?? 0, at('port')?.length ?? 1, `another app has port ${port} already`);
    if (port !== undefined) ports.add(port);
    const type = typed<string>(
      at('type'),
      'string',
      '"type"',
      (value) => ['web', 'mobile', 'custom'].includes(value),
      '"web", "mobile" or "custom"',
    );
    apps.push({
      name,
      type: type as AppType | undefined,
      path: text_(pathNode, '"path"') ?? '.',
      command: text_(at('command'), '"command"'),
      port,
      health: typed<string>(
        at('health'),
        'string',
        '"health"',
        (value) => value.startsWith('/'),
        'a path that begins with "/"',
      ),
      env: readEnv(at('env'), report),
      managed: (typed<string>(
        at('managed'),
        'string',
        '"managed"',
        (value) => value === 'cheatcode' || value === 'external',
        '"cheatcode" or "external"',
      ) ?? 'cheatcode') as 'cheatcode' | 'external',
      offset: (pathNode ?? node).offset,
      length: (pathNode ?? node).length,
    });
  }
  return { apps, autoStart: text_(findNodeAtLocation(root, ['autoStart']), '"autoStart"'), problems };
}

function readEnv(
  node: Node | undefined,
  report: (offset: number, length: number, message: string) => void,
): Record<string, string> {
  if (!node) return {};
  if (node.type !== 'object') {
    report(node.offset, node.length, '"env" must be an object of texts');
    return {};
  }
  const env = new Map<string, string>();
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (!key || !value) continue;
    if (value.type === 'string' || value.type === 'number' || value.type === 'boolean')
      env.set(String(key.value), String(value.value));
    else report(value.offset, value.length, 'a variable must be a text');
  }
  return Object.fromEntries(env);
}

/** `name` and `path` of each entry of "apps" as written, at its place in the list; what is wrong with them is undefined. */
export function writtenApps(text: string): readonly { readonly name: unknown; readonly path: unknown }[] {
  const root = parseTree(text.replace(/^\uFEFF/, ' '), [], { allowTrailingComma: true });
  const list = root && findNodeAtLocation(root, ['apps']);
  if (list?.type !== 'array') return [];
  const valueOf = (node: Node, key: string): unknown => findNodeAtLocation(node, [key])?.value as unknown;
  return (list.children ?? []).map((node) => ({ name: valueOf(node, 'name'), path: valueOf(node, 'path') }));
}

/** The text with one value changed, or taken out where that is undefined; comments and all else stay as they are. */
export function editedConfig(text: string, place: readonly (string | number)[], value: unknown): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const formattingOptions = { insertSpaces: !/^\t/m.test(text), tabSize: /^( +)"/m.exec(text)?.[1]?.length ?? 2, eol };
  return applyEdits(text, modify(text, [...place], value, { formattingOptions }));
}

/** `PropertyNameExpected` → `property name expected`. */
function spaced(code: string): string {
  return code.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}
