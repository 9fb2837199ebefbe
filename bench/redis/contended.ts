/** One app that all machines of a sandbox want at the same moment. */
import path from 'node:path';
import type { RedisSettings } from '../../src/sessions/protocol';
import { redisNames } from '../../src/sessions/host/redisNames';
import { freePort, waitFor } from '../../test/contract/support/hostRig';
import { RedisServer } from '../../test/support/redisServer';
import type { Figure } from '../figures';
import { Fleet } from './fleet';
import { MachinesByHand } from './machinesByHand';

const MACHINES = 20;
const SANDBOX = 'shared';
const SESSION = 'dev_server_web';
/** After so long without a question a connection is at rest. */
const SILENT_SECONDS = 4;

type Samples = Record<'ours' | 'none' | 'hand', { readonly servers: number[]; readonly tookMs: number[] }>;

export interface ContendedOptions {
  readonly extensionDir: string;
  readonly dir: string;
  readonly rounds: number;
}

export async function contendedFigures({ extensionDir, dir, rounds }: ContendedOptions): Promise<readonly Figure[]> {
  const redis = await RedisServer.start();
  const settings = { url: redis.url, sandboxId: SANDBOX, required: false };
  const distFolder = path.join(extensionDir, 'dist');
  const ends: (() => Promise<void>)[] = [() => redis.stop()];
  try {
    const fleet = await Fleet.open({ machines: MACHINES, redis: settings, distFolder, dir });
    ends.unshift(() => fleet.close());
    const hand = await MachinesByHand.open(
      await Promise.all(
        fleet.boxes.map(async ({ appFolder: folder }) => {
          const env = { PATH: process.env['PATH'] ?? '', ...fleet.starts.env };
          const [redisFile, command] = [path.join(distFolder, 'redis.js'), fleet.starts.command];
          return { redisFile, url: redis.url, sandbox: 'by-hand', folder, port: await freePort(), command, env };
        }),
      ),
    );
    ends.unshift(() => hand.close());
    const samples = await race(fleet, hand, redis, settings, rounds);
    await hand.close();
    await fleet.use(settings);
    return [...figuresOf(samples), await connectionFigure(redis)];
  } finally {
    for (const end of ends) await end();
  }
}

async function race(
  fleet: Fleet,
  hand: MachinesByHand,
  redis: RedisServer,
  settings: RedisSettings,
  rounds: number,
): Promise<Samples> {
  const samples: Samples = {
    ours: { servers: [], tookMs: [] },
    none: { servers: [], tookMs: [] },
    hand: { servers: [], tookMs: [] },
  };
  const note = async (whose: keyof Samples, work: () => Promise<void>) => {
    const { servers, tookMs } = await fleet.starts.of(work);
    samples[whose].servers.push(servers);
    samples[whose].tookMs.push(tookMs);
    return servers;
  };
  const ours = async (whose: 'ours' | 'none') => {
    const servers = await note(whose, () => fleet.start());
    const live = await fleet.servers();
    if (live !== servers) throw new Error(`${servers} servers were started, and ${live} live`);
    await fleet.stop();
  };
  const works = [
    async () => {
      await fleet.use(settings);
      await untilConnected(redis, 2 * MACHINES);
      await untilForgotten(redis);
      await ours('ours');
    },
    async () => {
      await fleet.use(undefined);
      await ours('none');
    },
    async () => {
      await note('hand', () => hand.start());
      await hand.stop();
    },
  ];
  for (let round = 0; round < rounds; round++)
    for (const work of round % 2 === 0 ? works : works.toReversed()) await work();
  return samples;
}

/** Whoever asks is a client, too. */
async function untilConnected(redis: RedisServer, count: number): Promise<void> {
  const clients = async () => (await redis.run('CLIENT', 'LIST', 'TYPE', 'normal')).split('\n').length;
  await waitFor('all machines to be connected', async () => (await clients()) === count + 1);
}

/** What the round before told is on its way out when its servers have ended. */
async function untilForgotten(redis: RedisServer): Promise<void> {
  const { lock, entry } = redisNames(SANDBOX, SESSION);
  await waitFor('no lock and no entry', async () => (await redis.run('EXISTS', lock, entry)) === '0');
}

/** A connection that asks has a buffer of 16 KB for it, which Redis takes back when it has been silent for two seconds. */
async function connectionFigure(redis: RedisServer): Promise<Figure> {
  await untilConnected(redis, MACHINES);
  const hosts = await waitFor(
    'the connections to be at rest',
    async () => {
      const lines = (await redis.run('CLIENT', 'LIST', 'TYPE', 'normal')).split('\n');
      const others = lines.filter((line) => !line.includes('cmd=client'));
      return others.every((line) => numberIn(line, 'idle') >= SILENT_SECONDS) ? others : undefined;
    },
    SILENT_SECONDS * 10_000,
  );
  const ours = hosts.map((line) => numberIn(line, 'tot-mem') / 1024);
  return {
    what: 'connection of a session host at rest: memory in Redis',
    unit: 'KB',
    better: 'less',
    ours,
    rivals: [],
  };
}

function numberIn(line: string, name: string): number {
  return Number(new RegExp(` ${name}=(\\d+)`).exec(line)?.[1] ?? NaN);
}

function figuresOf({ ours, none, hand }: Samples): readonly Figure[] {
  const rivals = (key: 'servers' | 'tookMs') => [
    { name: 'the same without Redis', samples: none[key] },
    { name: 'by hand: SET NX EX, a look each second', samples: hand[key] },
  ];
  return [
    {
      what: `${MACHINES} machines want one app at once: servers started`,
      unit: 'servers',
      better: 'less',
      ours: ours.servers,
      rivals: rivals('servers'),
      budget: { of: 'ours', most: 1, isOfEach: true },
    },
    {
      what: `${MACHINES} machines want one app at once: until each knows that it runs, and where`,
      unit: 'ms',
      better: 'less',
      ours: ours.tookMs,
      rivals: rivals('tookMs'),
      note: 'all machines share the cores of this one',
    },
  ];
}
