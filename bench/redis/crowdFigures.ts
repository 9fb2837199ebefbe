/** What very many sandboxes cost one Redis, and what they would cost it by hand. */
import type { ConnectRedis } from '../../src/sessions/host/redis';
import type { Figure } from '../figures';
import { Crowd, type Rested, type Started } from './crowd';
import { ourSandbox, sandboxByHand } from './sandboxes';

const SANDBOXES = 10_000;

/** Each round takes two health intervals. */
export async function crowdFigures(connect: ConnectRedis, rounds: number): Promise<readonly Figure[]> {
  const ours = await Crowd.open(connect, ourSandbox, SANDBOXES);
  const crowds = [ours];
  try {
    const hand = await Crowd.open(connect, sandboxByHand, SANDBOXES);
    crowds.push(hand);
    const started = [await ours.start(), await hand.start()] as const;
    const rested: [Rested[], Rested[]] = [[], []];
    for (let round = 0; round < rounds; round++)
      for (const index of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const))
        rested[index].push(await (index === 0 ? ours : hand).rest());
    return figuresOf(started, rested);
  } finally {
    await Promise.all(crowds.map((crowd) => crowd.stop()));
  }
}

function figuresOf(started: readonly [Started, Started], rested: readonly [Rested[], Rested[]]): readonly Figure[] {
  const crowd = SANDBOXES.toLocaleString('en');
  const figure = (what: string, unit: string, ours: readonly number[], hand: readonly number[]): Figure => {
    return { what, unit, better: 'less', ours, rivals: [{ name: 'by hand', samples: hand }] };
  };
  const start = (what: string, unit: string, key: keyof Started): Figure =>
    figure(what, unit, [started[0][key]], [started[1][key]]);
  const rest = (what: string, unit: string, key: keyof Rested): Figure => {
    const [ours, hand] = rested.map((all) => all.map((one) => one[key]));
    return figure(what, unit, ours ?? [], hand ?? []);
  };
  return [
    { ...start(`${crowd} sandboxes begin, 100 at once`, 'starts/s', 'startsPerSecond'), better: 'more' },
    start('questions of a start', 'questions', 'questions'),
    start('commands of a start in Redis, with those inside of scripts', 'commands', 'commands'),
    rest('sandbox at rest, its server running: questions', 'questions/min', 'questionsPerMinute'),
    rest('sandbox at rest: commands in Redis, with those inside of scripts', 'commands/min', 'commandsPerMinute'),
    rest(`${crowd} sandboxes at rest: one answer`, 'ms', 'answerMs'),
    rest(`${crowd} sandboxes at rest: CPU of Redis, user and system`, '% of a core', 'cpuPercent'),
    start('sandbox: its keys in Redis', 'bytes', 'bytes'),
  ];
}
