/** Starts of the web app in real windows of code-server, with our extension and without, one after another on the same workspace. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { repoRoot, waitFor } from '../../test/contract/support/hostRig';
import { endSessionHosts } from '../../test/hosts/sessionHosts.mjs';
import { groupMembers, holdersOf } from '../../test/hosts/witness';
import { Editor, Tab } from '../../test/integration/support/workbench';
import { firstAnswer, isFree, nextQuestion } from './firstAnswer';

export const APP = 'cheatcode-app';
const BARE = 'example.bare';
const PAGE_LIMIT_MS = 120_000;

/** In milliseconds; a sample of each round. */
export interface EditorStarts {
  /** From the request for the page of the editor to the server's first answer. */
  readonly fromPage: Readonly<Record<'ours' | 'typed' | 'task', readonly number[]>>;
  /** From the moment that the extension host activates the extension to the server's first answer. */
  readonly fromActivation: Readonly<Record<'ours' | 'bare', readonly number[]>>;
}

export interface EditorStartsOptions {
  readonly dir: string;
  /** Where ours alone is installed. */
  readonly extensionsDir: string;
  /** Our extension's id as the editor writes it. */
  readonly extensionId: string;
  readonly workspace: string;
  readonly port: number;
  readonly rounds: number;
  readonly say: (text: string) => void;
}

/** One editor with our extension, one without it; each sample is a new page, whose browser has loaded the workbench before. */
export async function startsInEditors(options: EditorStartsOptions): Promise<EditorStarts> {
  const { dir, extensionsDir, workspace, port, rounds, say } = options;
  const ours = await Editor.open('ours', { workspace, extensionsDir, settings: { 'cheatcode.web.port': port } });
  const other = await Editor.open('other', {
    workspace,
    extensionsDir: await installBare(path.join(dir, 'bare')),
    settings: { 'task.allowAutomaticTasks': 'on', 'terminal.integrated.enablePersistentSessions': false },
  }).catch(async (error: unknown) => {
    await ours.close();
    throw error;
  });
  try {
    const stage = new EditorStage(options, ours, other);
    say('each window once without a clock');
    await stage.bare();
    await stage.ours();
    const samples = { ours: [], typed: [], task: [], bare: [] } as Record<'ours' | 'typed' | 'task' | 'bare', Sample[]>;
    const hands = ['ours', 'bare', 'typed', 'task'] as const;
    for (let round = 0; round < rounds; round++)
      // Another one begins each round.
      for (const hand of [...hands.slice(round % hands.length), ...hands.slice(0, round % hands.length)])
        samples[hand].push(await stage[hand]());
    const fromPage = (of: readonly Sample[]) => of.map(({ pageMs, answerMs }) => answerMs - pageMs);
    const fromActivation = (of: readonly Sample[]) =>
      of.map(({ activatedMs = NaN, answerMs }) => answerMs - activatedMs);
    return {
      fromPage: { ours: fromPage(samples.ours), typed: fromPage(samples.typed), task: fromPage(samples.task) },
      fromActivation: { ours: fromActivation(samples.ours), bare: fromActivation(samples.bare) },
    };
  } finally {
    await ours.close();
    await other.close();
  }
}

/** By the wall clock, which the editor's logs have, too. */
interface Sample {
  readonly pageMs: number;
  readonly activatedMs?: number;
  readonly answerMs: number;
}

class EditorStage {
  constructor(
    readonly options: EditorStartsOptions,
    readonly oursEditor: Editor,
    readonly otherEditor: Editor,
  ) {}

  /** The extension starts it. */
  ours(): Promise<Sample> {
    const { extensionId } = this.options;
    // With a window still there it would be brought back.
    return this.#sample(this.oursEditor, { extensionId, after: () => endSessionHosts(this.oursEditor.stateFolder) });
  }

  /** An extension that does nothing but run the command starts it. */
  async bare(): Promise<Sample> {
    const { workspace, port, dir } = this.options;
    const file = path.join(workspace, 'bare.json');
    const pidFile = path.join(dir, 'bare.pid');
    await writeFile(file, JSON.stringify({ app: APP, port, pidFile }));
    const end = async () => {
      await rm(file);
      await this.#endGroup(Number(await readFile(pidFile, 'utf8')));
    };
    return this.#sample(this.otherEditor, { extensionId: BARE, end });
  }

