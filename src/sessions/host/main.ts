import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../clock';
import { parseHostArguments } from '../hostArguments';
import { errorMessage } from '../log';
import type { HostSettings } from '../protocol';
import { ensureScopePaths } from '../stateFolder';
import { testSwitches } from '../testSwitches';
import { fence } from './fence';
import { HealthMonitor } from './healthMonitor';
import { HostEndpoint } from './hostEndpoint';
import { removeUnusedCopies } from './housekeeping';
import { platformKernelLock } from './kernelLocks';
import type { KernelLock } from './kernelLock';
import { platformProcesses } from './platformProcesses';
import { systemPorts } from './ports';
import { writePrivately } from './privateFile';
import { networkProber } from './prober';
import { systemPrograms } from './programs';
import { platformReapers } from './reapers';
import { checkSettings } from './requestChecks';
import { rotatingLog } from './rotatingLog';
import { SessionHost } from './sessionHost';
import { fileRecords } from './sessionRecords';
import { chooseTerminalFactory } from './terminals';

/**
 * Entry of the session host: takes the host lock, fences, and serves until nobody needs it. Composition only; what it
 * wires lives in the files beside it. Exits 0 when another host has the scope.
 */
async function main(): Promise<void> {
  const options = parseHostArguments(process.argv[2]);
  const paths = ensureScopePaths(options.stateFolder, { id: options.scopeId });
  const log = rotatingLog(paths.log);
  process.on('uncaughtException', (error) => {
    log.error('unexpected, the host ends', { error: error.stack ?? error.message });
    process.exit(1); // The reapers end the servers, the next client brings them back.
  });

  const folder = statSync(paths.folder);
  const scope = `${folder.dev}:${folder.ino}`;
  const kernelLock = testSwitches.kernelLocksOff ? everybodyWins : platformKernelLock(process.platform, paths.folder);
  const hostLock = await kernelLock.tryAcquire(`host:${scope}`);
  if (!hostLock) {
    log.info('another host has the scope', { pid: process.pid });
    process.exit(0);
  }
  log.info('host begins', { pid: process.pid, version: options.version, node: process.version });

  const processes = platformProcesses(process.platform, log);
  const ports = systemPorts(process.platform);
  const records = fileRecords(paths.records, log);
  const cookiePrefix = `${options.scopeId}-${folder.dev.toString(36)}-${folder.ino.toString(36)}:`;
  const base = { clock: systemClock, processes, ports, log };
  const known = records.readAll();
  const [left, terminals] = await Promise.all([
    fence(base, known, cookiePrefix),
    chooseTerminalFactory({
      nativeFolder: path.join(__dirname, 'native'),
      editorNodePty: options.editorNodePty,
      platform: process.platform,
      log,
    }),
  ]);

  const settings = readSettings(paths.settings) ?? options.settings;
  let isClosing = false;
  /** Ends the servers and the host. What was wished for stays on record for the next host, unless it is over for good. */
  const close = (isForGood: boolean) => {
    if (isClosing) return;
    isClosing = true;
    const ids = host.snapshots().map(({ id }) => id);
    void host
      .close()
      .then(() => {
        if (isForGood) ids.forEach((id) => records.remove(id));
        endpoint.dispose();
      })
      .finally(() => {
        log.info('host ends', { pid: process.pid });
        process.exit(0);
      });
  };
  const endForGood = () => close(true);
  const host = new SessionHost({
    dependencies: {
      ...base,
      terminals,
      reapers: platformReapers({ platform: process.platform, log }),
      prober: networkProber,
      programs: systemPrograms,
      appLock: kernelLock,
      records,
      monitor: new HealthMonitor(systemClock, settings.healthIntervalMs),
      newCookie: () => cookiePrefix + randomBytes(12).toString('hex'),
    },
    settings,
    records: known,
    saveSettings: (value) => {
      try {
        writePrivately(paths.settings, JSON.stringify(value));
      } catch (error) {
        log.warn('settings not kept', { error: errorMessage(error) });
      }
    },
    onIdle: () => {
      log.info('nobody needs this host any more');
      endForGood();
    },
  });

  const endpoint = new HostEndpoint({
    paths,
    host,
    clock: systemClock,
    log,
    version: options.version,
    identity: await processes.identify(process.pid),
    refusal:
      left.length > 0
        ? `processes of an earlier host could not be ended: ${left.map(({ pid }) => pid).join(', ')}`
        : undefined,
    shutdown: () => endForGood(),
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => {
      log.info('told to end', { signal });
      close(false);
    });
  await endpoint.listen();
  removeUnusedCopies(options.stateFolder, __dirname, log);
}

/** The negative control of the tests: with it, they must see more than one host. */
const everybodyWins: KernelLock = {
  tryAcquire: () => Promise.resolve({ dispose: () => undefined }),
  describeHolder: () => Promise.resolve(undefined),
};

function readSettings(file: string): HostSettings | undefined {
  try {
    return checkSettings(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined; // None kept yet, or unreadable: the client that started us brought its own.
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
