/** What is wrong with the machine, the container or the editor's address, whatever app is meant. */
import os from 'node:os';
import * as l10n from '@vscode/l10n';
import { delay, systemClock } from './clock';
import type { App } from './apps';
import type { DoctorContext } from './doctorContext';
import type { Finding, Fix } from './doctorFinding';
import { networkDiskName } from './networkDisks';

const MB = 1024 * 1024;
/** A dev server of Next.js or Expo takes some hundred MB at its start. */
const LITTLE_MEMORY = 768 * MB;
const NO_MEMORY = 192 * MB;
/** A build folder of Next.js grows by hundreds of MB in a day. */
const LITTLE_DISK = 500 * MB;
const NO_DISK = 50 * MB;
const FEW_FILES = 1000;

/** Programs made to be process 1, and shells, which wait for any child. */
const REAPERS =
  /^(?:systemd|init|tini(?:-static)?|dumb-init|docker-init|catatonit|s6-svscan|runit(?:-init)?|runsvdir|supervisord|openrc-init|busybox|launchd|(?:ba|da|a|z|k)?sh|podman-init|my_init|fly-init|firecracker-init)$/;
/** Programs that wait for their own children at most. */
const NOT_REAPERS =
  /^(?:node|nodejs|npm.*|pnpm|yarn|bun|deno|next-server.*|code-server|python[\d.]*|java|ruby|php|sleep|tail|cat|sshd|nginx|MainThread)$/;

/** Whether process 1 reaps what others leave to it, by what it has left so far and by what it is. */
export async function initCheck({ ports }: DoctorContext): Promise<readonly Finding[]> {
  const first = await ports.firstProcess();
  const processes = first && (await ports.processes());
  if (!first || !processes) return [];
  const zombies = processes.filter(({ ppid, isZombie }) => ppid === 1 && isZombie).map(({ pid }) => pid);
  const left = zombies.length === 0 ? [] : await stillZombies(ports, zombies);
  const name = first.name;
  if (left.length === 0 && (first.ignoresChildren || REAPERS.test(name)))
    return [{ id: 'init', result: 'ok', message: l10n.t('Process 1 ({0}) takes care of ended processes.', name) }];
  if (left.length === 0 && !NOT_REAPERS.test(name)) return [];
  return [
    {
      id: 'init',
      result: 'warn',
      message:
        left.length > 0
          ? l10n.t('Process 1 ({0}) does not clear away ended processes: {1} are left.', name, left.length)
          : l10n.t('Process 1 is {0}, which does not clear away ended processes.', name),
      help: l10n.t(
        'Cheatcode stops its servers so that none are left, but others add up. Start the container with an init process: `docker run --init`, or `init: true` in a Compose file.',
      ),
    },
  ];
}

/** One that was about to be cleared away is gone by a second look. */
async function stillZombies(ports: DoctorContext['ports'], zombies: readonly number[]): Promise<readonly number[]> {
  await delay(systemClock, 500);
  const now = new Map((await ports.processes())?.map((one) => [one.pid, one]));
  return zombies.filter((pid) => now.get(pid)?.isZombie === true);
}

/** Whether the state folder lies on this machine's own disk, as its sockets and locks need. */
export async function networkDiskCheck({ ports, stateFolder }: DoctorContext): Promise<readonly Finding[]> {
  if (stateFolder === undefined || ports.platform !== 'linux') return [];
  const [disk, mountKind] = await Promise.all([ports.disk(stateFolder), ports.mountKind(stateFolder)]);
  if (!disk) return [];
  const name = networkDiskName(disk.type, mountKind);
  if (name === undefined)
    return [
      { id: 'networkDisk', result: 'ok', message: l10n.t('The state folder {0} is on a local disk.', stateFolder) },
    ];
  return [
    {
      id: 'networkDisk',
      result: 'warn',
      message: l10n.t('The state folder {0} is on a network file system ({1}).', stateFolder, name),
      help: l10n.t(
        'Sockets and locks do not work there, and two machines could share one state. Set `CHEATCODE_STATE_DIR` to a short path on a local disk, for the editor and for terminals alike, and restart the editor.',
      ),
    },
  ];
}

