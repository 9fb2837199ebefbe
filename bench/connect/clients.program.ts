/**
 * Windows of one process that stand ready to connect. It says `ready`; each line that it is told (`Order`) makes so many
 * windows connect by the real client, and for each it says a line (`Attached`) once the screen is there. It ends with its
 * input.
 */
import net from 'node:net';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { HostClient } from '../../src/sessions/hostClient';
import { systemHostLink } from '../../src/sessions/hostLink';
import type * as HostLauncher from '../../src/sessions/hostLauncher';
import { quietLog } from '../../test/contract/support/quietLog';
import type { Attached, ClientsOptions, Order } from './crowd';

const { distFolder, appKey } = JSON.parse(process.argv[2] ?? '') as ClientsOptions;
const log = quietLog();

function say(message: Attached): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function newClient(): HostClient {
  return new HostClient({
    kind: 'window',
    version: '0.0.0-bench',
    hostSettings: () => ({ healthIntervalMs: 5000, lastClient: 'keep', graceMs: 60_000 }),
    apps: () => [appKey],
    mayLaunch: () => true,
    log,
    link: systemHostLink({
      distFolder,
      editorNodePty: undefined,
      env: process.env,
      nodePath: () => undefined,
      // As the extension does: from its own folder, and only when nobody answers.
      loadLauncher: () =>
        Promise.resolve(createRequire(__filename)(path.join(distFolder, 'hostLauncher.js')) as typeof HostLauncher),
      log,
    }),
  });
}

/** What a window does until its terminal shows something. */
async function attach(): Promise<Attached> {
  const client = newClient();
  const screen = new Promise<string>((resolve) => client.onOutput(({ data, reset }) => reset && resolve(data)));
  let sessionId: string | undefined;
  client.onDidJoin(({ sessions }) => (sessionId = sessions[0]?.id));
  const peer = await client.connect();
  if (sessionId === undefined) throw new Error('the host has no session');
  await peer.call('attach', { sessionId, cols: 120, rows: 30 });
  const { state } = client;
  return {
    screen: await screen,
    hostPid: state.kind === 'connected' ? state.hostPid : undefined,
    spawned: log.lines.filter((line) => line.startsWith('spawning the session host')).length,
  };
}

/** The least that a window could do: a connection, a line, and a line back. */
function askBare(socketPath: string): Promise<Attached> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath, () => socket.write(`${JSON.stringify({ hello: 'bare' })}\n`));
    createInterface({ input: socket }).once('line', (line) => {
      const { screen } = JSON.parse(line) as { screen: string };
      resolve({ screen, hostPid: undefined, spawned: 0 });
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

async function carryOut({ count, inTurn, bare }: Order): Promise<void> {
  const one = () => (bare === undefined ? attach() : askBare(bare)).then(say);
  if (inTurn) for (let n = 0; n < count; n++) await one();
  else await Promise.all(Array.from({ length: count }, one));
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  carryOut(JSON.parse(line) as Order).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n${log.lines.slice(-10).join('\n')}\n`);
    process.exit(1);
  });
});
input.on('close', () => process.exit(0));
process.stdout.write('ready\n');
