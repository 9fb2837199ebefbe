/** What keeps one app from starting, or spoils its server: program, packages, Node.js, port, variables, tunnel, lock. */
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { canInstallAndRestart, canRestart, canStart, canStopOther, canUseNextPort } from './appActions';
import {
  about,
  actionFix,
  declarationEdit,
  declarationOf,
  isNext,
  isUp,
  type DoctorContext,
  type Patient,
} from './doctorContext';
import type { Finding, Fix } from './doctorFinding';
import { ownSettings } from './launchSpec';
import { settingPrefix } from './messages';
import { readNextLock } from './nextLock';
import { stateSentence } from './sessionSentences';

/** Programs that do nothing but print when they are asked for their version; of others nobody knows. */
const KNOWN_PROGRAMS: ReadonlySet<string> = new Set(['npm', 'pnpm', 'yarn', 'bun', 'npx', 'bunx', 'node', 'deno']);
/** Package managers that npm installs. */
const INSTALLED_BY_NPM: ReadonlySet<string> = new Set(['pnpm', 'yarn', 'bun']);
/** Ports that are tried for a free one behind the app's own. */
const PORTS_TRIED = 20;

/** Whether the program that starts the server is there, and answers. */
export async function programCheck(context: DoctorContext, { app, spec }: Patient): Promise<readonly Finding[]> {
  const { ports } = context;
  const prefix = settingPrefix(app.type);
  if (spec.managed !== undefined) return [];
  const [program = ''] = spec.command;
  const env = await context.serverEnvironment();
  const file = await ports.findProgram(program, app.folder, env);
  const missing = (result: 'warn' | 'fail', message: string, fixes: readonly Fix[]): Finding =>
    about(app, {
      id: 'packageManager',
      result,
      message,
      help: l10n.t('Install it, and make sure that `{0}` is on the PATH of your login shell.', program),
      fixes,
    });
  if (file === undefined)
    return [
      missing(
        'fail',
        l10n.t('{0}, which starts the server, was not found.', program),
        await programFixes(context, app.folder, program, env, prefix && `${prefix}.command`),
      ),
    ];
  const ok = (message: string) => [about(app, { id: 'packageManager', result: 'ok', message })];
  if (!KNOWN_PROGRAMS.has(program) || !context.trusted) return ok(l10n.t('{0} is {1}', program, file));
  // Of Corepack's managers the first call may ask for leave to download, and nobody answers.
  const version = await ports.outputOf(program, ['--version'], {
    cwd: app.folder,
    env: { ...env, COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' },
  });
  return version === undefined
    ? [missing('warn', l10n.t('{0}, which starts the server, gave no version.', program), [])]
    : ok(`${program} ${version.trim().split('\n')[0] ?? ''}`);
}

async function programFixes(
  { ports, trusted }: DoctorContext,
  folder: string,
  program: string,
  env: Readonly<Record<string, string | undefined>>,
  setting: string | undefined,
): Promise<readonly Fix[]> {
  const other: Fix[] = setting === undefined ? [] : [settingFix(setting)];
  if (!trusted || !INSTALLED_BY_NPM.has(program)) return other;
  if ((await ports.findProgram('npm', folder, env)) === undefined) return other;
  const wanted = /"packageManager"\s*:\s*"(\w+)@(\d+\.\d+\.\d+)/.exec(
    (await ports.readText(path.join(folder, 'package.json'))) ?? '',
  );
  const version = wanted?.[1] === program ? `@${wanted[2]}` : '';
  // Yarn of version 2 and later is no package of that name.
  if (program === 'yarn' && version !== '' && !version.startsWith('@1.')) return other;
  const command = `npm install --global ${program}${version}`;
  return [
    {
      title: l10n.t('Install {0}', program),
      detail: l10n.t('Runs in a terminal, for all projects of this user:\n\n{0}', command),
      change: { kind: 'terminal', folder, command },
    },
    ...other,
  ];
}

function settingFix(setting: string): Fix {
  return {
    title: l10n.t('Open Settings'),
    detail: l10n.t('Leads to the setting {0}. Nothing is changed.', setting),
    change: { kind: 'openSetting', setting },
  };
}

