/** How many servers there are when many windows want one: started in all, at one moment, and once all is quiet. */
import path from 'node:path';
import { copyNextApp } from '../../test/hosts/nextApps.mjs';
import { copyWorkspace } from '../../test/hosts/workspace.mjs';
import { CLIENTS, countNaiveClients, countOurClients } from '../duplicates/clients';
import { SETTLE_MS, type Counts } from '../duplicates/counts';
import { countWithTabs } from '../duplicates/tabs';
import { folderOpenTask, naiveExtension, ours, type Way } from '../duplicates/ways';
import type { Bench, Figure } from '../figures';

const appName = 'cheatcode-app';

const TABS = [1, 3, 8];
/** Tabs take minutes a round; a crowd of processes does not. A task has no part in it: it needs a window. */
const LEAST_CROWDS = 3;

const apps = [
  {
    title: 'Next 15',
    short: 'a',
    make: (folder: string) => copyNextApp('15.5.29', folder),
  },
  {
    title: 'Next 16',
    short: 'b',
    make: (folder: string) => copyWorkspace(path.dirname(folder), { only: [appName] }),
  },
];

export const bench: Bench = async ({ rounds, dir, extensionDir, extensionsDir, say }) => {
  const naive = await naiveExtension(path.join(dir, 'naive'), appName);
  const ways: readonly Way[] = [ours(extensionsDir), await folderOpenTask(path.join(dir, 'none')), naive];
  const figures: Figure[] = [];
  /** What became of a rival is a finding; ours must answer. */
  const seen = (what: string, name: string, counts: Counts): Counts => {
    say(`${what}: ${name}: ${JSON.stringify(counts)}`);
    if (name === 'ours' && counts.status !== 200) throw new Error(`our app ends so: ${JSON.stringify(counts)}`);
    return counts;
  };
  const inCrowd = `${CLIENTS} clients at once`;
  // What is quick comes first, so that it fails first.
  const crowds = [
    { name: 'ours', count: () => countOurClients(path.join(extensionDir, 'dist')) },
    { name: naive.name, count: countNaiveClients },
  ];
  const crowd = await inTurns(Math.max(rounds, LEAST_CROWDS), crowds, async ({ name, count }) =>
    seen(inCrowd, name, await count()),
  );
  for (const { title, short, make } of apps)
    for (const count of TABS) {
      const what = `${title}, ${count} ${count === 1 ? 'tab' : 'tabs'} at once`;
      const all = await inTurns(rounds, ways, async (way, round) => {
        const name = `${short}${count}${ways.indexOf(way)}${round}`;
        return seen(what, way.name, await countWithTabs({ name, dir, tabs: count, way, appName, makeApp: make, say }));
      });
      figures.push(
        ...figuresOf(
          what,
          SETTLE_MS,
          ways.map(({ name }) => name),
          all,
        ),
      );
    }
  figures.push(
    ...figuresOf(
      inCrowd,
      SETTLE_MS,
      crowds.map(({ name }) => name),
      crowd,
    ),
  );
  return figures;
};

/** The samples of each one, in the order of `all`; measured in turns, every other round backwards. */
async function inTurns<T>(
  rounds: number,
  all: readonly T[],
  measure: (one: T, round: number) => Promise<Counts>,
): Promise<readonly (readonly Counts[])[]> {
  const seen = all.map((): Counts[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [...all.keys()] : [...all.keys()].reverse();
    for (const index of order) seen[index]?.push(await measure(all[index] as T, round));
  }
  return seen;
}

function figuresOf(
  what: string,
  settleMs: number,
  names: readonly string[],
  seen: readonly (readonly Counts[])[],
): readonly Figure[] {
  const budget = { of: 'ours', most: 1, least: 1, isOfEach: true } as const;
  const parts = [
    { key: 'started', title: 'servers started' },
    { key: 'peak', title: 'servers at one moment' },
    { key: 'alive', title: `servers alive ${settleMs / 1000} s later` },
  ] as const;
  const reloads = seen.flat().reduce((sum, one) => sum + one.reloads, 0);
  const notes = [
    ...(reloads === 0 ? [] : [`${reloads} tabs were loaded again, and asked twice`]),
    ...seen.flatMap((counts, index) =>
      counts
        .filter(({ status }) => status !== 200)
        .map(({ status }) => (status === 0 ? 'nobody answered on its port' : `the page answered ${status}`))
        .map((end) => `with ${names[index] ?? ''} ${end} at the end`),
    ),
  ];
  const note = notes.length === 0 ? {} : { note: notes.join('; ') };
  return parts.map(({ key, title }) => {
    const [own = [], ...rivals] = seen.map((counts) => counts.map((one) => one[key]));
    const rival = (samples: readonly number[], index: number) => ({ name: names[index + 1] ?? '', samples });
    return {
      what: `${what}: ${title}`,
      unit: 'servers',
      better: 'less',
      ours: own,
      rivals: rivals.map(rival),
      budget,
      ...note,
    };
  });
}
