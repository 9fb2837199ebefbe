import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { launchChromium } from '../../hosts/chromium.mjs';
import { codeServerVariable, newestCodeServer } from '../../hosts/codeServerInstall.mjs';
import { installVsix, startCodeServer, writeSettings, type CodeServerOptions } from '../../hosts/codeServer.mjs';
import { inSandbox, repoRoot } from '../../hosts/paths.mjs';
import type { Server } from '../../hosts/serve.mjs';
import { endSessionHosts } from '../../hosts/sessionHosts.mjs';
import { copyWorkspace } from '../../hosts/workspace.mjs';
import { processes } from '../../hosts/witness';
import type { Account } from '../../support/account';
import { untilNextLook } from '../../support/pace';

/** Polls until the condition gives something; fails with what was waited for and the last thing seen. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T> | T,
  limitMs = 60_000,
): Promise<NonNullable<T>> {
  const begin = Date.now();
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > begin + limitMs) throw new Error(`waited ${limitMs} ms for ${what}; last: ${String(last)}`);
    await untilNextLook(begin, { firstMs: 50, mostMs: 250 });
  }
}

/** What every tab needs so that a test can read its terminal, and what costs time in each that no test looks at. */
const readableSettings = {
  'terminal.integrated.gpuAcceleration': 'off',
  'terminal.integrated.stickyScroll.enabled': false,
  'workbench.reduceMotion': 'on',
  'git.enabled': false,
};

export interface EditorOptions {
  readonly workspace: string;
  readonly settings?: Record<string, unknown>;
  readonly env?: Record<string, string | undefined>;
  /** Where extensions are installed; default: shared by the tests of a run. */
  readonly extensionsDir?: string;
  /** A profile that nobody has touched, with no settings at all. */
  readonly isFresh?: boolean;
  /** Whose editor it is: it gets that home folder, and keeps its state where it would without any setting of a test's. */
  readonly account?: Account;
}

/** In what Next prints at its start, whichever part of it a panel of few lines still shows. */
export const NEXT_OUTPUT = /next dev|Next\.js \d|Ready in/;

/** A code-server with the packed extension, a state folder of its own, and a browser: what one user has. */
export class Editor {
  #context: Promise<BrowserContext> | undefined;

  private constructor(
    readonly server: Server & { folderUrl: string },
    readonly browser: Browser,
    readonly stateFolder: string,
    readonly workspace: string,
  ) {}

  static async open(
    name: string,
    { workspace, settings = {}, env = {}, extensionsDir, isFresh = false, account }: EditorOptions,
  ): Promise<Editor> {
    const dir = path.join(must('CHEATCODE_TEST_DIR'), name);
    const stateFolder = account ? path.join(account.home, '.cheatcode', 'run') : path.join(dir, 's');
    // The editor, Expo and Next leave sockets and caches in the folder for temporary files: they go with the run.
    const temporary = path.join(dir, 't');
    await Promise.all(
      [...(account ? [] : [stateFolder]), temporary].map((folder) => mkdir(folder, { recursive: true })),
    );
    const options: CodeServerOptions = {
      workspace,
      userDataDir: path.join(dir, 'user'),
      extensionsDir: extensionsDir ?? path.join(account ? dir : must('CHEATCODE_TEST_DIR'), 'extensions'),
      ...(account ? { wrapper: account.asItself } : {}),
      isFresh,
      env: {
        TMPDIR: temporary,
        ...(account ? accountEnv(account) : { CHEATCODE_STATE_DIR: stateFolder }),
        CHEATCODE_TEST_RUN: process.env['CHEATCODE_TEST_RUN'],
        ...env,
      },
      settings: { ...readableSettings, ...settings },
    };
    if (!existsSync(path.join(options.extensionsDir, 'extensions.json')))
      await installVsix({
        vsix: must('CHEATCODE_TEST_VSIX'),
        userDataDir: options.userDataDir,
        extensionsDir: options.extensionsDir,
      });
    if (!isFresh) await writeSettings(options.userDataDir, { ...readableSettings, ...settings });
    account?.own(dir);
    const server = await startCodeServer(options);
    const browser = await launchChromium();
    return new Editor(server, browser, stateFolder, workspace);
  }

  /** Opens the workspace in a tab and waits for the workbench. A browser of its own: its page is in front, and stores nothing for others. */
  async tab(size = { width: 1280, height: 800 }): Promise<Tab> {
    const page = await this.browser.newPage({ viewport: size });
    await page.goto(this.server.folderUrl, { waitUntil: 'commit' });
    await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    return new Tab(page);
  }

