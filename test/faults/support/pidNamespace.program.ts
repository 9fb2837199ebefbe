/**
 * Runs one scenario with the real parts inside a pid namespace of its own, and prints what it saw as a line of JSON.
 * args: scenario, folder of the host's bundle. All that it started ends with the namespace.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { procPids, readProcStat } from '../../../src/sessions/procFiles';
import { HostRig, isAlive, waitFor } from '../../contract/support/hostRig';
import { Agent } from './agent';

const [scenario, distFolder = ''] = process.argv.slice(2);
const id = 'dev_server_web';

export interface NeverReaps {
  /** Names of the zombies after a stop, after a package manager was killed, and after the second stop. */
  readonly afterStop: readonly string[];
  readonly afterKill: readonly string[];
  readonly states: readonly string[];
}

export interface PidReuse {
  /** Pid of the lost server, and of the stranger that has it now. */
  readonly lost: number;
  readonly stranger: number;
  readonly isStrangerAlive: readonly boolean[];
  readonly states: readonly string[];
}

async function main(): Promise<void> {
  const rig = await HostRig.create();
  const inNamespace = new Namespace(rig);
  const seen = scenario === 'neverReaps' ? await neverReaps(inNamespace) : await pidReuse(inNamespace);
  process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
}

class Namespace {
  constructor(readonly rig: HostRig) {}

  window(): Agent {
    const settings = { healthIntervalMs: 300, lastClient: 'keep', graceMs: 60_000 } as const;
    return new Agent(
      { kind: 'window', distFolder, settings, apps: [this.rig.spec().appKey], restores: false },
      { env: { CHEATCODE_STATE_DIR: this.rig.stateFolder } },
    );
  }

  async start(window: Agent): Promise<number> {
    const before = window.session?.pid;
    await window.call('start', {
      spec: this.rig.spec(),
      env: { PATH: process.env['PATH'] ?? '', STUB_RIG: this.rig.stateFolder },
      origin: 'user',
    });
    const running = await window.sees('running', ({ state, pid }) => state === 'running' && pid !== before);
    return running.pid ?? 0;
  }
}

/** Fault 42: what stays behind of a stopped and of a killed server under a PID 1 that reaps nobody. */
async function neverReaps(namespace: Namespace): Promise<NeverReaps> {
  const window = namespace.window();
  await namespace.start(window);
  const first = await window.call('stop', { sessionId: id });
  const afterStop = await lastingZombies();
  // Now orphans are made on purpose: what becomes a zombie for good must not count as alive.
  const pid = await namespace.start(window);
  process.kill(pid, 'SIGKILL');
  await window.sees('another server', (session) => session.state === 'running' && session.pid !== pid);
  const afterKill = zombies();
  const second = await window.call('stop', { sessionId: id });
  return { afterStop, afterKill, states: [first.state, second.state] };
}

/** Fault 27: a lost server's pid is a stranger's, who leads a group of that number, when the next host reads the record. */
async function pidReuse(namespace: Namespace): Promise<PidReuse> {
  const first = namespace.window();
  const lost = await namespace.start(first);
  const host = namespace.rig.hostPid() ?? 0;
  const members = procPids().filter((pid) => readProcStat(pid)?.pgid === lost);
  const reapers = procPids().filter((pid) => pid !== lost && readProcStat(pid)?.ppid === host);
  await first.kill();
  for (const pid of reapers) signalIfThere(pid, 'SIGSTOP');
  for (const pid of [host, ...members, ...reapers]) signalIfThere(pid, 'SIGKILL');
  await waitFor('the pids to be free', () => [host, ...members].every((pid) => readProcStat(pid) === undefined));
  const stranger = await withPid(lost);

  const next = namespace.window();
  await namespace.start(next);
  const isStrangerAlive = [isAlive(stranger)];
  const stopped = await next.call('stop', { sessionId: id });
  isStrangerAlive.push(isAlive(stranger));
  return { lost, stranger, isStrangerAlive, states: [stopped.state] };
}

/** Among the children of a host there may be one that was only asked something, and has ended since. */
function signalIfThere(pid: number, signal: 'SIGSTOP' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A process of exactly this pid, leader of its own group. */
async function withPid(wanted: number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(wanted - 1));
    const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    if (child.pid === wanted) return wanted;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  throw new Error(`pid ${wanted} could not be had`);
}

/** Every process that ends is a zombie until its parent looks, so those are left that no parent has looked after in five seconds. */
async function lastingZombies(): Promise<string[]> {
  const until = performance.now() + 5000;
  while (zombies().length > 0 && performance.now() < until) await delay(50);
  return zombies();
}

function zombies(): string[] {
  return procPids().flatMap((pid) =>
    readProcStat(pid)?.state === 'Z' ? [readFileSync(`/proc/${pid}/comm`, 'utf8').trim()] : [],
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
