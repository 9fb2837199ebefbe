import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from './clock';
import { writeCommandShim } from './commandShim';
import { connectOrLaunch, type LaunchPorts, type Replacing, type SpawnedHost } from './connectOrLaunch';
import { DevServerError } from './errors';
import type { HostArguments, HostReport } from './hostArguments';
import { ensureHostCopy, type HostPart } from './hostCopy';
import { findHostNode } from './hostNode';
import { errorMessage, type Logger } from './log';
import { serverEnvironment } from './serverEnvironment';
import { withStartLock } from './startLock';
import { isStorageTrouble, type ScopePaths } from './stateFolder';
import { testSwitches } from './testSwitches';

export { askAsOwner } from './askAsOwner';
export { readHostParts } from './hostCopy';

/** How long the start lock is waited for, and when one that nobody renews is stale. */
const LOCK_WAIT_MS = 15_000;
const LOCK_STALE_MS = 5000;
/** A report is one short line. */
const MAX_REPORT_CHARS = 10_000;

export interface LaunchHostOptions {
  readonly paths: ScopePaths;
  readonly host: HostArguments;
  /** The host's program; it is written into the state folder before it runs. */
  readonly readParts: () => Promise<readonly HostPart[]>;
  readonly nodePath: string | undefined;
  /** The environment that the app's tools are found in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

/**
 * The slow half of "connect or start" on this machine, loaded only when nobody answered. Gives what `connect` gives.
 * Throws as `connectOrLaunch` does, and `nodeMissing`.
 */
export async function launchHost<T>(
  options: LaunchHostOptions,
  reach: Pick<LaunchPorts<T>, 'connect' | 'retire'>,
  replacing: Replacing | undefined,
): Promise<T> {
  const { paths, log } = options;
  try {
    return await connectOrLaunch(
      {
        ...reach,
        clock: systemClock,
        random: Math.random,
        log,
        withStartLock: (action, meanwhile) =>
          withStartLock(
            {
              file: paths.startLock,
              waitMs: LOCK_WAIT_MS,
              staleMs: LOCK_STALE_MS,
              enabled: !testSwitches.startLockOff,
              onWarning: (message, facts) => log.warn(message, facts),
            },
            action,
            meanwhile,
          ),
        spawnHost: () => spawnHost(options),
      },
      replacing,
    );
  } catch (error) {
    if (error instanceof DevServerError && error.code === 'hostDidNotStart')
      throw new DevServerError(error.code, { ...error.facts, log: paths.log }, { cause: error });
    throw error;
  }
}

async function spawnHost({ paths, host, readParts, nodePath, env, log }: LaunchHostOptions): Promise<SpawnedHost> {
  const [copy, node] = await Promise.all([
    readParts()
      .then((parts) => ensureHostCopy(parts, host.stateFolder))
      .catch((error: unknown) => {
        if (!isStorageTrouble(error)) throw error;
        const facts = { folder: host.stateFolder, detail: errorMessage(error) };
        throw new DevServerError('stateFolderUnusable', facts, { cause: error });
      }),
    findHostNode(nodePath, env),
  ]);
  log.info('spawning the session host', { node: node.file, copy });
  try {
    writeCommandShim(host.stateFolder, copy, node);
  } catch (error) {
    // Terminals lack a command; servers run all the same.
    log.warn('the command line was not put in place', { error: errorMessage(error) });
  }
  const output = openSync(paths.log, 'a', 0o600);
  // Detached: of its own session, so that no signal to the editor's process group reaches it.
  const child = spawn(node.file, [path.join(copy, 'host.js'), JSON.stringify(host)], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', output],
    env: { ...serverEnvironment(process.env, undefined, {}), ...node.env },
    windowsHide: true,
  });
  closeSync(output);
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < MAX_REPORT_CHARS) said += text;
  });
  let ended: ReturnType<SpawnedHost['ended']>;
  child.once('error', (error) => (ended = { code: errorMessage(error), report: undefined }));
  // `close` and not `exit`: only then has all of its report arrived.
  child.once('close', (code, signal) => (ended ??= { code: code ?? signal ?? 'unknown', report: parseReport(said) }));
  child.unref();
  (child.stdout as { unref?(): void } | null)?.unref?.();
  return { ended: () => ended };
}

function parseReport(text: string): HostReport | undefined {
  try {
    const report = JSON.parse(text) as HostReport;
    return ['lockHeld', 'notReplaced', 'failed'].includes(report.kind) ? report : undefined;
  } catch {
    return undefined; // It said nothing, or was ended in the middle of it.
  }
}
