/** A window in a process of its own, attached to sessions of a host that runs: it takes output in and gives credit as the extension does. */
import { quietLog } from '../../test/contract/support/quietLog';
import { HostClient } from '../../src/sessions/hostClient';
import { systemHostLink } from '../../src/sessions/hostLink';
import * as hostLauncher from '../../src/sessions/hostLauncher';
import { onOrders, OutputWatch } from './outputWatch';
import { benchHostSettings, type WindowOptions } from './windowOptions';

const { distFolder, sessions, cols, rows } = JSON.parse(process.argv[2] ?? '') as WindowOptions;
const log = { ...quietLog(), trace() {}, debug() {}, info() {} };

const client = new HostClient({
  kind: 'window',
  version: '0.0.0-bench',
  hostSettings: () => benchHostSettings,
  apps: () => sessions.map(({ appKey }) => appKey),
  mayLaunch: () => false,
  link: systemHostLink({
    distFolder,
    editorNodePty: undefined,
    env: process.env,
    nodePath: () => undefined,
    loadLauncher: () => Promise.resolve(hostLauncher),
    log,
  }),
  log,
});

async function main(): Promise<void> {
  const peer = await client.connect();
  const watch = new OutputWatch();
  client.onOutput((chunk) => {
    peer.notify('ack', { sessionId: chunk.sessionId, chars: chunk.data.length });
    watch.take(chunk.data, chunk.reset);
  });
  for (const { sessionId } of sessions) await peer.call('attach', { sessionId, cols, rows }, 30_000);
  const [{ sessionId } = { sessionId: '' }] = sessions;
  onOrders(
    (keys) => void watch.type(keys, (data) => peer.notify('input', { sessionId, data })),
    () => process.exit(0),
  );
  watch.ready();
}

void main();
