/** The same moments of a stub, as the status bar of a real window shows them. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { freePort, waitFor } from '../../test/contract/support/hostRig';
import { holdersOf } from '../../test/hosts/witness';
import { Editor } from '../../test/integration/support/workbench';
import { runCommand } from '../../src/sessions/runCommand';
import { listeningSince, stubFolder } from './stub';
import { LISTEN_DELAY_MS, type Moments } from './windowRounds';

interface Shown {
  readonly text: string;
  /** By the wall clock, which the page and the server share to the millisecond. */
  readonly atMs: number;
}

/** Notes in the page whenever our item says something else, in the turn in which the workbench has written it. */
const observer = `(() => {
  globalThis.shownInStatusBar = [];
  const look = () => {
    const text = document.querySelector('.statusbar-item[id*="cheatcode"]')?.textContent ?? '';
    if (globalThis.shownInStatusBar.at(-1)?.text !== text) globalThis.shownInStatusBar.push({ text, atMs: Date.now() });
  };
  new MutationObserver(look).observe(document.querySelector('.part.statusbar'), { subtree: true, childList: true, characterData: true });
  look();
})()`;

export interface StatusBarOptions {
  readonly dir: string;
  readonly extensionDir: string;
  readonly extensionsDir: string;
  readonly rounds: number;
}

/** In milliseconds, a sample of each round; some seven seconds for each, and half a minute before. */
export async function statusBarMoments({
  dir,
  extensionDir,
  extensionsDir,
  rounds,
}: StatusBarOptions): Promise<Moments> {
  const port = await freePort();
  const workspace = path.join(dir, 'w');
  await writeWorkspace(workspace, port);
  const editor = await Editor.open('window', { workspace, extensionsDir });
  const answers: number[] = [];
  const killed: number[] = [];
  try {
    const { page } = await editor.tab();
    const running = new RegExp(`:${port}$`);
    await waitForShown(page, 'a status item', async () =>
      (await page.locator('.statusbar-item[id*="cheatcode"]').count()) > 0 ? true : undefined,
    );
    await page.evaluate(observer);
    const shown = () => page.evaluate<readonly Shown[]>('globalThis.shownInStatusBar');
    const next = (what: string, from: number, fits: (text: string) => boolean): Promise<Shown> =>
      waitForShown(page, what, async () => (await shown()).slice(from).find(({ text }) => fits(text)));
    await next('the first start', 0, (text) => running.test(text));
    const say = async (...words: readonly string[]) => {
      const env = { ...process.env, CHEATCODE_STATE_DIR: editor.stateFolder };
      const args = [path.join(extensionDir, 'dist', 'cli.js'), ...words, '--workspace', workspace];
      const { exitCode, stderr } = await runCommand(process.execPath, args, { cwd: workspace, env, timeoutMs: 60_000 });
      if (exitCode !== 0) throw new Error(`cheatcode-dev ${words.join(' ')} ended with ${exitCode}: ${stderr}`);
    };
    for (let round = 0; round < rounds; round++) {
      await say('stop');
      let from = (await shown()).length;
      await say('start', '--no-wait');
      const up = await next('the server that answers', from, (text) => running.test(text));
      answers.push(up.atMs - (await listeningSince(port)).wallMs);
      const [listener, ...others] = await holdersOf(port);
      if (!listener || others.length > 0) throw new Error(`${others.length + 1} processes listen on ${port}`);
      from = (await shown()).length;
      const killedMs = Date.now();
      process.kill(listener.pid, 'SIGKILL');
      const down = await next('the server that is gone', from, (text) => !running.test(text));
      killed.push(down.atMs - killedMs);
    }
  } catch (error) {
    throw new Error(`${String(error)}\n${editor.hostLog()}`, { cause: error });
  } finally {
    await editor.close();
  }
  return { answers, killed };
}

async function writeWorkspace(workspace: string, port: number): Promise<void> {
  const folder = path.join(workspace, 'cheatcode-app');
  await mkdir(path.join(folder, 'node_modules'), { recursive: true }); // Nothing to install.
  await cp(stubFolder, folder, { recursive: true });
  const app = {
    name: 'cheatcode-app',
    type: 'web',
    path: 'cheatcode-app',
    command: 'npm run dev',
    port,
    health: '/',
    env: { STUB_LISTEN_DELAY_MS: LISTEN_DELAY_MS },
  };
  await writeFile(path.join(workspace, 'cheatcode.json'), JSON.stringify({ apps: [app] }));
}

function waitForShown<T>(page: Page, what: string, look: () => Promise<T | undefined>): Promise<NonNullable<T>> {
  return waitFor(what, look, 120_000, () => page.url());
}
