// Takes and releases kernel locks as told: `try <identity>` → `held` or `refused`; `release` → `released`;
// The first word is the folder of locks that are files; `bind <name>` takes an abstract socket name as it stands, of whatever length; `version` → the Node version.
import type { HeldLock } from '../../../src/sessions/host/kernelLock';
import { exclusiveFileLock } from '../../../src/sessions/host/exclusiveFileLock';
import { platformKernelLock } from '../../../src/sessions/host/kernelLocks';
import { listenAsLock } from '../../../src/sessions/host/listeningLock';
import { commandLoop } from './commandLoop';
import { openWithFlock } from './flockOpen';

// Root may be told to be somebody else.
if (process.env['LOCK_UID'] !== undefined) process.setuid?.(Number(process.env['LOCK_UID']));
const { LOCK_FOLDERS: folders } = process.env;
const lock =
  folders === undefined
    ? platformKernelLock(process.platform, process.argv[2] ?? '')
    : exclusiveFileLock(folders.split(':'), openWithFlock);
const held: HeldLock[] = [];

function keep(result: HeldLock | undefined): string {
  if (result) held.push(result);
  return result ? 'held' : 'refused';
}

commandLoop(async (command, argument) => {
  switch (command) {
    case 'try':
      return keep(await lock.tryAcquire(argument));
    case 'bind':
      return keep(await listenAsLock(`\0${argument}`, ['EADDRINUSE']));
    case 'release':
      for (const one of held.splice(0)) one.dispose();
      return 'released';
    default:
      return process.version;
  }
});
