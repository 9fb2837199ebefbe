import { appsToStart } from '../sessions/appSelection';
import type { App, Discovery } from '../sessions/apps';
import { DevServerError } from '../sessions/errors';
import type { Logger } from '../sessions/log';
import type { SessionSnapshot } from '../sessions/protocol';
import type { Settings } from '../sessions/settings';
import type { WindowServers } from '../sessions/workspaceServers';
import type { ParsedCommand } from './arguments';
import { chooseApp, type Preference } from './chooseApp';
import { CommandError } from './commandError';
import { hungHostSentence } from './hungHost';
import type { Output } from './output';
import { reportOf, reportOfApp, type AppReport } from '../sessions/appReport';

export interface CommandContextOptions {
  readonly parsed: ParsedCommand;
  readonly output: Output;
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly distFolder: string;
  /** Makes the client; `mayLaunch` is asked each time when a host or a server would be started. */
  readonly createServers: (folders: () => readonly string[], mayLaunch: () => boolean) => WindowServers;
  /** The workspace that is meant; rejects with `CommandError` where there is none. */
  readonly findWorkspace: () => Promise<string>;
  /** Throws where it was deleted. */
  readonly cwd: () => string;
}

/** What a command works with: the workspace, the connection, the app that is meant. The caller disposes. */
export class CommandContext {
  readonly parsed: ParsedCommand;
  readonly output: Output;
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly distFolder: string;
  readonly servers: WindowServers;
  readonly #findWorkspace: () => Promise<string>;
  readonly #cwd: () => string;
  #folders: readonly string[] = [];
  #chosen: App | undefined;
  #mayLaunch = false;
  #discovery: Discovery | undefined;

