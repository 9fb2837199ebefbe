/** How soon windows are attached: to a host that lives, where there is none, and where a killed one has left its files. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { connectToHost } from '../../src/sessions/hostConnection';
import { repoRoot } from '../../test/contract/support/hostRig';
import type { Crowd, Release } from '../connect/crowd';
import { MeetingPlace, type LiveHost } from '../connect/meetingPlace';
import { Tmux } from '../connect/tmux';
import { Waiting } from '../connect/waiting';
import { median, type Bench, type Figure } from '../figures';

const MANY = 50;
/** As many characters as the screen of the stub has with what is around it. */
const SCREEN_CHARS = 1000;
/** What the stub says first. */
const STUB_SCREEN = /stub server pid=/;
const HALF = { of: 'ratio', most: 0.5 } as const;

/** A figure's samples, one of each round. */
class Samples {
  readonly #values = new Map<string, number[]>();

  add(name: string, value: number): void {
    this.#values.set(name, [...this.of(name), value]);
  }

  of(name: string): readonly number[] {
    return this.#values.get(name) ?? [];
  }
}

export const bench: Bench = async ({ rounds, dir, extensionDir, say }) => {
  const samples = new Samples();
  const place = await MeetingPlace.create(dir, path.join(extensionDir, 'dist'));
  const tmux = new Tmux(dir);
  const bareSocket = path.join(dir, 'bare');
  const bare = new Waiting([
    process.execPath,
    path.join(repoRoot, 'out/test/bench/connect/bareServer.program.js'),
    bareSocket,
    String(SCREEN_CHARS),
  ]);
  try {
    await bare.hear((line) => line === 'ready');
    for (let round = 0; round < rounds; round++) {
      say(`round ${round + 1} of ${rounds}: a host lives`);
      const host = await place.live();
      try {
        await toLive(place, host, bareSocket, samples, round % 2 === 1);
      } finally {
        host.dispose();
      }
      say(`round ${round + 1} of ${rounds}: the host was killed a moment ago, with its server`);
      samples.add('lost', (await place.begin(1, 'SIGKILL')).totalMs);
      for (const [name, signal] of [
        ['none', 'SIGTERM'],
        ['stale', 'SIGKILL'],
      ] as const) {
        say(`round ${round + 1} of ${rounds}: ${name === 'none' ? 'no host' : 'the files of a killed host'}`);
        for (const count of [1, MANY]) {
          const release = await place.begin(count, signal);
          samples.add(`${name} ${count}`, release.totalMs);
          samples.add(`${name} ${count} attached`, release.attached.length);
          samples.add(`${name} ${count} spawned`, spawnedBy(release));
        }
      }
      await place.endHost('SIGKILL');
      await findingOut(place, samples);
      for (const count of [1, MANY]) await byTmux(tmux, count, samples);
      samples.add('node', await nodeStart());
    }
  } finally {
    await tmux.end().catch((error: unknown) => say(String(error)));
    await bare.end();
    await place.rig.endHosts();
  }
  return figures(samples);
};

/** One and many windows, at once and one after another, in as many processes and in one, and the least that it could take. */
async function toLive(
  place: MeetingPlace,
  host: LiveHost,
  bareSocket: string,
  samples: Samples,
  isSwapped: boolean,
): Promise<void> {
  const measure = async (crowd: Crowd, work: () => Promise<Release>): Promise<Release> => {
    try {
      const release = await work();
      await place.mustBeOne(release, STUB_SCREEN);
      return release;
    } finally {
      await crowd.end();
      await host.left();
    }
  };
  for (const processes of [MANY, 1]) {
    const order = { count: MANY / processes };
    const crowds = [await place.crowd(processes), await place.crowd(processes)] as const;
    const atOnce = async () => {
      const { totalMs } = await measure(crowds[0], () => crowds[0].atOnce(order));
      samples.add(`live at once in ${processes}`, totalMs);
    };
    const inTurn = async () => {
      const release = await measure(crowds[1], async () => {
        if (processes > 1) await least(crowds[1], bareSocket, samples);
        return crowds[1].inTurn({ ...order, inTurn: true });
      });
      samples.add(`live in turn in ${processes}`, release.totalMs);
      if (processes > 1) samples.add('live 1', median(release.eachMs));
    };
    try {
      for (const part of isSwapped ? [inTurn, atOnce] : [atOnce, inTurn]) await part();
    } finally {
      await Promise.all(crowds.map((crowd) => crowd.end()));
    }
  }
}

