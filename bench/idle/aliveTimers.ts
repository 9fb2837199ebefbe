/** Which timers live in a Node process, asked of its inspector from outside. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '../../test/contract/support/hostRig';
import { until } from '../../test/hosts/ending.mjs';
import { ensureNode } from '../../test/hosts/nodes.mjs';
import { listenersOf } from '../../test/hosts/witness';

export interface AliveTimer {
  readonly delayMs: number;
  readonly repeats: boolean;
  /** Of the process: it is not `unref`ed. */
  readonly keepsAlive: boolean;
  /** Where its callback was written: a file's URL or path, `node:…` for Node's own. */
  readonly script: string;
  readonly line: number;
}

export interface AliveTimers {
  /** Those that keep no process alive among them. */
  readonly timers: readonly AliveTimer[];
  /** `process.getActiveResourcesInfo()`: what keeps the process alive. */
  readonly resources: readonly string[];
}

const INSPECTOR_PORT = 9229;

/** One look. The process keeps running, but with an inspector that has been in it: nothing else of it is to be measured after this. */
export async function aliveTimers(pid: number): Promise<AliveTimers> {
  // The one before closes its own a moment after the answer.
  const isFree = await until(async () => (await listenersOf(INSPECTOR_PORT)).length === 0, 10_000);
  if (!isFree) throw new Error(`something listens on port ${INSPECTOR_PORT}, where an inspector would`);
  const program = path.join(repoRoot, 'out/test/bench/idle/timers.program.js');
  const { stdout } = await promisify(execFile)(await ensureNode(24), [program, String(pid)], { timeout: 60_000 });
  return JSON.parse(stdout) as AliveTimers;
}
