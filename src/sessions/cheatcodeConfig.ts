import * as l10n from '@vscode/l10n';
import type { ConfigProblem } from './apps';
import { APP_TYPE_NAMES, isAppType } from './appTypes';
import { changeValue, parseJsonText, propertiesOf, valueAt, type JsonNode, type Span } from './jsonText';
import type { AppType } from './protocol';

/** Its name; it lies in a workspace folder. */
export const CONFIG_FILE = 'cheatcode.json';

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
  /** Where it stands in the file, for a later diagnostic: what is not written stands where the app does. */
  readonly at: Readonly<Record<'app' | 'name' | 'type' | 'path' | 'command' | 'port', Span>>;
}

/** What a `cheatcode.json` says. */
export interface CheatcodeConfig {
  readonly apps: readonly DeclaredApp[];
  readonly autoStart: string | undefined;
  readonly autoStartAt: Span | undefined;
  readonly problems: readonly ConfigProblem[];
}

type Report = (
  at: Span,
  problem: Pick<ConfigProblem, 'code' | 'message'> & Partial<Pick<ConfigProblem, 'severity' | 'facts' | 'related'>>,
) => void;

/** A check of one value: what it is for the app, or undefined; `expected` is a sentence about what it must be. */
interface Rule<T> {
  readonly expected: () => string;
  parse(node: JsonNode): T | undefined;
}

const text = (field: string): Rule<string> => ({
  expected: () => l10n.t('"{0}" must be a text that is not empty.', field),
  parse: ({ value }) => (typeof value === 'string' && value !== '' ? value : undefined),
});

/** The properties of an app; the schema that the editor completes and checks by has the same ones, with the same bounds. */
const appRules = {
  name: text('name'),
  type: {
    expected: () => l10n.t('"type" must be one of these: {0}.', APP_TYPE_NAMES.map((type) => `"${type}"`).join(', ')),
    parse: ({ value }: JsonNode) => (isAppType(value) ? value : undefined),
  } satisfies Rule<AppType>,
  path: text('path'),
  command: text('command'),
  port: {
    expected: () => l10n.t('"port" must be a whole number from 1 to 65535.'),
    parse: ({ value }: JsonNode) =>
      typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65535 ? value : undefined,
  } satisfies Rule<number>,
  health: {
    expected: () => l10n.t('"health" must be a path that begins with "/".'),
    parse: ({ value }: JsonNode) => (typeof value === 'string' && value.startsWith('/') ? value : undefined),
  } satisfies Rule<string>,
  env: {
    expected: () => l10n.t('"env" must be an object of texts.'),
    parse: (node: JsonNode) => (node.type === 'object' ? node : undefined),
  } satisfies Rule<JsonNode>,
  managed: {
    expected: () => l10n.t('"managed" must be "cheatcode" or "external".'),
    parse: ({ value }: JsonNode) => (['cheatcode', 'external'] as const).find((managed) => managed === value),
  } satisfies Rule<'cheatcode' | 'external'>,
};

/** Names of the properties of an app. */
export const APP_PROPERTIES: readonly string[] = Object.keys(appRules);

/** Names of the properties of the file itself. */
export const FILE_PROPERTIES: readonly string[] = ['$schema', 'autoStart', 'apps'];

/**
 * Reads a `cheatcode.json` (comments and trailing commas allowed). Never throws: what is wrong is named at its place,
 * and an app with a wrong value loses only that value, or itself when it can't be understood at all.
 */
export function parseCheatcodeConfig(file: string, content: string): CheatcodeConfig {
  const problems: ConfigProblem[] = [];
  const report: Report = ({ offset, length }, problem) =>
    problems.push({ file, offset, length: Math.max(1, length), severity: 'error', facts: {}, ...problem });
  const { root, errors } = parseJsonText(content);
  for (const error of errors)
    report(error, { code: 'syntax', message: l10n.t('This is not valid JSON: {0}.', error.what) });
  if (root?.type !== 'object') {
    if (errors.length === 0)
      report(
        { offset: 0, length: content.length },
        { code: 'wrongValue', message: l10n.t('A cheatcode.json must be an object with "apps".') },
      );
    return { apps: [], autoStart: undefined, autoStartAt: undefined, problems };
  }
  reportUnknown(root, FILE_PROPERTIES, report);
  const list = valueAt(root, ['apps']);
  if (list && list.type !== 'array') report(list, { code: 'wrongValue', message: l10n.t('"apps" must be a list.') });
  const names = new Map<string, Span>();
  const ports = new Map<number, Span>();
  const apps: DeclaredApp[] = [];
  for (const node of (list?.type === 'array' && list.children) || []) {
    const app = readApp(node, report);
    if (app === undefined) continue;
    const { name, port, at } = app;
    const namesake = name === undefined ? undefined : names.get(name);
    if (name !== undefined && namesake !== undefined) {
      report(at.name, {
        code: 'nameTwice',
        message: l10n.t('Another app is named "{0}" already: this one is left out.', name),
        facts: { name },
        related: { ...namesake, message: l10n.t('The first app named "{0}".', name) },
      });
      continue;
    }
    if (name !== undefined) names.set(name, at.name);
    const other = port === undefined ? undefined : ports.get(port);
    if (port !== undefined && other !== undefined)
      report(at.port, {
        code: 'portTwice',
        message: l10n.t('Another app has port {0} already: the one that starts later gets the next free one.', port),
        severity: 'warning',
        facts: { port },
        related: { ...other, message: l10n.t('The first app with port {0}.', port) },
      });
    else if (port !== undefined) ports.set(port, at.port);
    apps.push(app);
  }
  const autoStart = valueAt(root, ['autoStart']);
  return { apps, autoStart: readValue(autoStart, text('autoStart'), report), autoStartAt: autoStart, problems };
}

