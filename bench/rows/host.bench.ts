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
type Seen = Readonly<Partial<Record<Moment, number>>>;

export const bench: Bench = async ({ rounds, dir, extensionDir, say }) => {
  const ours: Seen[] = [];
  const terminals: Seen[] = [];
  const tmuxes: Seen[] = [];
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    const bare = await during(bareNode(), async ({ pid }) => {
      await delay(2000);
      return { rest: proportionalMb(pid), peak: peakMb(pid) };
    });
    ours.push(await ourMemory(extensionDir, bare));
    terminals.push(await memoryOf((env, until) => bareTerminal(env, until), bare));
    const tmuxDir = path.join(dir, `t${round}`);
    await mkdir(tmuxDir);
    tmuxes.push(await memoryOf((env, until) => tmuxServer(tmuxDir, env, until), { rest: 0, peak: 0 }));
  }
  const figure = (what: string, moment: Moment, more: Partial<Figure> = {}): Figure => {
    const of = (all: readonly Seen[]) => all.flatMap((seen) => seen[moment] ?? []);
    const rivals = [
      { name: 'a bare terminal in Node, above a bare Node', samples: of(terminals) },
      { name: 'tmux, all of it', samples: of(tmuxes) },
    ].filter(({ samples }) => samples.length > 0);
    return { what, unit: 'MB', better: 'less', ours: of(ours), rivals, ...more };
  };
  return [
    figure('at rest, one app, 10 clients (Pss above a bare Node)', 'rest', { budget: { of: 'ours', most: 25 } }),
    figure('at rest, two apps, 10 clients', 'two'),
    figure(`after an hour’s output of one app (${HOUR_MB} MB, as fast as it is taken)`, 'hour'),
    figure(`at most, in ${FLOOD_MB} MB of output (VmHWM above a bare Node’s)`, 'flood', {
      budget: { of: 'ours', most: 80 },
    }),
    figure(`after ${FLOOD_MB} MB of output`, 'after'),
  ];
};

interface Bare {
  readonly rest: number;
  readonly peak: number;
}

async function ourMemory(extensionDir: string, bare: Bare): Promise<Seen> {
  const host = await OurHost.create(extensionDir);
  const settled = async () => {
    await delay(SETTLE_MS);
    return proportionalMb(host.pid) - bare.rest;
  };
  try {
    await host.start('first');
    const rest = await settled();
    const second = await host.start('second');
    const two = await settled();
    await host.stop(second);
    const third = await host.start('hour', { STUB_FLOOD_MB: String(HOUR_MB) });
    await host.shows(END);
    const hour = await settled();
    await host.stop(third);
    await host.start('flood', { STUB_FLOOD_MB: String(FLOOD_MB) });
    await host.shows(END);
    const after = await settled();
    return { rest, two, hour, flood: peakMb(host.pid) - bare.peak, after };
  } finally {
    await host.dispose();
  }
}

async function memoryOf(
  start: (env: Readonly<Record<string, string>>, until: string) => Promise<Holder>,
  bare: Bare,
): Promise<Seen> {
  const settled = async ({ pid }: Holder) => {
    await delay(SETTLE_MS);
    return proportionalMb(pid) - bare.rest;
  };
  const rest = await during(start({}, 'listening on'), settled);
  const hour = await during(start({ STUB_FLOOD_MB: String(HOUR_MB) }, END), settled);
  return during(start({ STUB_FLOOD_MB: String(FLOOD_MB) }, END), async (holder) => {
    const after = await settled(holder);
    return { rest, hour, flood: peakMb(holder.pid) - bare.peak, after };
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
