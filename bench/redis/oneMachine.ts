/** What a Redis costs the start of one machine, be it well or ill. */
import path from 'node:path';
import type { RedisSettings } from '../../src/sessions/protocol';
import { freePort } from '../../test/contract/support/hostRig';
import { RedisServer } from '../../test/support/redisServer';
import type { Figure } from '../figures';
import { Fleet } from './fleet';

export interface OneMachineOptions {
  readonly extensionDir: string;
  readonly dir: string;
  readonly rounds: number;
}

const kinds = ['none', 'well', 'refused', 'silent'] as const;
type Kind = (typeof kinds)[number];

/** A host of its own for each start: who has found its Redis away waits for it no second time. */
export async function oneMachineFigures({ extensionDir, dir, rounds }: OneMachineOptions): Promise<readonly Figure[]> {
  const [well, silent] = await Promise.all([RedisServer.start(), RedisServer.start()]);
  try {
    silent.freeze();
    const url: Readonly<Record<Exclude<Kind, 'none'>, string>> = {
      well: well.url,
      refused: `redis://127.0.0.1:${await freePort()}`,
      silent: silent.url,
    };
    const samples: Record<Kind, number[]> = { none: [], well: [], refused: [], silent: [] };
    for (let round = 0; round < rounds; round++)
      for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
        const redis = kind === 'none' ? undefined : { url: url[kind], sandboxId: `one-${round}`, required: false };
        samples[kind].push(await startMs(kind, redis, path.join(extensionDir, 'dist'), dir));
      }
    const figure = (what: string, kind: Kind): Figure => {
      const rivals = [{ name: 'without Redis', samples: samples.none }];
      return { what: `start of one host → running, ${what}`, unit: 'ms', better: 'less', ours: samples[kind], rivals };
    };
    // DESIGN section 7: at most 2 s of delay.
    const delayed = { of: 'difference', most: 2000 } as const;
    return [
      figure('Redis well', 'well'),
      { ...figure('nothing listens where Redis should be', 'refused'), budget: delayed },
      { ...figure('Redis takes connections and never answers', 'silent'), budget: delayed },
    ];
  } finally {
    silent.thaw();
    await Promise.all([well.stop(), silent.stop()]);
  }
}

async function startMs(kind: Kind, redis: RedisSettings | undefined, distFolder: string, dir: string): Promise<number> {
  const fleet = await Fleet.open({ machines: 1, redis, distFolder, dir });
  try {
    const { tookMs, servers } = await fleet.starts.of(() => fleet.start());
    const warning = fleet.boxes[0]?.window.session?.acrossMachines?.code;
    const expected = kind === 'none' || kind === 'well' ? undefined : 'redisUnavailable';
    if (servers !== 1 || warning !== expected) throw new Error(`${kind}: ${servers} servers, ${warning}`);
    return tookMs;
  } finally {
    await fleet.close();
  }
}
