/** What each window pays for an extension before that has done anything: measured by the editor itself, in its extension host. */
import path from 'node:path';
import { inRepo } from '../../test/hosts/paths.mjs';
import { freePort } from '../../test/hosts/ports.mjs';
import { eventually, type Tab } from '../../test/integration/support/workbench';
import { activations, loadFigures, NAIVE, OURS, timeFigures, type Round } from '../activation/figures';
import type { Observation } from '../activation/observation';
import { ObservedEditor, free } from '../activation/windows';
import { makeForeign, makeOwn } from '../activation/workspaces';
import type { Bench } from '../figures';
import { NAIVE_ITEM, NAIVE_RUNS, naiveSettings } from '../support/naive';
import { addExtension } from '../support/unpackedExtension';

export const bench: Bench = async ({ rounds, dir, extensionDir, say }) => {
  const [port, naivePort] = [await freePort(), await freePort()];
  const off = await makeOwn(path.join(dir, 'off'), { 'cheatcode.autoStart': 'off' });
  const starting = await makeOwn(path.join(dir, 'starting'));
  const naive = await makeOwn(path.join(dir, 'naive'));
  const foreign = await makeForeign(path.join(dir, 'foreign'), off);
  const [extensionsDir, naiveExtensionsDir] = [path.join(dir, 'x'), path.join(dir, 'xn')];
  const probe = inRepo('bench', 'activation', 'probe');
  for (const folder of [extensionDir, probe]) await addExtension(extensionsDir, folder);
  for (const folder of [inRepo('bench', 'naive'), probe]) await addExtension(naiveExtensionsDir, folder);

  const ours = await ObservedEditor.open('a', { dir, extensionsDir, settings: { 'cheatcode.web.port': port } });
  try {
    const usual = await ObservedEditor.open('b', {
      dir,
      extensionsDir: naiveExtensionsDir,
      settings: {
        ...naiveSettings({ folder: 'cheatcode-app', port: naivePort }),
        // Its server is to end with its window.
        'terminal.integrated.enablePersistentSessions': false,
      },
    });
    try {
      say('a workspace of somebody else');
      // The first windows of their editors, which are slower: nothing of them is timed.
      const elsewhere = await ours.observe(foreign);
      const naiveElsewhere = await usual.observe(foreign);
      const kinds: Record<keyof Round, () => Promise<Observation>> = {
        off: () => ours.observe(off, (tab) => tab.waitForStatus('Web stopped')),
        starting: async () => {
          await free(port);
          return ours.observe(starting, (tab) => tab.waitForStatus(`Web :${port}`, 120_000));
        },
        naive: async () => {
          await free(naivePort);
          return usual.observe(naive, untilNaiveRuns);
        },
      };
      const seen: Round[] = [];
      for (let round = 0; round < rounds; round++) {
        say(`round ${round + 1} of ${rounds}`);
        seen.push(await inTurn(kinds, round));
      }
      return [
        ...timeFigures(seen),
        ...(await loadFigures(seen, { elsewhere, extensionDir })),
        {
          what: 'activations in a workspace that is none of ours',
          unit: 'activations',
          better: 'less',
          ours: [activations(elsewhere, OURS)],
          rivals: [{ name: 'naive extension', samples: [activations(naiveElsewhere, NAIVE)] }],
          budget: { of: 'ours', most: 0, isOfEach: true },
        },
      ];
    } finally {
      await usual.close();
    }
  } finally {
    await ours.close();
  }
};

async function untilNaiveRuns({ page }: Tab): Promise<void> {
  await eventually(
    'the naive extension to say that its server runs',
    async () => {
      const texts = await page.locator(NAIVE_ITEM).allInnerTexts();
      return texts.some((text) => NAIVE_RUNS.test(text.replace(/\s+/g, ' ').trim()));
    },
    120_000,
  );
}

/** One window after another, another one first in each round. */
async function inTurn<Name extends string, T>(
  work: Readonly<Record<Name, () => Promise<T>>>,
  round: number,
): Promise<Record<Name, T>> {
  const names = Object.keys(work) as Name[];
  const found = {} as Record<Name, T>;
  for (const index of names.keys()) {
    const name = names[(index + round) % names.length] as Name;
    found[name] = await work[name]();
  }
  return found;
}
