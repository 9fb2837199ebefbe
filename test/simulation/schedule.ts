import { noSightings, World, type Sightings, type WorldOptions } from './model/world';
import { current } from './model/scheduler';

export interface Failure {
  readonly seed: number;
  readonly invariant: string;
  readonly detail: string;
}

export interface Tally {
  schedules: number;
  readonly sightings: Sightings;
  readonly failures: Failure[];
}

export interface RunOptions {
  readonly firstSeed: number;
  readonly count: number;
  /** Ends early when so much time has passed, in milliseconds. */
  readonly limitMs?: number;
  /** Ends early at so many failures. */
  readonly maxFailures?: number;
  readonly world?: Omit<WorldOptions, 'seed' | 'trace'>;
}

/** Worlds that take turns: one turn of the loop drains the microtasks of each after its step, and costs once. */
const LANES = 24;

/** Runs schedules of neighbouring seeds; resolves with what they saw. */
export function runSchedules(options: RunOptions): Promise<Tally> {
  const tally: Tally = { schedules: 0, sightings: noSightings(), failures: [] };
  const endMs = performance.now() + (options.limitMs ?? Infinity);
  let nextSeed = options.firstSeed;
  const lastSeed = options.firstSeed + options.count;
  let isEnough = false;
  let running: World | undefined;
  const onUnhandled = (error: unknown) => running?.onUnhandled(error);
  process.on('unhandledRejection', onUnhandled);
  return new Promise<Tally>((resolve) => {
    let lanes = Math.min(LANES, options.count);
    const lane = () => {
      let world: World | undefined;
      const turn = () => {
        running = world;
        if (world) {
          world.step();
          if (!world.isOver) return void globalThis.setImmediate(turn);
          add(tally, world);
          if (tally.failures.length >= (options.maxFailures ?? Infinity) || performance.now() > endMs) isEnough = true;
        }
        if (isEnough || nextSeed >= lastSeed) {
          if (--lanes === 0) resolve(tally);
          return;
        }
        world = new World({ ...options.world, seed: nextSeed++ });
        running = world;
        globalThis.setImmediate(turn);
      };
      turn();
    };
    for (let count = lanes; count > 0; count--) lane();
  }).finally(() => process.off('unhandledRejection', onUnhandled));
}

/** Runs one schedule and prints a line for each of its steps. */
export async function replay(
  seed: number,
  print: (line: string) => void,
  world: RunOptions['world'] = {},
): Promise<Failure | undefined> {
  let last = '';
  let failure: Failure | undefined;
  const trace = (atMs: number, actor: string, what: string, states: string) => {
    const shown = states === last ? '' : `   → ${states}`;
    last = states;
    print(`${(atMs / 1000).toFixed(3).padStart(9)}  ${actor.padEnd(14)} ${what}${shown}`);
  };
  const one = new World({ ...world, seed, trace });
  const onUnhandled = (error: unknown) => one.onUnhandled(error);
  process.on('unhandledRejection', onUnhandled);
  while (!one.isOver) {
    one.step();
    await new Promise((resolve) => globalThis.setImmediate(resolve));
  }
  process.off('unhandledRejection', onUnhandled);
  current.actor = undefined;
  if (one.violation) {
    failure = { seed, invariant: one.violation.invariant, detail: one.violation.detail };
    print(`seed ${seed}: ${failure.invariant}: ${failure.detail}`);
  } else print(`seed ${seed}: all invariants held`);
  return failure;
}

function add(tally: Tally, world: World): void {
  tally.schedules++;
  for (const key of Object.keys(tally.sightings) as (keyof Sightings)[]) tally.sightings[key] += world.sightings[key];
  const { violation } = world;
  if (violation) tally.failures.push({ seed: world.seed, invariant: violation.invariant, detail: violation.detail });
}

export { profiles } from './model/profiles';