  /**
   * An empty page beside the others in the browser of one person: what one has loaded or stored, the next one has, and only the
   * latest is in front. A workbench is 20 MB of script, which each would fetch and compile anew in a browser of its own.
   */
  async pageBeside(): Promise<Page> {
    this.#context ??= this.browser.newContext();
    const page = await (await this.#context).newPage();
    await page.setViewportSize({ width: 1280, height: 800 });
    return page;
  }

  /** Pids of the session hosts of this editor, seen from outside. */
  async hosts(): Promise<number[]> {
    return (await processes({ cookieStateDir: this.stateFolder, command: /host\.js/ })).map(({ pid }) => pid);
  }

  /** Pids of extension hosts: one a tab. */
  async extensionHosts(): Promise<number[]> {
    return (await processes({ cookieStateDir: this.stateFolder, command: /--type=extensionHost/ })).map(
      ({ pid }) => pid,
    );
  }

  /** The session host's own log, for a failed test to show. */
  hostLog(): string {
    for (const name of readdirSync(this.stateFolder)) {
      const file = path.join(this.stateFolder, name, 'host.log');
      if (existsSync(file)) return readFileSync(file, 'utf8');
    }
    return '';
  }

  /** When the extension's own log said this, in milliseconds since the epoch; one entry a line, over all tabs. */
  async extensionLogTimes(line: RegExp): Promise<number[]> {
    const folder = path.join(path.dirname(this.stateFolder), 'user', 'logs');
    const names = await readdir(folder, { recursive: true });
    const logs = names.filter((name) => name.endsWith('Cheatcode Dev Server.log'));
    const texts = await Promise.all(logs.map((name) => readFile(path.join(folder, name), 'utf8')));
    const lines = texts.flatMap((text) => text.split('\n')).filter((one) => line.test(one));
    return lines.map((one) => Date.parse(one.slice(0, '2026-01-01 00:00:00.000'.length)));
  }

  /**
   * From the first window's look at the workspace to the birth of the package manager's process, in milliseconds. To be
   * said, not asserted: a slow machine is no failure. The aim is a second.
   */
  async activationToServerMs(): Promise<number> {
    const activatedMs = Math.min(...(await this.extensionLogTimes(/workspace looked at/)));
    const [leader] = await processes({ cookieStateDir: this.stateFolder, command: /pnpm.* run dev/ });
    return Math.round((leader ? await startTimeMs(leader.startTicks) : NaN) - activatedMs);
  }

  /** Changes user settings while the editor runs, as a person does in the file. */
  async change(settings: Record<string, unknown>): Promise<void> {
    await writeSettings(path.join(path.dirname(this.stateFolder), 'user'), settings);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
    await endSessionHosts(this.stateFolder);
  }
}

/** One browser tab on the workbench, used as a person does. */
export class Tab {
  constructor(readonly page: Page) {}

  /** All texts of our items in the status bar. */
  async status(): Promise<string> {
    const items = this.page.locator('.statusbar-item[id*="cheatcode"]');
    return (await items.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim()).join(' | ');
  }

  async waitForStatus(text: string | RegExp, limitMs?: number): Promise<void> {
    await eventually(
      `the status ${String(text)}`,
      async () => {
        const status = await this.status();
        if (typeof text === 'string' ? status === text : text.test(status)) return true;
        throw new Error(`the status is "${status}"`);
      },
      limitMs,
    );
  }

