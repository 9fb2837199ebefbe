/**
 * Where the row is played: a Next app that our host keeps, the same app typed in a shell for the rival, and two editors of
 * the first app's folder, one with our extension and one without any.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Agent } from '../../test/faults/support/agent';
import { repoRoot } from '../../test/contract/support/hostRig';
import { endGroup } from '../../test/hosts/ending.mjs';
import { freePort } from '../../test/hosts/ports.mjs';
import { sandboxEnv } from '../../test/hosts/sandboxEnv.mjs';
import { endSessionHosts } from '../../test/hosts/sessionHosts.mjs';
import { serve } from '../../test/hosts/serve.mjs';
import { groupMembers, processes } from '../../test/hosts/witness';
import { Editor, Tab, workspace } from '../../test/integration/support/workbench';
import type { SessionSnapshot } from '../../src/sessions/protocol';
import type { BenchContext } from '../figures';
import { requestsInto } from './seenRequests';

/** The default of the setting. */
const INTERVAL_MS = 15_000;

/** Compiles nothing and logs nothing: to see whether a server is there. */
const HEALTH_PATH = '/__nextjs_server_status';

/** By default each extension host walks through all descriptors of all processes every few seconds, for ports to forward. */
const settings = { 'remote.autoForwardPorts': false };

export class Stage {
  readonly requestFiles: { readonly kept: string; readonly typed: string };
  readonly keptApp: string;
  readonly typedApp: string;
  readonly #context: BenchContext;
  readonly #typedLog: string;
  readonly #ending: (() => Promise<unknown>)[] = [];
  readonly #tabs: Tab[] = [];
  #agents: readonly Agent[] = [];
  #poller: ChildProcess | undefined;
  #ours: Editor | undefined;
  #plain: Editor | undefined;
  #typedGroup = 0;
  #typedUrl = '';
  #bareNode = 0;

  private constructor(
    context: BenchContext,
    readonly keptWorkspace: string,
    readonly typedWorkspace: string,
    readonly port: number,
  ) {
    this.#context = context;
    this.keptApp = path.join(keptWorkspace, 'cheatcode-app');
    this.typedApp = path.join(typedWorkspace, 'cheatcode-app');
    this.requestFiles = { kept: path.join(context.dir, 'kept.txt'), typed: path.join(context.dir, 'typed.txt') };
    this.#typedLog = path.join(context.dir, 'typed.log');
  }

