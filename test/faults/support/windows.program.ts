/**
 * Some windows in one process: each joins or starts the host and asks for the stub. It says `ready`, waits for a line (the
 * barrier), and prints for each window what it sees once the app runs, or null and the error. It ends with its input.
 */
import { HostClient } from '../../../src/sessions/hostClient';
import { systemHostLink } from '../../../src/sessions/hostLink';
import * as hostLauncher from '../../../src/sessions/hostLauncher';
import type { LaunchSpec } from '../../../src/sessions/protocol';
import { waitFor, watchSession } from '../../contract/support/hostRig';
import { quietLog } from '../../contract/support/quietLog';

export interface WindowsOptions {
  readonly count: number;
  readonly distFolder: string;
  readonly spec: LaunchSpec;
  readonly env: Readonly<Record<string, string>>;
  /** How long each waits for the server to run. */
  readonly waitMs: number;
}

export interface WindowSaw {
  readonly hostPid: number | undefined;
  readonly listenerPid: number | undefined;
}

const { count, distFolder, spec, env, waitMs } = JSON.parse(process.argv[2] ?? '') as WindowsOptions;

function newClient(): HostClient {
  const log = quietLog();
  return new HostClient({
    kind: 'window',
    version: '0.0.0-test',
    hostSettings: () => ({ healthIntervalMs: 500, lastClient: 'keep', graceMs: 60_000 }),
    apps: () => [spec.appKey],
    mayLaunch: () => true,
    log,
    link: systemHostLink({
      distFolder,
      editorNodePty: undefined,
      env: process.env,
      nodePath: () => undefined,
      loadLauncher: () => Promise.resolve(hostLauncher),
      log,
    }),
  });
}

async function ask(client: HostClient): Promise<WindowSaw> {
  const session = watchSession(client);
  const peer = await client.connect();
  await peer.call('start', { spec, env, origin: 'auto' });
  const describe = () => JSON.stringify(session);
  await waitFor('the server to run', () => session.current?.state === 'running', waitMs, describe);
  const { state } = client;
  return {
    hostPid: state.kind === 'connected' ? state.hostPid : undefined,
    listenerPid: session.current?.listenerPid,
  };
}

const clients = Array.from({ length: count }, newClient);
process.stdout.write('ready\n');
process.stdin.once('data', () => {
  for (const client of clients)
    ask(client).then(
      (saw) => process.stdout.write(`${JSON.stringify(saw)}\n`),
      (error: unknown) => process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`),
    );
});
process.stdin.once('end', () => process.exit(0));
