/** The memory that our host takes, above what any Node takes, and what holds a terminal otherwise. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, Figure } from '../figures';
import { peakMb, proportionalMb } from '../host/memory';
import { OurHost } from '../host/ours';
import { bareNode, bareTerminal, tmuxServer, type Holder } from '../host/rivals';

/** Until the garbage of what was done before is collected, as far as it ever is. */
const SETTLE_MS = 10_000;
/** Twenty lines of a hundred characters a second, for an hour. */
const HOUR_MB = 7;
const FLOOD_MB = 100;
const END = 'end of flood';

type Moment = 'rest' | 'two' | 'hour' | 'flood' | 'after';

/** In MB: all of it, and what it is more than a Node with nothing in it, which lived beside it and was read at the same moment. */
interface Mb {
  readonly all: number;
  readonly above: number;
}

type Seen = Readonly<Partial<Record<Moment, Mb>>>;

export const bench: Bench = async ({ rounds, dir, extensionDir, say }) => {
  const ours: Seen[] = [];
  const terminals: Seen[] = [];
  const tmuxes: Seen[] = [];
  const bares: number[] = [];
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    const tmuxDir = path.join(dir, `t${round}`);
    await mkdir(tmuxDir);
    // What a process has of the binary that all Nodes share depends on how many there are: one with nothing in it is always there.
    const turns = [
      async (bare: Holder) => ours.push(await ourMemory(extensionDir, bare)),
      async (bare: Holder) => terminals.push(await memoryOf(bareTerminal, bare)),
      async (bare: Holder) => tmuxes.push(await memoryOf((env, until) => tmuxServer(tmuxDir, env, until), bare)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.reverse())
      await during(bareNode(), async (bare) => {
        await turn(bare);
        bares.push(proportionalMb(bare.pid));
      });
  }
  const figure = (what: string, moment: Moment, part: keyof Mb, more: Partial<Figure> = {}): Figure => {
    const of = (all: readonly Seen[]) => all.flatMap((seen) => seen[moment]?.[part] ?? []);
    const rivals = [
      { name: 'a bare terminal in Node', samples: of(terminals) },
      // Not a Node: nothing is to be taken off.
      ...(part === 'all' ? [{ name: 'tmux', samples: of(tmuxes) }] : []),
    ].filter(({ samples }) => samples.length > 0);
    return { what, unit: 'MB', better: 'less', ours: of(ours), rivals, ...more };
  };
  const above = 'above a bare Node';
  const limit = { limit: { name: 'a bare Node', samples: bares } };
  return [
    figure(`at rest, one app, 10 clients: ${above}`, 'rest', 'above', {
      budget: { of: 'ours', most: 25 },
      note: 'Pss; the bare Node is read at the same moment',
    }),
    figure('the same, all of it', 'rest', 'all', limit),
    figure(`at rest, two apps, 10 clients: ${above}`, 'two', 'above'),
    figure('the same, all of it', 'two', 'all', limit),
    figure(`after an hour’s output of one app (${HOUR_MB} MB, as fast as it is taken): ${above}`, 'hour', 'above'),
    figure('the same, all of it', 'hour', 'all', limit),
    figure(`at most, in ${FLOOD_MB} MB of output: ${above}`, 'flood', 'above', {
      budget: { of: 'ours', most: 80 },
      note: 'VmHWM, in which shared pages count whole',
    }),
    figure('the same, all of it', 'flood', 'all'),
    figure(`after ${FLOOD_MB} MB of output: ${above}`, 'after', 'above'),
    figure('the same, all of it', 'after', 'all', limit),
  ];
};

/** Read in one turn of the loop. */
function nowMb({ pid }: { readonly pid: number }, bare: Holder, read: (pid: number) => number = proportionalMb): Mb {
  const [all, ofBare] = [read(pid), read(bare.pid)];
  return { all, above: all - ofBare };
}

async function settled(holder: { readonly pid: number }, bare: Holder): Promise<Mb> {
  await delay(SETTLE_MS);
  return nowMb(holder, bare);
}

async function ourMemory(extensionDir: string, bare: Holder): Promise<Seen> {
  const host = await OurHost.create(extensionDir);
  try {
    await host.start('first');
    const rest = await settled(host, bare);
    const second = await host.start('second');
    const two = await settled(host, bare);
    await host.stop(second);
    const third = await host.start('hour', { STUB_FLOOD_MB: String(HOUR_MB) });
    await host.shows(END);
    const hour = await settled(host, bare);
    await host.stop(third);
    await host.start('flood', { STUB_FLOOD_MB: String(FLOOD_MB) });
    await host.shows(END);
    const after = await settled(host, bare);
    return { rest, two, hour, flood: nowMb(host, bare, peakMb), after };
  } finally {
    await host.dispose();
  }
}

async function memoryOf(
  start: (env: Readonly<Record<string, string>>, until: string) => Promise<Holder>,
  bare: Holder,
): Promise<Seen> {
  const seen = await during(start({}, 'listening on'), async (holder) => {
    const rest = await settled(holder, bare);
    return { rest };
  });
  const hour = await during(start({ STUB_FLOOD_MB: String(HOUR_MB) }, END), (holder) => settled(holder, bare));
  return during(start({ STUB_FLOOD_MB: String(FLOOD_MB) }, END), async (holder) => {
    const after = await settled(holder, bare);
    return { ...seen, hour, flood: nowMb(holder, bare, peakMb), after };
  });
}

async function during<T>(starting: Promise<Holder>, look: (holder: Holder) => Promise<T>): Promise<T> {
  const holder = await starting;
  try {
    return await look(holder);
  } finally {
    await holder.end();
  }
}