/** Whether the app's packages are those of its lock file. */
export async function dependenciesCheck({ ports }: DoctorContext, patient: Patient): Promise<readonly Finding[]> {
  const { app, spec, session, packageJson } = patient;
  if (packageJson === undefined || spec.managed !== undefined) return [];
  const state = packageJson.dependencies.size === 0 ? 'installed' : await ports.installed(app.folder);
  if (state === 'installed' || session?.state === 'installing')
    return [
      about(app, {
        id: 'dependencies',
        result: 'ok',
        message: l10n.t('The packages of {0} are installed.', app.label),
      }),
    ];
  const message =
    state === 'missing'
      ? l10n.t('The packages of {0} are not installed.', app.label)
      : l10n.t('The installed packages of {0} are not those of its lock file.', app.label);
  const command = spec.install?.join(' ');
  if (command === undefined)
    return [
      about(app, {
        id: 'dependencies',
        result: 'warn',
        message,
        help: l10n.t('Install them in {0}; Cheatcode does not, for an app with a command of its own.', app.folder),
      }),
    ];
  const view = { app, session };
  const canDo = canStart(view) || canRestart(view) || canInstallAndRestart(view);
  return [
    about(app, {
      id: 'dependencies',
      result: 'warn',
      message,
      help:
        state === 'missing'
          ? l10n.t('The next start installs them with `{0}`.', command)
          : l10n.t('Run `{0}` in {1}, then restart the server.', command, app.folder),
      fixes:
        canDo && session?.adopted !== true
          ? [
              {
                title: isUp(session) ? l10n.t('Install and Restart') : l10n.t('Install and Start'),
                detail: l10n.t('Runs `{0}` in {1}, then starts the server of {2}.', command, app.folder, app.label),
                change: { kind: 'install', appKey: app.key },
              },
            ]
          : [],
    }),
  ];
}

/** Whether the app's port is its own, or can be had. */
export async function portCheck(context: DoctorContext, patient: Patient): Promise<readonly Finding[]> {
  const { app, spec, session } = patient;
  const { ports, settings } = context;
  const view = { app, session };
  const ok = (message: string): readonly Finding[] => [about(app, { id: 'port', result: 'ok', message })];
  if (session?.state === 'blocked' && session.reason.code === 'portTaken')
    return [
      about(app, {
        id: 'port',
        result: 'warn',
        message: stateSentence(app.label, session),
        help: l10n.t('End what has it, or let {0} use the next free port.', app.label),
        fixes: [
          ...(canUseNextPort(view)
            ? [
                actionFix(
                  app,
                  'useNextPort',
                  l10n.t('Use Next Free Port'),
                  l10n.t(
                    'Starts {0} on the next free port behind {1}, this once. No setting is changed.',
                    app.label,
                    spec.port,
                  ),
                ),
              ]
            : []),
          ...(canStopOther(view)
            ? [
                actionFix(
                  app,
                  'stopOther',
                  l10n.t('Stop the Other…'),
                  l10n.t('Asks first, and names the processes that it would end. Nothing else is changed.'),
                ),
              ]
            : []),
        ],
      }),
    ];
  if (session !== undefined && isUp(session)) return ok(`${stateSentence(app.label, session)} ${session.url}`);
  if (await ports.isPortFree(spec.port)) return ok(l10n.t('port {0} is free', spec.port));
  if (spec.managed !== undefined) return ok(l10n.t('port {0} is in use, as it should be', spec.port));
  const holder = await ports.portHolder(spec.port);
  const message =
    holder === undefined
      ? l10n.t("Port {0} is taken, by whom can't be seen from here.", spec.port)
      : l10n.t('Port {0} is taken by {1}.', spec.port, holder.words);
  const help = l10n.t(
    'If that is a server of this app, a start (`cheatcode-dev ensure`) takes it as it is; else end it, or use another port (`ensure --use-next-port`).',
  );
  if (settings.portConflict === 'useNext')
    return ok(l10n.t('port {0} is taken, and the next free one is used', spec.port));
  const isOwn = holder !== undefined && (await ports.runsIn(holder.pid, app.folder)) === true;
  const start = actionFix(
    app,
    'start',
    l10n.t('Take It Over'),
    l10n.t(
      'Starts {0}: what listens in its folder is shown as its server if it answers. No process is ended.',
      app.label,
    ),
  );
  return [
    about(app, {
      id: 'port',
      result: 'warn',
      message,
      help,
      fixes: [...(isOwn && canStart(view) ? [start] : []), ...(await otherPortFixes(context, patient))],
    }),
  ];
}

async function otherPortFixes(context: DoctorContext, { app, spec }: Patient): Promise<readonly Fix[]> {
  const { ports, settings } = context;
  let free: number | undefined;
  for (let port = spec.port + 1; port <= Math.min(65_535, spec.port + PORTS_TRIED) && free === undefined; port++)
    if (await ports.isPortFree(port)) free = port;
  if (free === undefined) return [];
  const title = l10n.t('Change to Port {0}', free);
  const own = ownSettings(app, settings)?.port;
  const declaration =
    own === undefined && app.declared.port !== undefined ? await declarationOf(context, app) : undefined;
  if (declaration) {
    const change = declarationEdit(declaration, ['port'], free);
    return [{ title, detail: l10n.t('Changes {0}.', change.file), change }];
  }
  const prefix = settingPrefix(app.type);
  if (prefix === undefined) return [];
  const setting = `${prefix}.port`;
  return [
    {
      title,
      detail: l10n.t('Sets {0} to {1}.', setting, free),
      change: { kind: 'setting', setting, value: free },
    },
  ];
}

