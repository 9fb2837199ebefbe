import { writeSync } from 'node:fs';

/** Replaced by the bundler: true in the bundles of the tests only, so that a product build holds no failpoint. */
declare const TEST_BUILD: boolean;

/**
 * The steps of DESIGN section 4 at which a test may make a process die, stop, sleep, throw or meet a full disk. `client.*`
 * are those of "connect or start", `host.*` those of the host's own life, `start.*` and `stop.*` those of a server.
 */
export const failpoints = [
  'client.connect',
  'client.locked',
  'client.lookedAgain',
  'client.spawned',
  'client.answered',
  'host.begin',
  'host.locked',
  'host.fenced',
  'host.listening',
  'host.selfCheck',
  'start.wished',
  'start.appLocked',
  'start.portChecked',
  'start.installing',
  'start.beforeSpawn',
  'start.spawned',
  'start.recorded',
  'start.ready',
  'start.running',
  'stop.asked',
  'stop.interrupted',
  'stop.done',
  'record.write',
] as const;

export type Failpoint = (typeof failpoints)[number];

/** What happens there; `sleep` blocks the whole process, as a machine that swaps does. */
type FailpointAction = 'die' | 'stop' | `sleep:${number}` | 'throw' | 'enospc';

/** Times that each point was passed, so that `name=die@2` means the second time. */
const passed = new Map<Failpoint, number>();

/**
 * Does nothing in a product. In a test build `CHEATCODE_TEST_FAILPOINTS` says what happens where, as
 * `start.spawned=die;record.write=enospc@2` (the second time only; without a number each time).
 */
export function failpoint(name: Failpoint): void {
  if (!TEST_BUILD) return;
  const configured = process.env['CHEATCODE_TEST_FAILPOINTS'];
  if (!configured) return;
  const count = (passed.get(name) ?? 0) + 1;
  passed.set(name, count);
  for (const entry of configured.split(';')) {
    const match = /^([\w.]+)=([\w:]+)(?:@(\d+))?$/.exec(entry.trim());
    if (match?.[1] !== name || (match[3] !== undefined && Number(match[3]) !== count)) continue;
    writeSync(2, `failpoint ${name} ${match[2]} pid=${process.pid}\n`);
    act(match[2] as FailpointAction, name);
  }
}

function act(action: FailpointAction, name: Failpoint): void {
  if (action === 'die') {
    process.kill(process.pid, 'SIGKILL');
    block(60_000); // The signal may take a moment: nothing more is done until it is there.
  } else if (action === 'stop') process.kill(process.pid, 'SIGSTOP');
  else if (action.startsWith('sleep:')) block(Number(action.slice('sleep:'.length)));
  else if (action === 'enospc')
    throw Object.assign(new Error(`ENOSPC: no space left on device (failpoint ${name})`), { code: 'ENOSPC' });
  else throw new Error(`failpoint ${name}`);
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
