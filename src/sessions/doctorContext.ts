import path from 'node:path';
import type { App } from './apps';
import { editedConfig, writtenApps } from './cheatcodeConfig';
import type { Change, Finding, Fix } from './doctorFinding';
import type { DoctorPorts } from './doctorPorts';
import { readPackageJson, type PackageJson } from './packageJson';
import type { LaunchSpec, SessionSnapshot } from './protocol';
import type { Settings } from './settings';

/** A set of variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the doctor is asked about, and by what means it looks. */
export interface DoctorContext {
  readonly ports: DoctorPorts;
  readonly settings: Settings;
  readonly isSandbox: boolean;
  /** Otherwise nothing is run, not even for its version: only files and the system's own lists are looked at. */
  readonly trusted: boolean;
  session(app: App): SessionSnapshot | undefined;
  /** The environment of this very process. */
  readonly env: Environment;
  /** What servers start from. */
  serverEnvironment(): Promise<Environment>;
  /** Where the session host keeps its state; undefined: not known, or not this user's. */
  readonly stateFolder: string | undefined;
  /** How the editor is reached by a browser; undefined outside of an editor. */
  readonly editor: EditorFacts | undefined;
}

/** What matters of the editor. */
interface EditorFacts {
  /** A code-server, whose pages a browser shows. */
  readonly isCodeServer: boolean;
  /** The address by which the user's browser reaches an address of this machine; undefined outside of a window. */
  readonly asExternalUrl: ((url: string) => Promise<string>) | undefined;
}

/** One app with all that is known of it, for its checks. */
export interface Patient {
  readonly app: App;
  readonly spec: LaunchSpec;
  readonly packageJson: PackageJson | undefined;
  readonly session: SessionSnapshot | undefined;
}

/** Reads what the checks of an app share. `spec` is what it would be started by now. */
export async function patientOf(context: DoctorContext, app: App, spec: LaunchSpec): Promise<Patient> {
  const { packageJson } = await readPackageJson(app.folder);
  return { app, spec, packageJson, session: context.session(app) };
}

/** Its server is there or on its way: what is read at a start only can't be in its way any more. */
export function isUp(session: SessionSnapshot | undefined): boolean {
  return (
    session !== undefined && ['running', 'unhealthy', 'starting', 'installing', 'stopping'].includes(session.state)
  );
}

/** An Expo app is one by its type or its packages; an app of both is served by Next. */
export function isExpo({ app, packageJson }: Patient): boolean {
  const has = (name: string) => packageJson?.dependencies.has(name) === true;
  return app.type === 'mobile' || (app.type === 'custom' && has('expo') && !has('next'));
}

/** Served by Next.js. */
export function isNext({ app, packageJson }: Patient): boolean {
  return app.type !== 'mobile' && packageJson?.dependencies.has('next') === true;
}

/** A finding about the app. */
export function about(app: App, finding: Omit<Finding, 'appKey'>): Finding {
  return { ...finding, appKey: app.key };
}

/** A fix that does one of the app's own commands. */
export function actionFix(
  app: App,
  action: Extract<Change, { kind: 'action' }>['action'],
  title: string,
  detail: string,
): Fix {
  return { title, detail, change: { kind: 'action', action, appKey: app.key } };
}

/** The variables that Expo and Next.js read from files while they serve for development, by file. */
const ENV_FILES = ['.env', '.env.local', '.env.development', '.env.development.local'];

/** A file of variables that an app's server reads. */
export interface EnvFile {
  readonly file: string;
  readonly text: string;
}

/** Those that there are. */
export async function envFiles({ ports }: DoctorContext, app: App): Promise<readonly EnvFile[]> {
  const files = await Promise.all(
    ENV_FILES.map(async (name) => {
      const file = path.join(app.folder, name);
      return { file, text: await ports.readText(file) };
    }),
  );
  return files.flatMap(({ file, text }) => (text === undefined ? [] : [{ file, text }]));
}

/** A `cheatcode.json` and an app's place in it. */
export interface Declaration {
  readonly file: string;
  readonly text: string;
  /** Of the app in the list `apps`. */
  readonly index: number;
}

/** Where the app is declared, if it is: in its workspace folder, or above a folder that was opened by itself. */
export async function declarationOf({ ports }: DoctorContext, app: App): Promise<Declaration | undefined> {
  for (const folder of new Set([app.workspaceFolder, path.dirname(app.folder)])) {
    const file = path.join(folder, 'cheatcode.json');
    const text = await ports.readText(file);
    if (text === undefined) continue;
    const real = await ports.realPath(folder);
    for (const [index, { name, path: written }] of writtenApps(text).entries()) {
      const there = await ports.realPath(path.resolve(real, typeof written === 'string' ? written : '.'));
      const own = typeof name === 'string' ? name : path.basename(there);
      if (there === app.folder && own === app.name) return { file, text, index };
    }
  }
  return undefined;
}

/** The edit that gives one value of the app's declaration another one, or takes it out. */
export function declarationEdit(
  { file, text, index }: Declaration,
  keys: readonly string[],
  value: unknown,
): Extract<Change, { kind: 'edit' }> {
  return { kind: 'edit', file, before: text, after: editedConfig(text, ['apps', index, ...keys], value) };
}
