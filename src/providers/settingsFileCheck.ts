/** What is wrong with our settings in a file of settings, each at its value. Pure; `settingsDiagnostics.ts` shows it. */
import * as l10n from '@vscode/l10n';
import { schemaAccepts, type DeclaredSettings } from '../sessions/declaredSettings';
import { parseJsonText, plainValue, propertiesOf, valueAt, type Span } from '../sessions/jsonText';
import { readSettings } from './settingsReader';

/** A value in a file of settings that can't be used, or does nothing. */
export interface SettingPlace extends Span {
  readonly setting: string;
  readonly message: string;
  /** A warning: the value is taken, and does not do what it looks like. */
  readonly severity: 'error' | 'warning';
}

/** What values are checked against. */
export interface SettingsFileLook {
  readonly declared: DeclaredSettings;
  /** The value that counts, from whatever file; key without `cheatcode.`. */
  readonly effective: (key: string) => unknown;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** It is the workspace's own: what is a machine's to say does not count in it, which the editor says itself. */
  readonly isOfWorkspace: boolean;
  /** Names and types of the workspace's apps; undefined where the file is not the workspace's own: another may have them. */
  readonly appWords: readonly string[] | undefined;
  /** The editor says itself what its schema of settings can. */
  readonly hasSchema: boolean;
  /** What is wrong with a Node as the one that runs the session host; undefined: nothing. */
  nodeProblem(file: string): Promise<string | undefined>;
  exists(file: string): Promise<boolean>;
}

/** Looks at the settings in a `settings.json`, or in those of a `.code-workspace`. Never throws. */
export async function checkSettingsFile(text: string, look: SettingsFileLook): Promise<readonly SettingPlace[]> {
  const { root } = parseJsonText(text);
  const values = new Map<string, Span & { readonly value: unknown }>();
  for (const { key, value } of propertiesOf(valueAt(root, ['settings']) ?? root)) {
    const setting = String(key.value);
    const at = { offset: value.offset, length: value.length, value: plainValue(value) };
    const declared = look.declared[setting];
    if (declared && !(look.isOfWorkspace && declared.scope === 'machine')) values.set(setting, at);
  }
  const found: SettingPlace[] = [];
  const report = (setting: string, severity: SettingPlace['severity'], message: string) => {
    const at = values.get(setting);
    if (at) found.push({ setting, severity, message, offset: at.offset, length: at.length });
  };
  const inFile = (key: string): unknown => values.get(`cheatcode.${key}`)?.value;
  const textOf = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined);
  const sandboxId = textOf(look.effective('sandboxId')) ?? textOf(look.env['CHEATCODE_SANDBOX_ID']);
  const { problems } = readSettings(
    {
      value: (key) => (values.has(`cheatcode.${key}`) ? inFile(key) : look.declared[`cheatcode.${key}`]?.default),
      fallback: (key) => look.declared[`cheatcode.${key}`]?.default,
    },
    sandboxId === undefined ? {} : { CHEATCODE_SANDBOX_ID: sandboxId },
  );
  for (const { setting, expected } of problems) {
    const declared = look.declared[setting];
    if (look.hasSchema && declared && !schemaAccepts(declared, values.get(setting)?.value)) continue;
    report(setting, 'error', l10n.t('This must be {0}. Its default is used.', expected));
  }
  const isWrong = (setting: string) => problems.some((problem) => problem.setting === setting);

  const autoStart = textOf(inFile('autoStart'));
  if (
    autoStart !== undefined &&
    look.appWords !== undefined &&
    !['auto', 'all', 'off', ...look.appWords].includes(autoStart)
  )
    report(
      'cheatcode.autoStart',
      'warning',
      l10n.t('There is no app named "{0}", nor one of that type: none starts by itself.', autoStart),
    );
  for (const [one, other] of [
    ['web.port', 'mobile.port'],
    ['mobile.port', 'web.port'],
  ] as const)
    if (typeof inFile(one) === 'number' && !isWrong(`cheatcode.${one}`) && inFile(one) === look.effective(other))
      report(
        `cheatcode.${one}`,
        'warning',
        l10n.t('{0} is the same port: the app that starts later gets the next free one.', `cheatcode.${other}`),
      );
  const nodePath = textOf(inFile('nodePath'));
  const nodeProblem = nodePath === undefined ? undefined : await look.nodeProblem(nodePath);
  if (nodeProblem !== undefined) report('cheatcode.nodePath', 'error', nodeProblem);
  const caFile = textOf(inFile('redis.caFile'));
  if (caFile !== undefined && caFile.startsWith('/') && !(await look.exists(caFile)))
    report('cheatcode.redis.caFile', 'error', l10n.t('There is no file {0}.', caFile));
  if (textOf(inFile('redis.url')) !== undefined && !isWrong('cheatcode.redis.url') && sandboxId === undefined)
    report(
      'cheatcode.redis.url',
      'warning',
      l10n.t('This does nothing without {0}, or the variable {1}.', 'cheatcode.sandboxId', 'CHEATCODE_SANDBOX_ID'),
    );
  return found;
}
