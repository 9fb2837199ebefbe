/**
 * What the extension does in a window from its activation on, without the editor around it: by the same composition, with the
 * launcher and the host as they are shipped. It says `ready`, waits for a line, and prints when it began. It ends the servers and
 * their host with its input.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { contributes, version } from '../../package.json';
import { environmentSource } from '../../src/cli/settingValues';
import { readSettings } from '../../src/providers/settingsReader';
import { configReader } from '../../src/sessions/configReader';
import { declaredSettings } from '../../src/sessions/declaredSettings';
import type * as HostLauncher from '../../src/sessions/hostLauncher';
import { createDevServers } from '../../src/sessions/workspaceServers';
import { quietLog } from '../../test/contract/support/quietLog';
import { machineMs } from '../../test/support/machineClock';

export interface WindowOptions {
  readonly workspace: string;
  /** Of the unpacked VSIX. */
  readonly distFolder: string;
}

const { workspace, distFolder } = JSON.parse(process.argv[2] ?? '') as WindowOptions;
const { env } = process;
const { settings } = readSettings(environmentSource(env, declaredSettings(contributes)), env);
const log = quietLog();
const load = createRequire(path.join(distFolder, 'window.js'));

const servers = createDevServers({
  workspaceFolders: () => [workspace],
  settings: () => settings,
  // A desktop: there, as in the shell beside it, a mobile app gets no tunnel.
  surroundings: { isSandbox: false, env, editorRoot: undefined },
  log,
  loadLauncher: () => Promise.resolve(load('./hostLauncher.js') as typeof HostLauncher),
  loadConfigReader: () => configReader,
  extensionVersion: version,
  distFolder,
  editorNodePty: undefined,
  trusted: () => true,
});

process.stdout.write('ready\n');
process.stdin.once('data', () => {
  const beganMs = machineMs();
  process.stdout.write(`${JSON.stringify({ beganMs })}\n`);
  servers.activate().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
});
process.stdin.once('end', () => {
  servers
    .shutdown()
    .catch((error: unknown) => process.stderr.write(`${String(error)}\n${log.lines.join('\n')}\n`))
    .finally(() => process.exit(0));
});
