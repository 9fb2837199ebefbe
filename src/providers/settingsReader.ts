import * as l10n from '@vscode/l10n';
import { templateAddress } from './previewAddress';
import { flagOf, type RedisPlace, type SettingProblem, type Settings } from '../sessions/settings';

/**
 * Where values come from: the editor's configuration, or a test's record. Keys are without the prefix `cheatcode.`;
 * `fallback` is the default of the manifest, which has the only ones.
 */
export interface SettingSource {
  value(key: string): unknown;
  fallback(key: string): unknown;
}

/** A check of one value: the value as the core wants it, or undefined with what it must be. */
interface Rule<T> {
  /** A phrase; asked for when it is told, for before that no language is known. */
  readonly expected: () => string;
  /** The value may be a secret, and is not repeated to anybody. */
  readonly isSecret?: true;
  parse(value: unknown): { readonly value: T } | undefined;
}

/**
 * Makes the frozen settings; a value that can't be used is named in `problems`, and its default taken. `env` names the
 * sandbox where the settings do not.
 */
export function readSettings(
  source: SettingSource,
  env: Readonly<Record<string, string | undefined>> = {},
): {
  readonly settings: Settings;
  readonly problems: SettingProblem[];
} {
  const problems: SettingProblem[] = [];
  const read = <T>(key: string, rule: Rule<T>): T => {
    const value = source.value(key);
    const parsed = rule.parse(value);
    if (parsed !== undefined) return parsed.value;
    problems.push({
      setting: `cheatcode.${key}`,
      value: rule.isSecret ? l10n.t('(not shown)') : value,
      expected: rule.expected(),
    });
    const fallback = rule.parse(source.fallback(key));
    if (fallback === undefined) throw new Error(`the manifest's default of cheatcode.${key} is invalid`);
    return fallback.value;
  };
  const sandboxId = read('sandboxId', optionalText) ?? optionalText.parse(env['CHEATCODE_SANDBOX_ID'])?.value;
  const settings: Settings = {
    autoStart: read('autoStart', nonEmptyText),
    web: Object.freeze({
      port: read('web.port', port),
      command: read('web.command', optionalText),
      previewUrl: read('web.previewUrl', urlTemplate(sandboxId)),
    }),
    mobile: Object.freeze({
      port: read('mobile.port', port),
      command: read('mobile.command', optionalText),
      connection: read('mobile.connection', oneOf('auto', 'tunnel', 'lan')),
      previewUrl: read('mobile.previewUrl', urlTemplate(sandboxId)),
    }),
    portConflict: read('portConflict', oneOf('ask', 'wait', 'useNext')),
    restartOnChange: read('restartOnChange', oneOf('offer', 'restart')),
    healthIntervalSeconds: read('healthIntervalSeconds', numberBetween(1, 3600)),
    lastWindow: read('lastWindow', oneOf('auto', 'keep', 'stop')),
    graceSeconds: read('graceSeconds', numberBetween(1, 86_400)),
    memoryLimitMb: read('memoryLimitMb', megabytes),
    restartUnresponsiveSeconds: read('restartUnresponsiveSeconds', optionally(numberBetween(10, 86_400))),
    nodePath: read('nodePath', optionalText),
    terminal: Object.freeze({
      onClose: read('terminal.onClose', oneOf('stop', 'detach')),
      attachAutomatically: read('terminal.attachAutomatically', flag),
      tellOfSecondServer: read('terminal.tellOfSecondServer', flag),
    }),
    offerMcpServer: read('offerMcpServer', flag),
    sandboxId,
    redis: redisPlace(read, env, problems),
  };
  return { settings: Object.freeze(settings), problems };
}

/** The machine's settings first, then what the sandbox's provider put into the environment. */
function redisPlace(
  read: <T>(key: string, rule: Rule<T>) => T,
  env: Readonly<Record<string, string | undefined>>,
  problems: SettingProblem[],
): RedisPlace | undefined {
  // All three are read in any case, so that what is wrong with one of them is told.
  const url = read('redis.url', redisUrl) ?? optionalText.parse(env['CHEATCODE_REDIS_URL'] ?? null)?.value;
  const isRequiredBySetting = read('redis.required', flag);
  const required = requiredOf(env['CHEATCODE_REDIS_REQUIRED'], problems) || isRequiredBySetting;
  const caFile =
    read('redis.caFile', optionalText) ?? optionalText.parse(env['CHEATCODE_REDIS_CA_FILE'] ?? null)?.value;
  return url === undefined ? undefined : { url, required, caFile };
}