function readApp(node: JsonNode, report: Report): DeclaredApp | undefined {
  if (node.type !== 'object') {
    report(node, { code: 'wrongValue', message: l10n.t('An app must be an object.') });
    return undefined;
  }
  reportUnknown(node, APP_PROPERTIES, report);
  const valueOf = (field: keyof typeof appRules) => valueAt(node, [field]);
  const read = <T>(field: keyof typeof appRules, rule: Rule<T>) => readValue(valueOf(field), rule, report, field);
  const at = (field: keyof typeof appRules): Span => spanOf(valueOf(field) ?? node);
  const env = read('env', appRules.env);
  return {
    name: read('name', appRules.name),
    type: read('type', appRules.type),
    path: read('path', appRules.path) ?? '.',
    command: read('command', appRules.command),
    port: read('port', appRules.port),
    health: read('health', appRules.health),
    env: env === undefined ? {} : readEnv(env, report),
    managed: read('managed', appRules.managed) ?? 'cheatcode',
    at: {
      app: spanOf(node),
      name: at('name'),
      type: at('type'),
      path: at('path'),
      command: at('command'),
      port: at('port'),
    },
  };
}

function readValue<T>(node: JsonNode | undefined, rule: Rule<T>, report: Report, field = ''): T | undefined {
  if (!node) return undefined;
  const value = rule.parse(node);
  if (value === undefined) report(node, { code: 'wrongValue', message: rule.expected(), facts: { field } });
  return value;
}

/** A misspelt property would be a wish that nobody hears. */
function reportUnknown(node: JsonNode, known: readonly string[], report: Report): void {
  for (const { key } of propertiesOf(node)) {
    const name = String(key.value);
    if (known.includes(name)) continue;
    report(key, {
      code: 'unknownProperty',
      message: l10n.t('There is no property "{0}" here: it is ignored.', name),
      severity: 'warning',
      facts: { name, known: known.join(' ') },
    });
  }
}

function readEnv(node: JsonNode, report: Report): Record<string, string> {
  const env = new Map<string, string>();
  for (const { key, value } of propertiesOf(node))
    if (value.type === 'string' || value.type === 'number' || value.type === 'boolean')
      env.set(String(key.value), String(value.value));
    else
      report(value, {
        code: 'wrongValue',
        message: l10n.t('A variable must be a text.'),
        facts: { field: 'env', name: String(key.value) },
      });
  return Object.fromEntries(env);
}

/** `name` and `path` of each entry of "apps" as written, at its place in the list; what is wrong with them is undefined. */
export function writtenApps(text: string): readonly { readonly name: unknown; readonly path: unknown }[] {
  const list = valueAt(parseJsonText(text).root, ['apps']);
  if (list?.type !== 'array') return [];
  const valueOf = (node: JsonNode, key: string): unknown => valueAt(node, [key])?.value as unknown;
  return (list.children ?? []).map((node) => ({ name: valueOf(node, 'name'), path: valueOf(node, 'path') }));
}

/** The text with one value changed, or taken out where that is undefined; comments and all else stay as they are. */
export function editedConfig(text: string, place: readonly (string | number)[], value: unknown): string {
  const changes = changeValue(text, parseJsonText(text).root, [...place], value);
  // From behind, so that the places before still hold.
  return [...changes]
    .sort((a, b) => b.offset - a.offset)
    .reduce(
      (all, change) => all.slice(0, change.offset) + change.text + all.slice(change.offset + change.length),
      text,
    );
}

function spanOf({ offset, length }: JsonNode): Span {
  return { offset, length };
}