/** Whether a browser reaches the servers of a code-server: by its proxy, or by an address of the settings. */
export async function proxyCheck(context: DoctorContext, apps: readonly App[]): Promise<readonly Finding[]> {
  const { editor, env, settings } = context;
  if (editor?.isCodeServer !== true || apps.length === 0) return [];
  const ok = (message: string): readonly Finding[] => [{ id: 'proxyAddress', result: 'ok', message }];
  if (env['VSCODE_PROXY_URI']) return ok(l10n.t('Browsers reach servers by {0}.', env['VSCODE_PROXY_URI']));
  const lacking = apps.filter(
    ({ type }) => (type === 'mobile' ? settings.mobile.previewUrl : settings.web.previewUrl) === undefined,
  );
  if (lacking.length === 0) return ok(l10n.t('Browsers reach servers by the addresses of the settings.'));
  const local = 'http://localhost:3000/';
  const external = await editor.asExternalUrl?.(local).catch(() => undefined);
  if (external !== undefined && !isLocal(external)) return ok(l10n.t('Browsers reach servers by {0}.', external));
  const type = lacking[0]?.type === 'mobile' ? 'mobile' : 'web';
  const setting = `cheatcode.${type}.previewUrl`;
  const fix: Fix = {
    title: l10n.t('Open Settings'),
    detail: l10n.t('Leads to the setting {0}. Nothing is changed.', setting),
    change: { kind: 'openSetting', setting },
  };
  return [
    {
      id: 'proxyAddress',
      result: 'warn',
      message: l10n.t('This code-server names no address by which a browser reaches the ports of this machine.'),
      help: l10n.t(
        'Only a browser on this very machine can show previews. Set `VSCODE_PROXY_URI` in the environment of code-server (`/proxy/{{port}}/` behind its own proxy), or set {0}.',
        setting,
      ),
      fixes: [fix],
    },
  ];
}

function isLocal(url: string): boolean {
  return /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)/.test(url);
}

/** Whether a server finds the memory that it takes. */
export async function memoryCheck({ ports }: DoctorContext): Promise<readonly Finding[]> {
  const bytes = await ports.freeMemory();
  if (bytes === undefined) return [];
  const mb = Math.round(bytes / MB);
  if (bytes >= LITTLE_MEMORY)
    return [{ id: 'memory', result: 'ok', message: l10n.t('{0} MB of memory are free.', mb) }];
  return [
    {
      id: 'memory',
      result: bytes < NO_MEMORY ? 'fail' : 'warn',
      message: l10n.t('Only {0} MB of memory are free.', mb),
      help: l10n.t(
        'A dev server takes some hundred MB; where there are none, the system ends it without a word. Stop what is not needed, or give this machine or container more memory.',
      ),
    },
  ];
}

/** Whether the disks of the apps, of the state and of temporary files take what servers write. */
export async function diskCheck(context: DoctorContext, apps: readonly App[]): Promise<readonly Finding[]> {
  const { ports, stateFolder } = context;
  const folders = [
    ...apps.map(({ folder }) => folder),
    ...(stateFolder === undefined ? [] : [stateFolder]),
    os.tmpdir(),
  ];
  const findings: Finding[] = [];
  let least: number | undefined;
  const seen = new Set<string>();
  for (const folder of folders) {
    const disk = await ports.disk(folder);
    if (!disk) continue;
    if (seen.has(disk.device)) continue;
    seen.add(disk.device);
    const mb = Math.round(disk.freeBytes / MB);
    const isOutOfFiles = disk.freeFiles !== undefined && disk.freeFiles < FEW_FILES;
    if (disk.freeBytes >= LITTLE_DISK && !isOutOfFiles) {
      least = Math.min(least ?? mb, mb);
      continue;
    }
    findings.push({
      id: 'disk',
      result: disk.freeBytes < NO_DISK || disk.freeFiles === 0 ? 'fail' : 'warn',
      message: isOutOfFiles
        ? l10n.t('The disk of {0} takes only {1} more files.', folder, disk.freeFiles ?? 0)
        : l10n.t('Only {0} MB are free on the disk of {1}.', mb, folder),
      help: l10n.t(
        'A dev server that can not write its build ends, or shows old pages. Make room: `.next` and `.expo` can be deleted while no server runs, and so can the caches of package managers.',
      ),
    });
  }
  if (findings.length > 0) return findings;
  return least === undefined ? [] : [{ id: 'disk', result: 'ok', message: l10n.t('{0} MB of disk are free.', least) }];
}