async function least(crowd: Crowd, bareSocket: string, samples: Samples): Promise<void> {
  samples.add('bare 1', median((await crowd.inTurn({ count: 1, bare: bareSocket })).eachMs));
  samples.add(`bare ${MANY}`, (await crowd.atOnce({ count: 1, bare: bareSocket })).totalMs);
}

async function byTmux(tmux: Tmux, count: number, samples: Samples): Promise<void> {
  const attach = async (name: string, hasScreen: boolean) => {
    const { attached, totalMs } = await tmux.attach(count, hasScreen);
    samples.add(`tmux ${name} ${count} attached`, attached);
    if (totalMs !== undefined) samples.add(`tmux ${name} ${count}`, totalMs);
  };
  await tmux.end();
  await attach('none', false);
  await tmux.end();
  await tmux.start();
  await attach('live', true);
  await tmux.kill();
  await attach('stale', false);
  await tmux.end();
}

/** How a client learns that nobody listens at a socket which is there. */
async function findingOut({ paths }: MeetingPlace, samples: Samples): Promise<void> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let n = 0; n < 20; n++) {
    ours.push(
      await timed(async () => {
        const who = { kind: 'window', version: '0.0.0-bench', apps: [] } as const;
        if (await connectToHost(paths, who, () => undefined)) throw new Error('somebody listens');
      }),
    );
    bare.push(await timed(() => refused(paths.socket)));
  }
  samples.add('find out', median(ours));
  samples.add('refused', median(bare));
}

function refused(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath, () => reject(new Error('somebody listens')));
    socket.once('error', () => resolve());
  });
}

/** From the spawn of a bare Node to its first byte. */
async function nodeStart(): Promise<number> {
  return timed(async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdout.write("x")'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

function spawnedBy({ attached }: Release): number {
  return attached.reduce((sum, { spawned }) => sum + spawned, 0);
}

function figures(samples: Samples): readonly Figure[] {
  const figure = (
    what: string,
    name: string,
    rivals: Readonly<Record<string, string>>,
    more: Partial<Figure> = {},
  ): Figure => {
    return {
      what,
      unit: 'ms',
      better: 'less',
      ours: samples.of(name),
      rivals: Object.entries(rivals).map(([rival, of]) => ({ name: rival, samples: samples.of(of) })),
      ...more,
    };
  };
  const limit = (name: string, of: string) => ({ limit: { name, samples: samples.of(of) } });
  const tmux = 'tmux in control mode, its process starts, too';
  const all = { unit: 'windows', better: 'more', budget: { of: 'ours', least: MANY, isOfEach: true } } as const;
  const bareTrip = 'a bare socket and one round trip';
  return [
    figure('a host lives: 1 window → attached', 'live 1', { [tmux]: 'tmux live 1' }, limit(bareTrip, 'bare 1')),
    figure(
      `a host lives: ${MANY} windows of as many processes at once`,
      `live at once in ${MANY}`,
      { 'one after another': `live in turn in ${MANY}`, [tmux]: `tmux live ${MANY}` },
      { ...limit(bareTrip, `bare ${MANY}`), budget: HALF },
    ),
    figure(
      `a host lives: ${MANY} windows of one process at once`,
      'live at once in 1',
      { 'one after another': 'live in turn in 1' },
      { budget: HALF },
    ),
    figure('no host: 1 window → attached', 'none 1', { [tmux]: 'tmux none 1' }, limit('a bare Node starts', 'node')),
    figure(`no host: ${MANY} windows at once`, `none ${MANY}`, { [tmux]: `tmux none ${MANY}` }),
    figure('files of a killed host: 1 window → attached', 'stale 1', { [tmux]: 'tmux stale 1' }),
    figure(`files of a killed host: ${MANY} windows at once`, `stale ${MANY}`, { [tmux]: `tmux stale ${MANY}` }),
    figure('its socket is there: known that nobody listens', 'find out', {}, limit('a bare socket', 'refused')),
    figure('a host was killed with its server a moment ago: 1 window → attached', 'lost', {}),
    figure(
      `no host, ${MANY} windows at once: attached`,
      `none ${MANY} attached`,
      { tmux: `tmux none ${MANY} attached` },
      all,
    ),
    figure(
      `files of a killed host, ${MANY} windows at once: attached`,
      `stale ${MANY} attached`,
      { tmux: `tmux stale ${MANY} attached` },
      all,
    ),
    figure(`hosts that ${MANY} windows spawn at once, no host`, `none ${MANY} spawned`, {}, { unit: 'hosts' }),
    figure(`the same, files of a killed host`, `stale ${MANY} spawned`, {}, { unit: 'hosts' }),
  ];
}
