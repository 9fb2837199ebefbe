/** Windows that are opened only to see what extensions cost in them. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { endProcess, until } from '../../test/hosts/ending.mjs';
import { endSessionHosts } from '../../test/hosts/sessionHosts.mjs';
import { holdersOf, processOf, type Process } from '../../test/hosts/witness';
import { Editor, eventually, Tab } from '../../test/integration/support/workbench';
import { readObservation, type Observation } from './observation';

/** An editor with the probe among its extensions. */
export class ObservedEditor {
  private constructor(
    private readonly editor: Editor,
    private readonly results: string,
  ) {}

  static async open(
    name: string,
    { dir, extensionsDir, settings }: { dir: string; extensionsDir: string; settings: Record<string, unknown> },
  ): Promise<ObservedEditor> {
    const results = path.join(dir, `${name}-seen`);
    await mkdir(results, { recursive: true });
    const editor = await Editor.open(name, {
      workspace: dir,
      extensionsDir,
      // As a person has it: tests switch it off.
      settings: { 'git.enabled': true, 'probe.folder': results, ...settings },
    });
    return new ObservedEditor(editor, results);
  }

  /**
   * Opens a fresh window in a browser that has stored nothing, and leaves nothing of it: no extension host, no server.
   * `proof` waits for what must have come true for the window to count.
   */
  async observe(workspace: string, proof?: (tab: Tab) => Promise<void>): Promise<Observation> {
    const url = new URL(this.editor.server.folderUrl);
    url.searchParams.set('folder', workspace);
    const page = await this.editor.browser.newPage({ viewport: { width: 1280, height: 800 } });
    try {
      await page.goto(url.href, { waitUntil: 'commit' });
      const file = await eventually('what the probe saw', () => this.#result(), 180_000);
      const observation = readObservation(await readFile(file, 'utf8'));
      await rm(file);
      await proof?.(new Tab(page));
      return observation;
    } finally {
      await page.close();
      await this.#endExtensionHosts();
      await endSessionHosts(this.editor.stateFolder);
    }
  }

  close(): Promise<void> {
    return this.editor.close();
  }

  /** They end with their window, but on a busy machine the browser goes before it has told the server so: then they wait for it. */
  async #endExtensionHosts(): Promise<void> {
    const isOver = async (): Promise<boolean> => (await this.editor.extensionHosts()).length === 0;
    if (await until(isOver, 10_000)) return;
    await endAll(await Promise.all((await this.editor.extensionHosts()).map((pid) => processOf(pid))));
  }

  async #result(): Promise<string | undefined> {
    const name = (await readdir(this.results)).find((one) => one.endsWith('.json'));
    return name === undefined ? undefined : path.join(this.results, name);
  }
}

/** Ends what a window that is closed has left listening there: a terminal of the editor may outlive it. */
export async function free(port: number): Promise<void> {
  await endAll(await holdersOf(port));
}

async function endAll(processes: readonly (Process | undefined)[]): Promise<void> {
  for (const one of processes) if (one) await endProcess(one);
}
