import type { DeclaredSetting, DeclaredSettings } from '../sessions/declaredSettings';
import { flagOf, type SettingProblem, type Settings } from '../sessions/settings';

/** The edge's reader of settings, given by the composition root: what is checked there is checked once. */
export type ReadSettings = (
  source: { value(key: string): unknown; fallback(key: string): unknown },
  env: Readonly<Record<string, string | undefined>>,
) => { readonly settings: Settings; readonly problems: readonly SettingProblem[] };

/** Read by `readSettings` itself, by the rules that hold for windows, too. */
const READ_ELSEWHERE: ReadonlySet<string> = new Set(['sandboxId', 'redis.url', 'redis.required', 'redis.caFile']);

/**
 * The settings of a client without an editor: the environment, then the manifest's defaults. `cheatcode.json` comes between,
 * where a launch spec is resolved, and what the session host keeps for the whole machine is its own.
 */
export function environmentSource(
  env: Readonly<Record<string, string | undefined>>,
  declared: DeclaredSettings,
): { value(key: string): unknown; fallback(key: string): unknown } {
  const of = (key: string) => declared[`cheatcode.${key}`];
  return {
    value: (key) => {
      const text = READ_ELSEWHERE.has(key) ? undefined : env[variableOf(key)];
      const setting = of(key);
      return text === undefined || text.trim() === '' || !setting ? setting?.default : parse(text.trim(), setting);
    },
    fallback: (key) => of(key)?.default,
  };
}

/** `web.previewUrl` → `CHEATCODE_WEB_PREVIEW_URL`. */
export function variableOf(key: string): string {
  const words = key.replace(/[A-Z]/g, (letter) => `_${letter}`).replaceAll('.', '_');
  return `CHEATCODE_${words.toUpperCase()}`;
}

/** One sentence about a variable that can't be used. */
export function problemSentence({ setting, variable, value, expected }: SettingProblem): string {
  const name = variable ?? variableOf(setting.replace(/^cheatcode\./, ''));
  return `${name} is ${JSON.stringify(value)} but must be ${expected}. Its default is used.`;
}

/** As the manifest's type wants it; what can't be is left as it is, for the reader to name. */
function parse(text: string, { type }: DeclaredSetting): unknown {
  const types = typeof type === 'string' ? [type] : type;
  if (text === 'null' && types.includes('null')) return null;
  if (types.includes('boolean')) return flagOf(text);
  if ((types.includes('integer') || types.includes('number')) && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text;
}
