/** A terminal's output and its echo without an editor: program → PTY → host → windows, each in a process of its own. */
import path from 'node:path';
import { freePort } from '../../test/contract/support/hostRig';
import { median, type BenchContext, type Figure, type Rival } from '../figures';
import { HostStage, TERMINAL_SIZE } from './hostStage';
import { OutputProgram } from './outputProgram';
import { Talker, talkerCommand } from './talker';

const FLOOD_MB = 50;
const FLOOD_BYTES = FLOOD_MB * 2 ** 20;
const KEYS = 30;
/** Of what was printed, what may be missing because lines end in two bytes at a terminal, and programs say a word of their own. */
const SLACK = 0.9;

/** Readers of one talker's output, and whoever they read it through. */
interface Chain {
  readonly talker: Talker;
  readonly readers: readonly OutputProgram[];
  close(): Promise<void>;
}

interface Flooded {
  readonly mbPerSecond: number;
  /** Of what was printed, what each reader got. */
  readonly share: number;
  /** Pictures instead of all that was printed, of each reader. */
  readonly resets: number;
}

export async function withoutEditor({ rounds, dir, extensionDir, say }: BenchContext): Promise<readonly Figure[]> {
  const host = (windows: number) => () => hostChain(extensionDir, windows);
  const relay = (readers: number) => () => holderChain('pty', readers, path.join(dir, `r${readers}`));
  const chains: Readonly<Record<string, () => Promise<Chain>>> = {
    host1: host(1),
    host10: host(10),
    relay1: relay(1),
    relay10: relay(10),
    pty: () => holderChain('pty', 0),
    pipe: () => holderChain('pipe', 0),
  };
  const flooded = new Map<string, Flooded[]>();
  const echoes = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    const names = Object.keys(chains);
    for (const name of round % 2 === 0 ? names : names.reverse()) {
      const chain = await chains[name]?.();
      if (!chain) continue;
      try {
        // Compiled by then, in every process.
        await flood(chain, FLOOD_BYTES / 5);
        const result = await flood(chain, FLOOD_BYTES);
        flooded.set(name, [...(flooded.get(name) ?? []), result]);
        say(
          `${name}: ${result.mbPerSecond.toFixed(1)} MB/s, ${result.resets} pictures, ${result.share.toFixed(2)} sent`,
        );
        const [reader] = chain.readers;
        if (name !== 'pipe' && reader) echoes.set(name, [...(echoes.get(name) ?? []), median(await reader.type(KEYS))]);
      } finally {
        await chain.close();
      }
    }
  }
  const speeds = (name: string) => (flooded.get(name) ?? []).map(({ mbPerSecond }) => mbPerSecond);
  const speed = (name: string, title: string): Rival => ({ name: title, samples: speeds(name) });
  const echo = (name: string, title: string): Rival => ({ name: title, samples: echoes.get(name) ?? [] });
  const bare = speed('pty', 'a bare PTY, read in Node');
  const skips = (name: string) => (flooded.get(name) ?? []).map(({ share }) => share * 100);
  return [
    {
      what: `flood of ${FLOOD_MB} MB to 1 window, without an editor`,
      unit: 'MB/s',
      better: 'more',
      ours: speeds('host1'),
      rivals: [speed('relay1', 'a bare PTY, passed on to 1 socket'), speed('pipe', 'a pipe in place of the PTY')],
      limit: bare,
    },
    {
      what: `flood of ${FLOOD_MB} MB to 10 windows, until the last has its end`,
      unit: 'MB/s',
      better: 'more',
      ours: speeds('host10'),
      rivals: [speed('relay10', 'a bare PTY, passed on to 10 sockets')],
      limit: bare,
    },
    {
      what: 'of it, what each of 10 windows was sent',
      unit: '%',
      better: 'more',
      ours: skips('host10'),
      rivals: [],
      note: 'one that falls behind gets a picture of the screen for what it missed',
    },
    {
      what: 'key typed → echo, without an editor',
      unit: 'ms',
      better: 'less',
      ours: echoes.get('host1') ?? [],
      rivals: [echo('relay1', 'a bare PTY, passed on to 1 socket')],
      limit: echo('pty', 'a bare PTY'),
      note: `median of ${KEYS} keys each`,
    },
    {
      what: 'key typed → echo, 10 windows attached',
      unit: 'ms',
      better: 'less',
      ours: echoes.get('host10') ?? [],
      rivals: [echo('relay10', 'a bare PTY, passed on to 10 sockets')],
    },
  ];
}

async function flood({ talker, readers }: Chain, bytes: number): Promise<Flooded> {
  const { mark, beganMs } = await talker.flood(bytes);
  const marks = await Promise.all(readers.map((reader) => reader.mark(mark)));
  const resets = median(marks.map((one) => one.resets));
  const share = median(marks.map(({ chars }) => chars / bytes));
  if (share < SLACK && resets === 0) throw new Error(`only ${share} of the flood came`);
  const seconds = (Math.max(...marks.map(({ atMs }) => atMs)) - beganMs) / 1000;
  return { mbPerSecond: bytes / 2 ** 20 / seconds, share, resets };
}

async function hostChain(extensionDir: string, windows: number): Promise<Chain> {
  const stage = await HostStage.create(extensionDir);
  try {
    await stage.startApp();
    const readers = await stage.attach(windows);
    return { talker: stage.talker, readers, close: () => stage.dispose() };
  } catch (error) {
    await stage.dispose();
    throw error;
  }
}

/** Without sockets the holder itself reads. */
async function holderChain(kind: 'pty' | 'pipe', sockets: number, socket?: string): Promise<Chain> {
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'] ?? '',
    PORT: String(port),
    CHEATCODE_TEST_RUN: process.env['CHEATCODE_TEST_RUN'] ?? '',
  };
  const programs: OutputProgram[] = [];
  const close = async () => {
    for (const program of programs.reverse()) await program.close();
  };
  try {
    const holder = await OutputProgram.holder({
      kind,
      command: talkerCommand,
      env,
      ...TERMINAL_SIZE,
      ...(socket === undefined ? {} : { socket }),
    });
    programs.push(holder);
    const talker = new Talker(port);
    await talker.ready();
    for (let n = 0; n < sockets; n++) programs.push(await OutputProgram.socketReader(socket ?? ''));
    return { talker, readers: sockets === 0 ? [holder] : programs.slice(1), close };
  } catch (error) {
    await close();
    throw error;
  }
}
