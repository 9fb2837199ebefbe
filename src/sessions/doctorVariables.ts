/** Values that spoil a server: `CI` for Expo, and 127.0.0.1 where the page is at localhost. */
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { canRestart } from './appActions';
import {
  about,
  actionFix,
  declarationEdit,
  declarationOf,
  envFiles,
  isExpo,
  type DoctorContext,
  type Patient,
} from './doctorContext';
import type { Finding, Fix } from './doctorFinding';

const CI_IN_COMMAND = /(^|[\s;&|])(?:env\s+)?CI=(?!0\b|false\b|["']?(?:\s|$))\S+\s*/;

/**
 * With `CI` Expo neither watches files nor reloads. Servers get the editor's environment without it, so that only what is
 * written down still reaches them: `cheatcode.json`, `.env` files, a command or script; and a server that others started.
 */
export async function ciCheck(context: DoctorContext, patient: Patient): Promise<readonly Finding[]> {
  if (!isExpo(patient)) return [];
  const { app, spec, session, packageJson } = patient;
  const found: Finding[] = [];
  const say = (message: string, fixes: readonly Fix[]) =>
    found.push(
      about(app, {
        id: 'ci',
        result: 'warn',
        message,
        help: l10n.t('With it Expo neither watches files nor reloads: take it out.'),
        fixes,
      }),
    );
  const takeOut = l10n.t('Take It Out');
  if (isSet(app.declared.env['CI'])) {
    const declaration = await declarationOf(context, app);
    const change = declaration && declarationEdit(declaration, ['env', 'CI'], undefined);
    say(
      l10n.t('cheatcode.json sets CI={0} for {1}.', app.declared.env['CI'] ?? '', app.label),
      change ? [{ title: takeOut, detail: l10n.t('Changes {0}.', change.file), change }] : [],
    );
  }
  for (const { file, text } of await envFiles(context, app)) {
    const value = variableIn(text, 'CI');
    if (value === undefined || !isSet(value)) continue;
    say(l10n.t('{0} sets CI={1} for {2}.', path.basename(file), value, app.label), [
      {
        title: takeOut,
        detail: l10n.t('Changes {0}.', file),
        change: { kind: 'edit', file, before: text, after: withoutVariable(text, 'CI') },
      },
    ]);
  }
  const command = spec.command.join(' ');
  if (CI_IN_COMMAND.test(command))
    say(l10n.t('The command of {0} sets CI: {1}', app.label, command), await commandFixes(context, patient));
  const script = scriptOf(spec.command, packageJson?.scripts ?? {});
  if (script !== undefined && CI_IN_COMMAND.test(script.text)) {
    const file = path.join(app.folder, 'package.json');
    const before = await context.ports.readText(file);
    const after = before?.replace(
      JSON.stringify(script.text),
      JSON.stringify(script.text.replace(CI_IN_COMMAND, '$1')),
    );
    say(
      l10n.t('The script "{0}" of {1} sets CI: {2}', script.name, app.label, script.text),
      before !== undefined && after !== undefined && after !== before
        ? [{ title: takeOut, detail: l10n.t('Changes {0}.', file), change: { kind: 'edit', file, before, after } }]
        : [],
    );
  }
  const pid = session?.adopted === true ? session.listenerPid : undefined;
  const foreign = pid === undefined ? undefined : await context.ports.variableOf(pid, 'CI');
  if (pid !== undefined && isSet(foreign))
    say(
      l10n.t(
        'The server of {0}, started outside Cheatcode, has CI={1} in its environment (pid {2}).',
        app.label,
        foreign ?? '',
        pid,
      ),
      canRestart({ app, session })
        ? [
            actionFix(
              app,
              'restart',
              l10n.t('Restart in a Cheatcode Terminal…'),
              l10n.t(
                'Ends that server after a question that names its processes, and starts {0} without CI.',
                app.label,
              ),
            ),
          ]
        : [],
    );
  if (found.length > 0) return found;
  return [
    about(app, {
      id: 'ci',
      result: 'ok',
      message: isSet(context.env['CI'])
        ? l10n.t('CI is set here; {0} is started without it.', app.label)
        : l10n.t('CI is not set for {0}.', app.label),
    }),
  ];
}

async function commandFixes(context: DoctorContext, { app }: Patient): Promise<readonly Fix[]> {
  const setting = app.type === 'mobile' ? context.settings.mobile.command : undefined;
  if (setting !== undefined) {
    const value = setting.replace(CI_IN_COMMAND, '$1').trim();
    return [
      {
        title: l10n.t('Take It Out'),
        detail: l10n.t('Sets {0} to {1}.', 'cheatcode.mobile.command', value),
        change: { kind: 'setting', setting: 'cheatcode.mobile.command', value },
      },
    ];
  }
  const declared = app.declared.command;
  const declaration = declared === undefined ? undefined : await declarationOf(context, app);
  if (declared === undefined || !declaration) return [];
  const change = declarationEdit(declaration, ['command'], declared.replace(CI_IN_COMMAND, '$1').trim());
  return [{ title: l10n.t('Take It Out'), detail: l10n.t('Changes {0}.', change.file), change }];
}

/** `pnpm run dev` → the script `dev`. */
function scriptOf(
  command: readonly string[],
  scripts: Readonly<Record<string, string>>,
): { readonly name: string; readonly text: string } | undefined {
  const words = command.join(' ').split(/\s+/);
  const at = words.findIndex((word) => /^(?:npm|pnpm|yarn|bun)$/.test(word));
  if (at < 0) return undefined;
  const name = words.slice(at + 1).find((word) => !word.startsWith('-') && word !== 'run' && word !== 'run-script');
  const text = name === undefined ? undefined : scripts[name];
  return name === undefined || text === undefined ? undefined : { name, text };
}

/**
 * A page at localhost and one at 127.0.0.1 are two origins: cookies are not shared, requests from one to the other are
 * foreign, and Next.js from 16.2 on does not serve its scripts to the other one. So the app's own port is looked for behind
 * 127.0.0.1 in what it reads and in the address that its preview is given.
 */
export async function localhostCheck(context: DoctorContext, patient: Patient): Promise<readonly Finding[]> {
  const { app, spec, session } = patient;
  if (isExpo(patient)) return [];
  const { settings, ports } = context;
  const own = new RegExp(
    `//127\\.0\\.0\\.1:(?:${[...new Set([spec.port, session?.port ?? spec.port])].join('|')})(?!\\d)`,
    'g',
  );
  const mended = (text: string) => text.replace(own, (found) => found.replace('127.0.0.1', 'localhost'));
  const found: Finding[] = [];
  const help = l10n.t(
    'The page is at localhost, which is another address to a browser: cookies, logins and hot reload get lost between them. Write localhost.',
  );
  const title = l10n.t('Change to localhost');
  const say = (message: string, fixes: readonly Fix[]) =>
    found.push(about(app, { id: 'localhost', result: 'warn', message, help, fixes }));
  const template = settings.web.previewUrl;
  if (
    template !== undefined &&
    /^https?:\/\/127\.0\.0\.1(?=[:/])/.test(template) &&
    !(await allows127(ports, app.folder))
  ) {
    const value = template.replace('127.0.0.1', 'localhost');
    const setting = 'cheatcode.web.previewUrl';
    say(l10n.t('{0} shows {1} at 127.0.0.1: {2}', setting, app.label, template), [
      { title, detail: l10n.t('Sets {0} to {1}.', setting, value), change: { kind: 'setting', setting, value } },
    ]);
  }
  const wrong = Object.entries(app.declared.env).filter(([, value]) => mended(value) !== value);
  if (wrong.length > 0) {
    const declaration = await declarationOf(context, app);
    const { file = '', text: before = '' } = declaration ?? {};
    const after = mended(before);
    // By name: what else a value holds is nobody's business.
    say(
      l10n.t(
        'cheatcode.json gives {0} an address at 127.0.0.1: {1}',
        app.label,
        wrong.map(([name]) => name).join(', '),
      ),
      after === before
        ? []
        : [{ title, detail: l10n.t('Changes {0}.', file), change: { kind: 'edit', file, before, after } }],
    );
  }
  for (const { file, text } of await envFiles(context, app)) {
    // What is commented out counts for nothing, and stays.
    const after = text
      .split('\n')
      .map((line) => (/^\s*#/.test(line) ? line : mended(line)))
      .join('\n');
    if (after === text) continue;
    say(l10n.t('{0} of {1} names its own address at 127.0.0.1.', path.basename(file), app.label), [
      { title, detail: l10n.t('Changes {0}.', file), change: { kind: 'edit', file, before: text, after } },
    ]);
  }
  if (found.length > 0) return found;
  return [about(app, { id: 'localhost', result: 'ok', message: l10n.t('Nothing sends {0} to 127.0.0.1.', app.label) })];
}

/** Somebody has told Next.js to serve its scripts to that origin, too. */
async function allows127(ports: DoctorContext['ports'], folder: string): Promise<boolean> {
  for (const name of ['next.config.ts', 'next.config.mjs', 'next.config.js', 'next.config.cjs']) {
    const text = await ports.readText(path.join(folder, name));
    if (text !== undefined && /allowedDevOrigins[^\]]*127\.0\.0\.1/.test(text)) return true;
  }
  return false;
}

function variableLine(name: string): RegExp {
  return new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*(.*?)[ \\t]*(?:\\r?\\n|$)`, 'm');
}

/** The value of a variable in the text of a `.env` file, without quotes and comment. */
export function variableIn(text: string, name: string): string | undefined {
  const value = variableLine(name).exec(text)?.[1];
  if (value === undefined) return undefined;
  return /^(["'])(.*?)\1/.exec(value)?.[2] ?? value.replace(/\s#.*$/, '').trim();
}

/** The text without the lines that set the variable. */
export function withoutVariable(text: string, name: string): string {
  return text.replace(new RegExp(variableLine(name).source, 'gm'), '');
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value.trim().toLowerCase());
}
