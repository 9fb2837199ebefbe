import type { ChildProcess } from 'node:child_process';
/** Ends a child that was spawned with `detached: true`, and everything that is left of its group. */
export declare function endGroup(
  leader: ChildProcess,
  options?: { signal?: NodeJS.Signals; patienceMs?: number },
): Promise<void>;
/** Ends one process if it is still the one that we mean: SIGTERM, and SIGKILL after `patienceMs` (15 s). */
export declare function endProcess(
  identity: { pid: number; startTicks: string },
  options?: { patienceMs?: number },
): Promise<void>;
/** Polls a condition every 50 ms; resolves whether it came true in time. */
export declare function until(condition: () => Promise<boolean>, timeoutMs: number): Promise<boolean>;