  /** A terminal is opened as soon as the workbench takes keys, and the command typed as soon as the shell prompts. */
  typed(): Promise<Sample> {
    const { port } = this.options;
    const act = async (tab: Tab) => {
      await waitFor(
        'a terminal',
        async () => {
          if (await tab.page.locator('.terminal-wrapper.active .xterm-rows').count()) return true;
          await tab.page.keyboard.press('Control+Shift+Backquote');
          await tab.page
            .locator('.terminal-wrapper.active .xterm-rows')
            .waitFor({ timeout: 3000 })
            .catch(() => undefined);
          return false;
        },
        PAGE_LIMIT_MS,
      );
      await waitFor('the prompt', async () => /[$#>]\s*$/.test((await tab.terminalText()).trimEnd()), PAGE_LIMIT_MS);
      await tab.typeIntoTerminal(`cd ${APP} && PORT=${port} pnpm run dev\n`);
    };
    const end = async (tab: Tab) => {
      await tab.typeIntoTerminal('\x03');
      await waitFor('the server to end', () => isFree(port), 30_000);
      await tab.typeIntoTerminal('exit\n');
      await tab.page
        .locator('.terminal-wrapper')
        .waitFor({ state: 'detached', timeout: 10_000 })
        .catch(() => undefined);
    };
    return this.#sample(this.otherEditor, { act, end });
  }

  /** The editor's own means: a task that runs when the folder is opened. */
  async task(): Promise<Sample> {
    const { workspace, port } = this.options;
    const folder = path.join(workspace, '.vscode');
    await mkdir(folder);
    const task = {
      label: 'dev',
      type: 'shell',
      command: 'pnpm run dev',
      options: { cwd: `\${workspaceFolder}/${APP}`, env: { PORT: String(port) } },
      isBackground: true,
      problemMatcher: [],
      runOptions: { runOn: 'folderOpen' },
    };
    await writeFile(path.join(folder, 'tasks.json'), JSON.stringify({ version: '2.0.0', tasks: [task] }));
    const end = async () => {
      await rm(folder, { recursive: true });
      const [holder] = await holdersOf(port);
      if (holder) await this.#endGroup(holder.pgid);
    };
    return this.#sample(this.otherEditor, { end });
  }

  async #sample(
    editor: Editor,
    how: {
      readonly extensionId?: string;
      readonly act?: (tab: Tab) => Promise<void>;
      /** Ends the server while the window is there, or once it has gone. */
      readonly end?: (tab: Tab) => Promise<void>;
      readonly after?: () => Promise<void>;
    },
  ): Promise<Sample> {
    const { port } = this.options;
    if (!(await isFree(port))) throw new Error(`somebody listens on ${port} before the start`);
    const page = await editor.pageBeside();
    const tab = new Tab(page);
    try {
      const answered = firstAnswer(nextQuestion(port)).then(({ wallMs }) => wallMs);
      answered.catch(() => undefined); // Awaited below, where what came first is told.
      const pageMs = Date.now();
      await openWorkbench(page, editor);
      await how.act?.(tab);
      const answerMs = await answered;
      const { extensionId } = how;
      const activatedMs =
        extensionId === undefined
          ? undefined
          : await waitFor('the activation', () => activation(editor, extensionId, pageMs));
      return { pageMs, answerMs, ...(activatedMs === undefined ? {} : { activatedMs }) };
    } finally {
      await how.end?.(tab);
      await page.close();
      await endExtensionHosts(editor);
      await how.after?.();
      await waitFor(`${port} to be free`, () => isFree(port), 30_000);
    }
  }

  async #endGroup(pgid: number): Promise<void> {
    process.kill(-pgid, 'SIGINT');
    await waitFor('the server to end', async () => (await groupMembers(pgid)).length === 0, 20_000).catch(() =>
      process.kill(-pgid, 'SIGKILL'),
    );
  }
}

/** One waits for its page's return when the word of its end came too late. */
async function endExtensionHosts(editor: Editor): Promise<void> {
  const isGone = async () => (await editor.extensionHosts()).length === 0;
  await waitFor('the extension host to end', isGone, 3000).catch(async () => {
    for (const pid of await editor.extensionHosts()) process.kill(pid, 'SIGKILL');
    await waitFor('the extension host to end', isGone);
  });
}

async function openWorkbench(page: Page, { server }: Editor): Promise<void> {
  await page.goto(server.folderUrl, { waitUntil: 'commit', timeout: PAGE_LIMIT_MS });
  await page.locator('.monaco-workbench').waitFor({ timeout: PAGE_LIMIT_MS });
}

/** When the editor's own log says that it activated this extension, after a moment; undefined while it does not. */
async function activation(editor: Editor, extensionId: string, afterMs: number): Promise<number | undefined> {
  const folder = path.join(path.dirname(editor.stateFolder), 'user', 'logs');
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('remoteexthost.log'));
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  const lines = texts.flatMap((text) => text.split('\n'));
  const mark = `_doActivateExtension ${extensionId},`;
  const times = lines.filter((line) => line.includes(mark)).map((line) => Date.parse(line.slice(0, TIME_LENGTH)));
  return times.filter((ms) => ms >= afterMs).sort((a, b) => a - b)[0];
}

const TIME_LENGTH = '2026-01-01 00:00:00.000'.length;

/** A folder of extensions with the bare one alone. */
async function installBare(extensionsDir: string): Promise<string> {
  const name = `${BARE}-1.0.0`;
  const folder = path.join(extensionsDir, name);
  await mkdir(extensionsDir, { recursive: true });
  await cp(path.join(repoRoot, 'bench/open/bareExtension'), folder, { recursive: true });
  const entry = {
    identifier: { id: BARE },
    version: '1.0.0',
    location: { $mid: 1, path: folder, scheme: 'file' },
    relativeLocation: name,
    metadata: {},
  };
  await writeFile(path.join(extensionsDir, 'extensions.json'), JSON.stringify([entry]));
  return extensionsDir;
}
