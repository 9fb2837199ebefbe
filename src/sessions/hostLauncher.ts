import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { delay, systemClock } from './clock';
import { DevServerError } from './errors';
import type { HostArguments } from './hostArguments';
import { ensureHostCopy } from './hostCopy';
import { findHostNode } from './hostNode';
import { errorMessage, type Logger } from './log';
import { serverEnvironment } from './serverEnvironment';
import { withStartLock } from './startLock';
import type { ScopePaths } from './stateFolder';
import { testSwitches } from './testSwitches';

/** A random pause before the start lock, so that fifty windows do not all knock at once (DESIGN section 4). */
const MAX_JITTER_MS = 50;
/** How long the start lock is waited for, and when one that nobody renews is stale. */
const LOCK_WAIT_MS = 15_000;
const LOCK_STALE_MS = 5000;
/** How long a spawned host may take until it answers: it fences first. */
const ANSWER_LIMIT_MS = 10_000;

export interface LaunchHostOptions {
  readonly paths: ScopePaths;
  readonly host: HostArguments;
  /** Where host.js and its native part lie; they are copied away from there before they run. */
  readonly distFolder: string;
  readonly nodePath: string | undefined;
  /** The environment that the app's tools are found in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

/**
 * The slow half of "connect or start", loaded only when nobody answered: takes the start lock, looks again, and spawns
 * the host only if still nobody answers. Gives what `connect` gives. Throws `hostDidNotStart` or `nodeMissing`.
 */
export async function connectOrLaunch<T>(
  options: LaunchHostOptions,
  connect: () => Promise<T | undefined>,
): Promise<T> {
  const { paths, log } = options;
  await delay(systemClock, Math.random() * MAX_JITTER_MS);
  return withStartLock(
    {
      file: paths.startLock,
      waitMs: LOCK_WAIT_MS,
      staleMs: LOCK_STALE_MS,
      enabled: !testSwitches.startLockOff,
      onWarning: (message, facts) => log.warn(message, facts),
    },
    async () => {
      const found = await connect(); // The double check: while we waited another window may have spawned it.
      if (found !== undefined) return found;
      const [copy, node] = await Promise.all([
        ensureHostCopy(options.distFolder, options.host.stateFolder),
        findHostNode(options.nodePath, options.env),
      ]);
      return spawnAndConnect(options, copy, node, connect);
    },
  );
}

async function spawnAndConnect<T>(
  { paths, host, log }: LaunchHostOptions,
  copy: string,
  node: { readonly file: string; readonly env: Readonly<Record<string, string>> },
  connect: () => Promise<T | undefined>,
): Promise<T> {
  log.info('spawning the session host', { node: node.file, copy });
  const output = openSync(paths.log, 'a', 0o600);
  // Detached: of its own session, so that no signal to the editor's process group reaches it.
  const child = spawn(node.file, [path.join(copy, 'host.js'), JSON.stringify(host)], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...serverEnvironment(process.env, undefined, {}), ...node.env },
    windowsHide: true,
  });
  closeSync(output);
  let ended: { readonly code: number | string } | undefined;
  child.once('error', (error) => (ended = { code: errorMessage(error) }));
  child.once('exit', (code, signal) => (ended = { code: code ?? signal ?? 'unknown' }));
  child.unref();
  const deadlineMs = systemClock.nowMs() + ANSWER_LIMIT_MS;
  for (let pauseMs = 10; systemClock.nowMs() < deadlineMs; pauseMs = Math.min(100, pauseMs * 1.5)) {
    await delay(systemClock, pauseMs);
    const found = await connect();
    if (found !== undefined) return found;
    // 0 means that another host has the scope: it will answer, or the limit ends this.
    if (ended !== undefined && ended.code !== 0) break;
  }
  throw new DevServerError('hostDidNotStart', { exit: ended?.code ?? 'none', log: paths.log });
}
