import { readSettings } from '../../../src/providers/settingsReader';
import type { App } from '../../../src/sessions/apps';
import { declaredSettings } from '../../../src/sessions/declaredSettings';
import type { DoctorContext, Environment, Patient } from '../../../src/sessions/doctorContext';
import type { Finding } from '../../../src/sessions/doctorFinding';
import type { DoctorPorts, SeenProcess } from '../../../src/sessions/doctorPorts';
import type { LaunchSpec, SessionSnapshot } from '../../../src/sessions/protocol';
import type { Settings } from '../../../src/sessions/settings';
import { contributes } from '../../../package.json';

/** The settings of nobody who has set anything. */
export const plainSettings: Settings = readSettings({
  value: (key) => declaredSettings(contributes)[`cheatcode.${key}`]?.default,
  fallback: () => undefined,
}).settings;

/** A healthy machine; each answer can be another. `files` are texts by path. */
function healthyPorts(of: Partial<DoctorPorts> = {}, files: Readonly<Record<string, string>> = {}): DoctorPorts {
  return {
    platform: 'linux',
    readText: (file) => Promise.resolve(files[file]),
    exists: (file) => Promise.resolve(file in files),
    names: (folder) =>
      Promise.resolve([
        ...new Set(
          Object.keys(files)
            .filter((file) => file.startsWith(`${folder}/`))
            .map((file) => file.slice(folder.length + 1).split('/')[0] ?? ''),
        ),
      ]),
    realPath: (file) => Promise.resolve(file),
    installed: () => Promise.resolve('installed'),
    disk: () => Promise.resolve({ device: '1', type: 0xef53, freeBytes: 50 * 1024 ** 3, freeFiles: 1_000_000 }),
    mountKind: () => Promise.resolve('ext4'),
    freeMemory: () => Promise.resolve(4 * 1024 ** 3),
    processes: () => Promise.resolve([aProcess({ pid: 1, ppid: 0, pgid: 1, sid: 1, command: '/sbin/init' })]),
    firstProcess: () => Promise.resolve({ name: 'systemd', command: '/sbin/init', ignoresChildren: false }),
    runsIn: () => Promise.resolve(true),
    variableOf: () => Promise.resolve(undefined),
    isPortFree: () => Promise.resolve(true),
    portHolder: () => Promise.resolve(undefined),
    findProgram: (program) => Promise.resolve(`/bin/${program}`),
    outputOf: (file) => Promise.resolve(file.endsWith('node') ? 'v22.1.0' : '9.15.0'),
    isLocked: () => Promise.resolve(false),
    ...of,
  };
}

export interface Circumstances {
  readonly ports?: Partial<DoctorPorts>;
  readonly files?: Readonly<Record<string, string>>;
  readonly settings?: Settings;
  readonly env?: Environment;
  readonly trusted?: boolean;
  readonly session?: SessionSnapshot;
  readonly stateFolder?: string;
  readonly editor?: DoctorContext['editor'];
}

export function aContext(of: Circumstances = {}): DoctorContext {
  const env = of.env ?? { HOME: '/home/ann', PATH: '/bin' };
  return {
    ports: healthyPorts(of.ports, of.files),
    settings: of.settings ?? plainSettings,
    isSandbox: true,
    trusted: of.trusted ?? true,
    session: () => of.session,
    env,
    serverEnvironment: () => Promise.resolve(env),
    stateFolder: of.stateFolder,
    editor: of.editor,
  };
}

export function aPatient(
  app: App,
  of: {
    spec?: Partial<LaunchSpec>;
    session?: SessionSnapshot;
    packages?: readonly string[];
    scripts?: Record<string, string>;
  } = {},
): Patient {
  return {
    app,
    session: of.session,
    packageJson: {
      name: app.name,
      scripts: of.scripts ?? {},
      dependencies: new Map((of.packages ?? [app.type === 'mobile' ? 'expo' : 'next']).map((name) => [name, '*'])),
    },
    spec: {
      appKey: app.key,
      appName: app.name,
      type: app.type,
      folder: app.folder,
      command: app.type === 'mobile' ? ['npx', '--yes', 'expo', 'start', '--tunnel'] : ['pnpm', 'run', 'dev'],
      install: ['pnpm', 'install'],
      port: app.declared.port ?? 3000,
      probe: { kind: 'tcp' },
      env: app.declared.env,
      ...of.spec,
    },
  };
}

export function aProcess(of: Partial<SeenProcess> & { readonly pid: number }): SeenProcess {
  return { ppid: 1, pgid: of.pid, sid: of.pid, isZombie: false, command: 'next-server (v16.2.0)', ...of };
}

/** What a check says in few words: `warn: …`; that all is well is `ok`, and nothing is said where nothing can be told. */
export const said = (findings: readonly Finding[]): string[] =>
  findings.map(({ result, message }) => (result === 'ok' ? 'ok' : `${result}: ${message}`));

export const fixTitles = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ fixes = [] }) => fixes.map(({ title }) => title));