  /** Both servers run and no editor is there yet. The caller closes. */
  static async open(context: BenchContext): Promise<Stage> {
    const [kept, typed, port] = [await workspace('ours'), await workspace('typed'), await freePort()];
    const stage = new Stage(context, kept, typed, port);
    try {
      await Promise.all(Object.values(stage.requestFiles).map((file) => writeFile(file, '')));
      await stage.#startKept();
      await stage.#startTyped();
      await stage.#startBareNode();
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get stateFolder(): string {
    return path.join(this.#context.dir, 'ours', 's');
  }

  /** Nothing but what keeps a Node alive. */
  get bareNode(): readonly number[] {
    return [this.#bareNode];
  }

  async host(): Promise<readonly number[]> {
    return (await processes({ cookieStateDir: this.stateFolder, command: /host\.js/ })).map(({ pid }) => pid);
  }

  /** The server that the host keeps: package manager, runner and server. */
  async keptServer(): Promise<readonly number[]> {
    const [runner] = await processes({ below: this.keptApp, command: /^next-server/ });
    return runner ? (await groupMembers(runner.pgid)).map(({ pid }) => pid) : [];
  }

  async typedServer(): Promise<readonly number[]> {
    return (await groupMembers(this.#typedGroup)).map(({ pid }) => pid);
  }

  async ourExtensionHosts(): Promise<readonly number[]> {
    return this.#ours ? this.#ours.extensionHosts() : [];
  }

  async plainExtensionHosts(): Promise<readonly number[]> {
    return this.#plain ? this.#plain.extensionHosts() : [];
  }

  /** As many windows as this with our extension, and one without; those that are there stay. */
  async openWindows(count: number): Promise<void> {
    const { extensionsDir, dir } = this.#context;
    if (!this.#ours) {
      this.#ours = await Editor.open('ours', { workspace: this.keptWorkspace, extensionsDir, settings });
      const none = path.join(dir, 'none');
      await mkdir(none, { recursive: true });
      await writeFile(path.join(none, 'extensions.json'), '[]');
      this.#plain = await Editor.open('plain', { workspace: this.keptWorkspace, extensionsDir: none, settings });
      await openTab(this.#plain);
    }
    while (this.#tabs.length < count) this.#tabs.push(await openTab(this.#ours));
    for (const tab of this.#tabs) await tab.waitForStatus(new RegExp(`:${this.port}`), 180_000);
  }

  /** Editors, windows and all. */
  async closeEditors(): Promise<void> {
    this.#tabs.length = 0;
    const editors = [this.#ours, this.#plain];
    this.#ours = undefined;
    this.#plain = undefined;
    // Not by `Editor.close`, which ends the host too.
    for (const editor of editors) {
      await editor?.browser.close();
      await editor?.server.stop();
    }
  }

  /** Clients that say they are windows, each a process of its own; those of before go. */
  async openClients(count: number, appKey: string): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.close()));
    this.#agents = Array.from({ length: count }, () => this.#agent('window', [appKey]));
    await Promise.all(this.#agents.map((agent) => agent.connect()));
  }

  /** Polls the typed server's page from so many windows; those of before go. */
  async poll(windows: number): Promise<void> {
    if (this.#poller) await endGroup(this.#poller);
    this.#poller = undefined;
    if (windows === 0) return;
    const program = path.join(repoRoot, 'out/test/bench/idle/poller.program.js');
    this.#poller = spawn(process.execPath, [program, `${this.#typedUrl}/`, String(windows), String(INTERVAL_MS)], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    });
  }

  get poller(): readonly number[] {
    return this.#poller?.pid === undefined ? [] : [this.#poller.pid];
  }

  /** The host's own word, and the last lines of the app's log; asked by a client that leaves again. */
  async ask(): Promise<{ readonly session: SessionSnapshot; readonly lines: readonly string[] }> {
    const agent = this.#agent('cli', []);
    try {
      await agent.connect();
      const { session } = agent;
      if (!session) throw new Error('the host has no session');
      const { lines } = await agent.call('lastOutput', { sessionId: session.id, lines: 1000 });
      return { session, lines };
    } finally {
      await agent.close();
    }
  }

  /** Lines that the typed server has printed so far. */
  async typedLines(): Promise<readonly string[]> {
    return (await readFile(this.#typedLog, 'utf8')).split('\n');
  }

  /** Ends all that was started. */
  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.close()));
    await this.poll(0);
    await this.closeEditors();
    for (const end of this.#ending.reverse()) await end();
  }

  async #startKept(): Promise<void> {
    const app = { type: 'web', path: 'cheatcode-app', port: this.port, env: requestsInto(this.requestFiles.kept) };
    await writeFile(path.join(this.keptWorkspace, 'cheatcode.json'), JSON.stringify({ apps: [app] }));
    const cli = [path.join(this.#context.extensionDir, 'dist', 'cli.js'), 'ensure', '--workspace', this.keptWorkspace];
    const env = await sandboxEnv({ CHEATCODE_STATE_DIR: this.stateFolder });
    this.#ending.push(() => endSessionHosts(this.stateFolder));
    await promisify(execFile)('node', cli, { env, timeout: 180_000 });
  }

  async #startTyped(): Promise<void> {
    const port = await freePort();
    this.#typedUrl = `http://localhost:${port}`;
    const server = await serve({
      name: 'pnpm run dev',
      command: ['pnpm', 'run', 'dev'],
      env: await sandboxEnv({ PORT: String(port), ...requestsInto(this.requestFiles.typed) }),
      cwd: this.typedApp,
      url: this.#typedUrl,
      healthPath: HEALTH_PATH,
      logFile: this.#typedLog,
      timeoutMs: 180_000,
    });
    this.#typedGroup = server.pid;
    this.#ending.push(() => server.stop());
  }

  async #startBareNode(): Promise<void> {
    const env = await sandboxEnv();
    const child = spawn('node', ['-e', 'setInterval(() => {}, 1e9)'], { env, stdio: 'ignore', detached: true });
    if (child.pid === undefined) throw new Error('no Node was started');
    this.#bareNode = child.pid;
    this.#ending.push(() => endGroup(child));
  }

  #agent(kind: 'window' | 'cli', apps: readonly string[]): Agent {
    return new Agent(
      {
        kind,
        distFolder: path.join(this.#context.extensionDir, 'dist'),
        // What a window in a sandbox says by default.
        settings: { healthIntervalMs: INTERVAL_MS, lastClient: 'keep', graceMs: 60_000 },
        apps,
        restores: false,
      },
      { env: { CHEATCODE_STATE_DIR: this.stateFolder } },
    );
  }
}

async function openTab(editor: Editor): Promise<Tab> {
  const tab = new Tab(await editor.pageBeside());
  await tab.page.goto(editor.server.folderUrl, { waitUntil: 'commit', timeout: 150_000 });
  await tab.page.locator('.monaco-workbench').waitFor({ timeout: 150_000 });
  return tab;
}