/** Whether the tunnel that a mobile app asks for can be had. */
export async function tunnelCheck(
  context: DoctorContext,
  { app, spec, session }: Patient,
): Promise<readonly Finding[]> {
  const { ports, trusted } = context;
  if (app.type !== 'mobile' || !spec.command.includes('--tunnel')) return [];
  const env = await context.serverEnvironment();
  const packageName = spec.requiredTool?.packageName ?? '@expo/ngrok';
  let isThere = false;
  for (let at = app.folder; !isThere; at = path.dirname(at)) {
    isThere = await ports.exists(path.join(at, 'node_modules', packageName, 'package.json'));
    if (path.dirname(at) === at) break;
  }
  if (!isThere) {
    // Where npm keeps its global packages only npm knows, and in a folder that is not trusted nothing is run.
    if (!trusted) return [];
    const root = (await ports.outputOf('npm', ['root', '--global'], { cwd: '/', env }))?.trim();
    if (root !== undefined) isThere = await ports.exists(path.join(root, packageName, 'package.json'));
  }
  if (isThere)
    return [
      about(app, {
        id: 'ngrok',
        result: 'ok',
        message: l10n.t('{0}, which the tunnel needs, is installed.', packageName),
      }),
    ];
  const command = spec.requiredTool?.install.join(' ') ?? 'npm install --global @expo/ngrok@^4.1.0';
  const isOnLan = session?.reason.code === 'tunnelUnavailable';
  return [
    about(app, {
      id: 'ngrok',
      result: 'warn',
      message: isOnLan
        ? l10n.t(
            '{0} runs on the local network, since {1}, which a tunnel needs, is not installed.',
            app.label,
            packageName,
          )
        : l10n.t('{0}, which the tunnel of {1} needs, is not installed.', packageName, app.label),
      help:
        spec.requiredTool === undefined
          ? l10n.t('Install it (`{0}`), or set cheatcode.mobile.connection to `lan`.', command)
          : l10n.t(
              'The next start tries to install it (`{0}`). Where that fails, set cheatcode.mobile.connection to `lan`.',
              command,
            ),
      fixes: [
        {
          title: l10n.t('Use the Local Network'),
          detail: l10n.t('Sets {0} to {1}.', 'cheatcode.mobile.connection', 'lan'),
          change: { kind: 'setting', setting: 'cheatcode.mobile.connection', value: 'lan' },
        },
        {
          title: l10n.t('Install {0}', packageName),
          detail: l10n.t('Runs in a terminal, for all projects of this user:\n\n{0}', command),
          change: { kind: 'terminal', folder: app.folder, command },
        },
      ],
    }),
  ];
}

/** Whether a server of Next.js that was killed has left its lock file behind. */
export async function nextLockCheck({ ports }: DoctorContext, patient: Patient): Promise<readonly Finding[]> {
  const { app, session } = patient;
  if (!isNext(patient) || isUp(session)) return [];
  const lock = await readNextLock(app.folder);
  if (lock === undefined)
    return [
      about(app, { id: 'nextLock', result: 'ok', message: l10n.t('No lock of Next.js is left in {0}.', app.label) }),
    ];
  const file = path.join(app.folder, '.next', 'dev', 'lock');
  const isLocked = await ports.isLocked(file);
  if (isLocked === undefined) return [];
  if (isLocked)
    return [
      about(app, {
        id: 'nextLock',
        result: 'ok',
        message: l10n.t('A server of Next.js has locked the folder of {0}.', app.label),
      }),
    ];
  return [
    about(app, {
      id: 'nextLock',
      result: 'warn',
      message:
        lock.kind === 'named'
          ? l10n.t(
              'A server of {0} that was killed (pid {1}, port {2}) has left its lock file behind.',
              app.label,
              lock.pid,
              lock.port,
            )
          : l10n.t('A server of {0} that was killed has left its lock file behind.', app.label),
      help: l10n.t(
        'Next.js takes it over at its next start, so it does no harm there; tools that read it look for a server that is gone.',
      ),
      fixes: [
        {
          title: l10n.t('Delete the Lock File'),
          detail: l10n.t('Deletes {0}, if no server holds its lock in that moment.', file),
          change: { kind: 'deleteLock', file },
        },
      ],
    }),
  ];
}
