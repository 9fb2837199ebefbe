import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, realpathSync, statSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../clock';
import { HOST_EXIT, parseHostArguments, type HostReport } from '../hostArguments';
import { errorMessage } from '../log';
import type { HostSettings } from '../protocol';
import { ensureScopePaths, isStorageTrouble } from '../stateFolder';
import { testSwitches } from '../testSwitches';
import { HostEndpoint } from './hostEndpoint';
import { nextFolderLock } from './folderLock';
import { fileGatewayPorts } from './gatewayPorts';
import { gatewayProcesses } from './gatewayProcess';
import { runHost } from './hostLife';
import { hostNames } from './hostNames';
import { keepHouse } from './housekeeping';
import { nextIssues } from './nextIssues';
import { platformKernelLock, sharedLockFolder } from './kernelLocks';
import type { KernelLock } from './kernelLock';
import { platformProcesses } from './platformProcesses';
import { systemPorts } from './ports';
import { writePrivately } from './privateFile';
import { networkProber } from './prober';
import { systemAppFolder } from './appFolder';
import { systemServerFinder } from './serverFinder';
import { systemPrograms } from './programs';
import { redisAcrossMachines } from './redisAcrossMachines';
import type * as RedisConnections from './redisConnection';
import { platformReapers } from './reapers';
import { checkSettings } from './requestChecks';
import { rotatingLog } from './rotatingLog';
import { softRestart } from './softRestart';
import { fileRecords } from './sessionRecords';
import { userName } from './userNames';
import { chooseTerminalFactory } from './terminals';

/**
 * Entry of the session host: gives `runHost`, which decides, the real adapters of every effect. Composition only.
 */
async function main(): Promise<void> {
  const options = parseHostArguments(process.argv[2]);
  const paths = ensureScopePaths(options.stateFolder, { id: options.scopeId });
  const log = rotatingLog(paths.log);
  process.on('uncaughtException', (error) => {
    log.error('unexpected, the host ends', { error: error.stack ?? error.message });
    process.exit(HOST_EXIT.failed); // The reapers end the servers, the next client brings them back.
  });

  const { platform } = process;
  const { lockNames, cookiePrefix } = hostNames({
    uid: process.geteuid?.(),
    scopeId: options.scopeId,
    stateFolder: realpathSync(options.stateFolder),
    scopeFolder: statSync(paths.folder, { bigint: true }),
  });
  // Where locks are files, they lie above the scope's folder: it may be deleted and made again under a host.
  const lockFolder = path.join(options.stateFolder, 'locks');
  const lock = (...folders: readonly string[]) =>
    testSwitches.kernelLocksOff ? everybodyWins : platformKernelLock(platform, ...folders);
  const processes = platformProcesses(platform, log);
  const ports = systemPorts(platform);
  const randomHex = (bytes: number) => randomBytes(bytes).toString('hex');
  const settings = () => readSettings(paths.settings) ?? options.settings;
  const host = await runHost({
    version: options.version,
    pid: process.pid,
    lockNames,
    hostLock: lock(lockFolder),
    cookiePrefix,
    endHolder: options.endHolder,
    session: {
      clock: systemClock,
      processes,
      ports,
      log,
      reapers: platformReapers({ platform, log }),
      prober: networkProber,
      programs: systemPrograms,
      appFolder: systemAppFolder(processes),
      finder: systemServerFinder({ processes, ports }),
      folderLock: nextFolderLock,
      softRestart,
      compileIssues: nextIssues(),
      userName,
      // An app's folder is one for all users of the machine.
      appLock: lock(sharedLockFolder(platform), lockFolder),
      records: fileRecords(paths.records, log),
    },
    terminals: () =>
      chooseTerminalFactory({
        nativeFolder: path.join(__dirname, 'native'),
        editorNodePty: options.editorNodePty,
        platform,
        log,
      }),
    gateway: {
      spawn: gatewayProcesses(path.join(__dirname, 'gateway.js'), log),
      ports: fileGatewayPorts(path.join(paths.folder, 'gateways.json'), log),
    },
    endpoint: new HostEndpoint({ paths, copy: __dirname, clock: systemClock, log }),
    acrossMachines: redisAcrossMachines({
      load: () => (createRequire(__filename)('./redis.js') as typeof RedisConnections).connectRedis,
      machine: { id: machineId(options.scopeId, realpathSync(options.stateFolder)), name: os.hostname() },
      version: options.version,
      healthIntervalMs: () => settings().healthIntervalMs,
      randomHex,
      clock: systemClock,
      log,
    }),
    readSettings: settings,
    saveSettings: (value) => writePrivately(paths.settings, JSON.stringify(value)),
    randomHex,
    exit: (code, report) => {
      if (report) tellStarter(report);
      process.exit(code);
    },
  });
  if (!host) return;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => {
      log.info('told to end', { signal });
      host.end();
    });
  keepHouse({
    stateFolder: options.stateFolder,
    scopeFolder: paths.folder,
    ownCopy: __dirname,
    clock: systemClock,
    log,
  });
}

/**
 * What this host's successors share with it and no other host does: two containers may have one name, and two hosts of one
 * machine may be of two users.
 */
function machineId(scopeId: string, stateFolder: string): string {
  return createHash('sha256').update([os.hostname(), scopeId, stateFolder].join('\0')).digest('hex').slice(0, 16);
}

function stateFolderOf(argument: string | undefined): string | undefined {
  try {
    return parseHostArguments(argument).stateFolder;
  } catch {
    return undefined; // That is then what went wrong, and no folder's fault.
  }
}

/** The client that started us reads it, if it still lives. */
function tellStarter(report: HostReport): void {
  try {
    writeSync(1, `${JSON.stringify(report)}\n`);
  } catch {
    // It has gone, and nobody else is interested.
  }
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
  const detail = errorMessage(error);
  const folder = isStorageTrouble(error) ? stateFolderOf(process.argv[2]) : undefined;
  tellStarter({ kind: 'failed', detail, ...(folder === undefined ? {} : { folder }) });
  process.exit(HOST_EXIT.failed);
});