  /** Runs a command from the palette by its title, as soon as the palette offers it. */
  async command(title: string): Promise<void> {
    // The row of just this title: the best match of a fuzzy search may be another one.
    const exact = new RegExp(`^${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
    const row = this.page
      .locator('.quick-input-list .monaco-list-row')
      .filter({ has: this.page.locator('.label-name', { hasText: exact }) });
    await eventually(
      `the command ${title}`,
      async () => {
        await this.page.keyboard.press('Escape');
        await this.page.keyboard.press('F1');
        await this.page.locator('.quick-input-box input').fill(`>${title}`, { timeout: 5000 });
        await row.click({ timeout: 3000 });
        return true;
      },
      30_000,
    );
  }

  /** Titles of our commands that the palette offers now. */
  async offeredCommands(): Promise<string[]> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-box input');
    await input.fill('>Cheatcode:');
    const rows = this.page.locator('.quick-input-list .monaco-list-row .label-name');
    await eventually('commands in the palette', async () => (await rows.count()) > 0, 15_000);
    const titles = (await rows.allInnerTexts()).filter((title) => title.startsWith('Cheatcode:'));
    await this.page.keyboard.press('Escape');
    return titles.map((title) => title.replace('Cheatcode: ', ''));
  }

  /** The visible part of the terminal that is open. */
  async terminalText(): Promise<string> {
    const rows = await this.page.locator('.terminal-wrapper.active .xterm-rows > div').allInnerTexts();
    return rows.map((row) => row.replaceAll('\u00a0', ' ').trimEnd()).join('\n');
  }

  /** Types into the terminal as a person: it must be shown. */
  async typeIntoTerminal(text: string): Promise<void> {
    await this.page.locator('.terminal-wrapper.active .xterm-helper-textarea').focus();
    await this.page.keyboard.type(text);
  }

  /** Opens a file of the workspace in the active group of editors, as a person does it by the keyboard. */
  async openFile(file: string): Promise<void> {
    const name = path.basename(file);
    const input = this.page.locator('.quick-input-box input');
    await eventually(`the file ${name}`, async () => {
      if (!(await input.isVisible())) await this.page.keyboard.press('Control+P');
      await input.fill(file, { timeout: 3000 });
      await this.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first().click({ timeout: 3000 });
      const tab = `.editor-group-container.active .tab.active[data-resource-name="${name}"]`;
      await this.page.locator(tab).waitFor({ timeout: 3000 });
      return true;
    });
    // The tab comes first; only with its text is the file the active one for extensions.
    await this.page.locator(`.editor-group-container.active .monaco-editor[data-uri$="${file}"]`).waitFor();
  }

  /** The tab's title or the list's entry of each terminal. */
  async terminalNames(): Promise<string[]> {
    const names = await this.page.locator('.terminal-tabs-entry, .single-terminal-tab').allInnerTexts();
    return names.map((name) => name.trim()).filter((name) => name !== '');
  }

  /** The frame of the preview that holds this: below the panel's page, with the gateway's shell between behind a path proxy. */
  appFrame(selector: string): Promise<Frame> {
    const isBelow = (frame: Frame | null, above: Frame): boolean =>
      frame !== null && (frame === above || isBelow(frame.parentFrame(), above));
    return eventually(`a frame with ${selector}`, async () => {
      const above = await this.previewPage();
      for (const frame of above === undefined ? [] : this.page.frames())
        if (frame !== above && above && isBelow(frame, above) && (await frame.locator(selector).count()) > 0)
          return frame;
      throw new Error(
        this.page
          .frames()
          .map((frame) => frame.url())
          .join(' '),
      );
    });
  }

  /** The preview's own page, with its toolbar and messages. */
  async previewPage(): Promise<Frame | undefined> {
    for (const frame of this.page.frames())
      if (
        (await frame
          .locator('#toolbar[data-label="preview"]')
          .count()
          .catch(() => 0)) > 0
      )
        return frame;
    return undefined;
  }

  /** Clears the editor's own toasts ("Your application running on port … is available"), which lie over a picture. */
  async clearNotifications(): Promise<void> {
    const toasts = this.page.locator('.notification-toast');
    await eventually('no toast', async () => {
      if ((await toasts.count()) === 0) return true;
      await toasts.first().hover({ timeout: 2000 });
      await toasts.first().locator('.codicon-notifications-clear').click({ timeout: 2000 });
      return false;
    });
  }

  /** Keeps a picture for the README where the run is told to (`CHEATCODE_SCREENSHOTS`), and else below .sandbox/pictures. */
  async picture(name: string): Promise<void> {
    const isNewest = process.env[codeServerVariable] === newestCodeServer;
    const isWanted = process.env['CHEATCODE_SCREENSHOTS'] !== undefined && isNewest && !name.startsWith('failed');
    const folder = isWanted ? path.join(repoRoot, 'media') : inSandbox('pictures');
    await mkdir(folder, { recursive: true });
    await this.page.screenshot({ path: path.join(folder, `screenshot-${name}.png`) });
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}

/** A copy of the sample workspace for one test, with these apps installed. */
export function workspace(name: string, only: readonly string[] = ['cheatcode-app']): Promise<string> {
  return copyWorkspace(path.join(must('CHEATCODE_TEST_DIR'), name, 'w'), { only });
}

/** What `/__nextjs_server_status` says of the server; it changes with each start. */
export async function executionId(port: number): Promise<string> {
  const response = await fetch(`http://localhost:${port}/__nextjs_server_status`);
  return ((await response.json()) as { executionId: string }).executionId;
}

/** The process that a session of the folder leads: `pnpm run dev` as pid. */
export async function serversIn(folder: string): Promise<{ pid: number; command: string }[]> {
  const found = await processes({ command: /^next-server|expo start/ });
  const inside: { pid: number; command: string }[] = [];
  for (const one of found)
    if ((await readlink(`/proc/${one.pid}/cwd`).catch(() => '')).startsWith(folder)) inside.push(one);
  return inside;
}

/** When a process began, in milliseconds since the epoch, to the hundredth of a second. */
async function startTimeMs(startTicks: string): Promise<number> {
  const uptimeSeconds = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]);
  return Date.now() - uptimeSeconds * 1000 + Number(startTicks) * 10;
}

/** Nothing of the tests' own user, whose files another may not read. */
const accountEnv = ({ home }: Account): Record<string, string | undefined> => ({
  HOME: home,
  USER: 'dev',
  LOGNAME: 'dev',
  SHELL: '/bin/bash',
  npm_config_userconfig: undefined,
  npm_config_cache: undefined,
});

function must(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run the tests with npm test`);
  return value;
}