  constructor(options: CommandContextOptions) {
    this.parsed = options.parsed;
    this.output = options.output;
    this.settings = options.settings;
    this.env = options.env;
    this.log = options.log;
    this.distFolder = options.distFolder;
    this.#findWorkspace = options.findWorkspace;
    this.#cwd = options.cwd;
    this.servers = options.createServers(
      () => this.#folders,
      () => this.#mayLaunch,
    );
    this.servers.onDidDiscover((discovery) => (this.#discovery = discovery));
  }

  /** From now on a host and servers may be started. */
  allowLaunch(): void {
    this.#mayLaunch = true;
  }

  /** Looks at the workspace; rejects with `CommandError` (notFound) where there is none. */
  async openWorkspace(): Promise<void> {
    this.#folders = [await this.#findWorkspace()];
    await this.servers.refresh();
    for (const { file, message } of this.servers.problems) this.output.progress(`${file}: ${message}`);
  }

  /**
   * For what needs no workspace: looks at it where there is one. The folder, the current one otherwise, still says whose
   * session host root asks. Undefined: not even the current folder is there.
   */
  async openPlace(): Promise<string | undefined> {
    try {
      await this.openWorkspace();
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      this.#folders = this.#currentFolder();
    }
    return this.servers.apps[0]?.folder ?? this.#folders[0];
  }

  /**
   * Joins the host, or starts it where that is allowed. One that does not answer is replaced on the flag's word alone, with the
   * servers that it owns. Rejects with an error of `errors.ts`; `workspaceUntrusted`: none runs, and none may be started.
   */
  async connect(): Promise<void> {
    try {
      await this.servers.connect();
    } catch (error) {
      const hangs = error instanceof DevServerError && error.code === 'hostHangs';
      if (!hangs || !this.parsed.replacesHost) throw error;
      this.output.say(`cheatcode-dev: ${hungHostSentence(error)} It is replaced, and what it ran ends with it.`);
      await this.#replaceHost();
    }
  }

  /** Joins the host that runs; false: none does. */
  async join(): Promise<boolean> {
    try {
      await this.connect();
      return true;
    } catch (error) {
      if (error instanceof DevServerError && error.code === 'workspaceUntrusted') return false;
      throw error;
    }
  }

  /** Joins the host; rejects with `CommandError` (nothingRuns) where none runs. */
  async mustJoin(): Promise<void> {
    if (!(await this.join())) throw noHost();
  }

  /**
   * The app that is meant. Of a session of another workspace it is one with what the host knows of it. Rejects with
   * `CommandError` (notFound, or usage where it is unclear).
   */
  async chooseApp(preference: Preference): Promise<App> {
    this.#chosen = await this.#choose(preference);
    return this.#chosen;
  }

  /** The app that was found to be meant, if any was. */
  get chosen(): App | undefined {
    return this.#chosen;
  }

  async #choose(preference: Preference): Promise<App> {
    const { name } = this.parsed;
    const isSession = name?.startsWith('dev_server_') === true;
    try {
      await this.openWorkspace();
    } catch (error) {
      // Sessions have names of their own, whatever the workspace.
      if (!isSession || !(error instanceof CommandError)) throw error;
      this.#folders = this.#currentFolder();
    }
    if (isSession || (preference === 'running' && name === undefined)) await this.join();
    const found = isSession ? this.servers.sessions.find(({ id }) => id === name) : undefined;
    if (found) return this.#appOf(found);
    const { apps, sessions } = this.servers;
    return chooseApp({
      name,
      apps,
      sessions,
      preference,
      workspace: apps.length > 0 ? this.#folders[0] : undefined,
      byItself: () => this.#startingByItself(),
    });
  }

  /** What is known of an app now. */
  report(app: App): AppReport {
    const session = this.sessionOf(app);
    return session ? reportOf(session, app.label) : reportOfApp(app);
  }

  sessionOf(app: App): SessionSnapshot | undefined {
    return this.servers.session(app);
  }

  /** The label of a session's app: the workspace's, else the session's own name. */
  labelOf(session: SessionSnapshot): string {
    return this.servers.apps.find(({ key }) => key === session.appKey)?.label ?? session.id;
  }

  dispose(): void {
    this.servers.dispose();
  }

  async #replaceHost(): Promise<void> {
    const before = this.#mayLaunch;
    this.#mayLaunch = true;
    try {
      await this.servers.replaceHost();
    } finally {
      // The word was for this host: should the next one be lost, none is started for a command that starts nothing.
      this.#mayLaunch = before;
    }
  }

  #currentFolder(): readonly string[] {
    try {
      return [this.#cwd()];
    } catch {
      return [];
    }
  }

  #startingByItself(): readonly App[] {
    const discovery = this.#discovery;
    if (!discovery) return [];
    const wished = appsToStart(discovery, this.settings.autoStart, this.env);
    // `off` says that nothing starts unasked, and this asks.
    return wished.length > 0 ? wished : appsToStart(discovery, 'auto', this.env);
  }

  async #appOf(session: SessionSnapshot): Promise<App> {
    const own = () => this.servers.apps.find(({ key }) => key === session.appKey);
    if (!own()) {
      const before = this.#folders;
      this.#folders = [session.folder];
      await this.servers.refresh();
      if (!own()) this.#folders = before;
    }
    return (
      own() ?? {
        key: session.appKey,
        name: session.appName,
        type: session.type,
        folder: session.folder,
        workspaceFolder: session.folder,
        isWorkspaceFolder: true,
        isFirstOfType: true,
        label: session.id,
        declared: {
          port: undefined,
          command: undefined,
          health: undefined,
          env: {},
          managed: session.managed ?? 'cheatcode',
        },
        // How it was started is known to whoever started it.
        problem: { code: 'folderMissing', facts: { folder: session.folder } },
      }
    );
  }
}

/** Nobody serves here, and this command starts nothing. */
export function noHost(): CommandError {
  return new CommandError(
    'nothingRuns',
    'noHost',
    'No session host runs here: no dev server was started, or all have ended.',
  );
}
