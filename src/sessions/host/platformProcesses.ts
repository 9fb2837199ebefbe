/** Chooses the platform's process control. */
import type { Logger } from '../log';
import { linuxProcesses } from './linuxProcesses';
import type { Processes } from './processes';
import { psProcesses } from './psProcesses';
import { windowsProcesses } from './windowsProcesses';

/** The process control of `platform`. */
export function platformProcesses(platform: NodeJS.Platform, log: Logger): Processes {
  switch (platform) {
    case 'linux':
    case 'android':
      return linuxProcesses;
    case 'win32':
      return windowsProcesses(log);
    default:
      return psProcesses();
  }
}
