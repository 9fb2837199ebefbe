/**
 * Tells one boot of this machine from the next.
 * Invariant: as long as the machine runs everybody gets the same answer: what tells no more than a time does not do, since
 * clocks are set and drift, and two clients that differ would make two hosts.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What the system is asked by; the real one unless a test has another. */
export interface BootPorts {
  /** Throws where there is no such file. */
  readonly readText: (file: string) => string;
  /** Throws when the program is missing or fails. */
  readonly outputOf: (file: string, args: readonly string[]) => string;
  readonly systemRoot: string | undefined;
}

const LIMIT_MS = 3000;
const BOOT_KEY = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters';

const systemBootPorts: BootPorts = {
  readText: (file) => readFileSync(file, 'utf8'),
  outputOf: (file, args) =>
    execFileSync(file, args, {
      encoding: 'utf8',
      timeout: LIMIT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
    }),
  systemRoot: process.env['SystemRoot'],
};

/** What a program had to be asked for does not change while this process lives. */
let known: string | undefined;

/** The id of this boot. Where nothing tells it, the same for all boots: then a stop by a person outlives a restart of the machine. */
export function currentBootId(): string {
  return process.platform === 'linux' ? bootId('linux') : (known ??= bootId(process.platform));
}

/** As `currentBootId`, asked now. */
export function bootId(platform: NodeJS.Platform, ports: BootPorts = systemBootPorts): string {
  try {
    return idOf(platform, ports) ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

function idOf(platform: NodeJS.Platform, { readText, outputOf, systemRoot = 'C:\\Windows' }: BootPorts) {
  switch (platform) {
    case 'linux':
    case 'android':
      return readText('/proc/sys/kernel/random/boot_id').trim() || undefined;
    case 'darwin':
      return /^[\dA-F]{8}(?:-[\dA-F]{4}){3}-[\dA-F]{12}$/i.exec(
        outputOf('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid']).trim(),
      )?.[0];
    case 'win32':
      // A number that the loader raises with each boot. The answer is in no language; what could not be read is an error.
      return /^\s*BootId\s+REG_DWORD\s+(0x[\da-f]+)\s*$/im.exec(
        outputOf(`${systemRoot}\\System32\\reg.exe`, ['query', BOOT_KEY, '/v', 'BootId']),
      )?.[1];
    default:
      return undefined;
  }
}
