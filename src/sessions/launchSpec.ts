import { resolveCommand } from 'package-manager-detector/commands';
import { detect } from 'package-manager-detector/detect';
import type { App } from './apps';
import { APP_TYPES, defaultPort } from './appTypes';
import { DevServerError } from './errors';
import { installedVersion } from './installedVersion';
import { readPackageJson, type PackageJson } from './packageJson';
import type { LaunchSpec, ProbeSpec } from './protocol';
import { splitCommand } from './commandLine';
import type { Settings } from './settings';

type AppLaunch = Pick<LaunchSpec, 'command' | 'install' | 'fallback' | 'requiredTool' | 'probe'>;

/**
 * Turns an app and the settings into everything that the host needs to run it (DESIGN section 5), or to watch it where
 * something else does: then the command is only what it would be. Throws `appCannotStart` with the app's problem when
 * there is one that counts (see `withSettings`).
 */
export async function resolveLaunchSpec(app: App, settings: Settings, isSandbox: boolean): Promise<LaunchSpec> {
  const { problem } = withSettings(app, settings);
  if (problem) throw new DevServerError('appCannotStart', { app: app.name, problem: problem.code, ...problem.facts });
  const { packageJson } = await readPackageJson(app.folder);
  const own = ownSettings(app, settings);
  const type = APP_TYPES[app.type];
  const scriptPort = portInScript(packageJson?.scripts['dev']);
  // For mobile our own command runs, not the script; its port is still what the user wrote there.
  const port = own?.port ?? app.declared.port ?? scriptPort ?? defaultPort(app.type);
  const command = own?.command ?? app.declared.command;
  const agent = await packageManagerOf(app.folder);
  const install = packageJson ? commandOf(agent, 'install', []) : undefined;
  const launch: AppLaunch =
    command !== undefined
      ? { command: splitCommand(command), probe: await probeOf(app, packageJson) }
      : app.type === 'mobile'
        ? { ...expoLaunch(settings, isSandbox), probe: await probeOf(app, packageJson) }
        : {
            // A port that the script itself names would win over PORT, so it is told again behind it.
            command: commandOf(agent, 'run', [
              'dev',
              ...(scriptPort === port || (scriptPort === undefined && !type.wantsPortOption)
                ? []
                : ['--port', '{port}']),
            ]),
            probe: await probeOf(app, packageJson),
          };
  const spec = {
    appKey: app.key,
    appName: app.name,
    type: app.type,
    folder: app.folder,
    ...(app.isFirstOfType ? {} : { isFirstOfType: false }),
    port,
    env: app.declared.env,
  };
  if (app.declared.managed === 'external')
    return { ...spec, command: launch.command, probe: launch.probe, managed: 'external' };
  return {
    ...spec,
    ...(install && type.installs ? { install } : {}),
    ...launch,
    // Asking is the window's part: until there is an answer, the host waits.
    onPortTaken: settings.portConflict === 'useNext' ? 'useNext' : 'wait',
    onChange: settings.restartOnChange,
    restartFiles: type.restartFiles,
  };
}

/**
 * The app without a problem that does not count: a command from the settings needs no script, and what something else
 * runs needs nothing but its folder.
 */
export function withSettings(app: App, settings: Settings): App {
  const command = ownSettings(app, settings)?.command;
  const isLifted =
    (app.problem?.code === 'noDevScript' && command !== undefined) ||
    (app.declared.managed === 'external' && app.problem?.code !== 'folderMissing');
  return app.problem && isLifted ? { ...app, problem: undefined } : app;
}

/** The settings of apps of its type; undefined: there are none. */
export function ownSettings({ type }: Pick<App, 'type'>, settings: Settings): Settings['web' | 'mobile'] | undefined {
  const group = APP_TYPES[type].settings;
  return group && settings[group];
}

/** `-p 4000`, `--port=4000` and the like in a script. */
export function portInScript(script: string | undefined): number | undefined {
  const match = /(?:^|\s)(?:-p|--port)[=\s]\s*(\d{1,5})(?=\s|$)/.exec(script ?? '');
  const port = match ? Number(match[1]) : undefined;
  return port !== undefined && port >= 1 && port <= 65535 ? port : undefined;
}

function expoLaunch(settings: Settings, isSandbox: boolean): Omit<AppLaunch, 'probe'> {
  const command = (connection: string) => [
    'npx',
    '--yes',
    'expo',
    'start',
    '--max-workers',
    '2',
    connection,
    '--port',
    '{port}',
  ];
  const { connection } = settings.mobile;
  const tunnel = connection === 'tunnel' || (connection === 'auto' && isSandbox);
  if (!tunnel) return { command: command('--lan') };
  return {
    command: command('--tunnel'),
    fallback: { command: command('--lan'), reason: 'tunnelUnavailable' },
    // Only in a sandbox: nobody's own machine gets a global package unasked.
    ...(isSandbox
      ? {
          requiredTool: {
            packageName: '@expo/ngrok',
            minVersion: '4.1.0',
            install: ['npm', 'install', '--global', '@expo/ngrok@^4.1.0'],
          },
        }
      : {}),
  };
}

/** The package manager of the app in a folder, by its lock file or its package.json: `npm`, `yarn@berry`. */
export async function packageManagerOf(folder: string): Promise<string> {
  const found = await detect({ cwd: folder, strategies: ['lockfile', 'packageManager-field', 'devEngines-field'] });
  return found?.agent ?? 'pnpm'; // What cheatcode's own templates use.
}

function commandOf(agent: string, verb: 'run' | 'install', args: readonly string[]): readonly string[] {
  const resolved = resolveCommand(agent as Parameters<typeof resolveCommand>[0], verb, [...args]);
  return resolved ? [resolved.command, ...resolved.args] : [agent, verb, ...args];
}

/** The cheap probe: answered in milliseconds, logged nowhere, compiling nothing (FACTS "Next.js", "Expo and Metro"). */
async function probeOf(app: App, packageJson: PackageJson | undefined): Promise<ProbeSpec> {
  if (app.declared.health !== undefined) return { kind: 'http', method: 'GET', path: app.declared.health };
  const has = (name: string) => packageJson?.dependencies.has(name) === true;
  // An app may have both: a web app of the two is served by Next.
  const isExpo = app.type === 'mobile' || (has('expo') && !(app.type === 'web' && has('next')));
  if (isExpo) return { kind: 'http', method: 'GET', path: '/status' };
  const declared = packageJson?.dependencies.get('next');
  if (declared === undefined) return { kind: 'tcp' };
  const major = (await installedMajor(app.folder, 'next')) ?? Number(/\d+/.exec(declared)?.[0] ?? 15);
  return major >= 15
    ? { kind: 'http', method: 'GET', path: '/__nextjs_server_status' }
    : { kind: 'http', method: 'HEAD', path: '/_next/static/development/_devPagesManifest.json' };
}

async function installedMajor(folder: string, packageName: string): Promise<number | undefined> {
  const major = /^\d+/.exec((await installedVersion(folder, packageName)) ?? '')?.[0];
  return major === undefined ? undefined : Number(major);
}