/** Of the variable alone; one that is empty says nothing. */
function requiredOf(text: string | undefined, problems: SettingProblem[]): boolean {
  const value = flagOf(text?.trim() ?? '');
  if (typeof value === 'boolean') return value;
  const variable = 'CHEATCODE_REDIS_REQUIRED';
  if (value !== '') problems.push({ setting: 'cheatcode.redis.required', variable, value, expected: flag.expected() });
  return false;
}

const nonEmptyText: Rule<string> = {
  expected: () => l10n.t('a text that is not empty'),
  parse: (value) => (typeof value === 'string' && value.trim() !== '' ? { value: value.trim() } : undefined),
};

/** Empty and null both mean "not set": the settings editor writes the one, a JSON file likes the other. */
const optionalText: Rule<string | undefined> = {
  expected: () => l10n.t('a text'),
  parse: (value) => {
    if (value === null) return { value: undefined };
    return typeof value === 'string' ? { value: value.trim() === '' ? undefined : value.trim() } : undefined;
  },
};

/** Only the beginning: the session host, which uses it, says what else is wrong. */
const redisUrl: Rule<string | undefined> = {
  expected: () =>
    l10n.t('an address that begins with redis://, rediss://, unix://, redis-sentinel:// or redis-cluster://, or empty'),
  isSecret: true,
  parse: (value) => {
    const text = optionalText.parse(value);
    const isAddress =
      text?.value === undefined || /^(?:rediss?(?:-sentinel|-cluster)?|redis\+unix|unix):\/\//i.test(text.value);
    return isAddress ? text : undefined;
  },
};

const port = optionally(wholeNumberBetween(1, 65_535));

const megabytes = optionally(wholeNumberBetween(256, 1_048_576));

const flag: Rule<boolean> = {
  expected: () => l10n.t('true or false'),
  parse: (value) => (typeof value === 'boolean' ? { value } : undefined),
};

/** Without a sandbox's id a template that wants one is wrong here, however right it is elsewhere. */
function urlTemplate(sandboxId: string | undefined): Rule<string | undefined> {
  return {
    expected: () => {
      const address = l10n.t('an http or https address with {0} in it, or empty', '{{port}}');
      if (sandboxId !== undefined) return address;
      return `${address}; ${l10n.t('{0} needs cheatcode.sandboxId or the variable CHEATCODE_SANDBOX_ID to be set', '{{sandboxId}}')}`;
    },
    parse: (value) => {
      const template = optionalText.parse(value);
      if (template?.value === undefined) return template;
      // A name that nobody fills in, or a brace by itself, is a slip of the pen.
      if (/[{}]/.test(template.value.replaceAll(/\{\{(?:port|sandboxId)\}\}/g, ''))) return undefined;
      if (!template.value.includes('{{port}}')) return undefined;
      return templateAddress(template.value, { port: 3000, sandboxId }) === undefined ? undefined : template;
    },
  };
}

function oneOf<T extends string>(...values: readonly T[]): Rule<T> {
  return {
    expected: () => l10n.t('one of {0}', values.join(', ')),
    parse: (value) => {
      const found = values.find((candidate) => candidate === value);
      return found === undefined ? undefined : { value: found };
    },
  };
}

function numberBetween(least: number, most: number): Rule<number> {
  return {
    expected: () => l10n.t('a number from {0} to {1}', least, most),
    parse: (value) => (typeof value === 'number' && value >= least && value <= most ? { value } : undefined),
  };
}

function wholeNumberBetween(least: number, most: number): Rule<number> {
  return {
    expected: () => l10n.t('a whole number from {0} to {1}', least, most),
    parse: (value) => (Number.isInteger(value) ? numberBetween(least, most).parse(value) : undefined),
  };
}

/** Null means "not set". */
function optionally<T>(rule: Rule<T>): Rule<T | undefined> {
  return {
    expected: () => l10n.t('{0}, or null', rule.expected()),
    parse: (value) => (value === null ? { value: undefined } : rule.parse(value)),
  };
}
