/**
 * A window in a process of its own, told what to do line by line: `{ id, method, params }` calls the host by the real
 * client, and each answer, snapshot, state and log line goes out as a line of JSON. It ends with its input.
 */
import { createInterface } from 'node:readline';
import { HostClient } from '../../../src/sessions/hostClient';
import { systemHostLink } from '../../../src/sessions/hostLink';
import * as hostLauncher from '../../../src/sessions/hostLauncher';
import { formatLogLine, type Logger } from '../../../src/sessions/log';
import type { Requests, StartParams } from '../../../src/sessions/protocol';
import { isActive } from '../../../src/sessions/sessionState';
import { machineMs } from '../../support/machineClock';
import type { AgentMessage, AgentOptions, AgentRequest } from './agent';

const options = JSON.parse(process.argv[2] ?? '{}') as AgentOptions;

if (options.uid !== undefined) {
  process.setgroups?.([]);
  process.setgid?.(options.uid);
  process.setuid?.(options.uid);
}

function say(message: AgentMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
const note =
  (level: string): Logger['info'] =>
  (message, facts) =>
    say({ event: 'log', line: `${level} ${formatLogLine(message, facts)}` });
const log: Logger = {
  trace: () => undefined,
  debug: note('debug'),
  info: note('info'),
  warn: note('warn'),
  error: note('error'),
};

const client = new HostClient({
  kind: options.kind,
  version: '0.0.0-test',
  hostSettings: () => options.settings,
  apps: () => options.apps,
  mayLaunch: () => true,
  redis: () => options.redis,
  link: systemHostLink({
    folder: () => options.folder,
    distFolder: options.distFolder,
    editorNodePty: options.editorNodePty,
    env: process.env,
    nodePath: () => undefined,
    loadLauncher: () => Promise.resolve(hostLauncher),
    log,
  }),
  log,
});

/** What this window last asked to run: brought back after a host was lost, as a window does. */
let wanted: StartParams | undefined;
/** Apps that ran, as far as this window has seen. */
const ran = new Set<string>();

let wasConnected = false;
client.onDidChangeState(({ kind, ...rest }) => {
  // A trap is laid for one host: the one that this window starts in its place must live.
  if (wasConnected && kind !== 'connected') delete process.env['CHEATCODE_TEST_FAILPOINTS'];
  wasConnected ||= kind === 'connected';
  say({ event: 'state', kind, ...('hostPid' in rest ? { hostPid: rest.hostPid } : {}) });
});
client.onSession((snapshot) => {
  const atMs = machineMs();
  if (snapshot.desired === 'running' && isActive(snapshot.state)) ran.add(snapshot.appKey);
  else ran.delete(snapshot.appKey);
  say({ event: 'session', snapshot, atMs });
});
client.onOutput((chunk) => {
  client.peer?.notify('ack', { sessionId: chunk.sessionId, chars: chunk.data.length });
  say({ event: 'output', data: chunk.data, reset: chunk.reset });
});
client.onDidJoin(({ sessions }) => {
  const atMs = machineMs();
  for (const snapshot of sessions) say({ event: 'session', snapshot, atMs });
  const params = wanted;
  if (!params || !options.restores) return;
  const now = sessions.find(({ appKey }) => appKey === params.spec.appKey);
  if (ran.has(params.spec.appKey) || (now?.desired === 'running' && now.reason.code === 'hostLost'))
    client.peer
      ?.call('start', { ...params, origin: 'restore' }, 10_000)
      .catch((error: unknown) => log.warn('not restored', { error: String(error) }));
});

async function answer({ id, method, params }: AgentRequest): Promise<void> {
  try {
    if (method === 'notify') {
      const peer = await client.connect();
      peer.notify(params.name as 'input', params.params as { sessionId: string; data: string });
      return say({ id, result: null });
    }
    if (method === 'connect') {
      await client.connect();
      return say({ id, result: null });
    }
    if (method === 'start') wanted = params as unknown as StartParams;
    if (method === 'stop') wanted = undefined;
    const peer = await client.connect();
    const call = peer.call.bind(peer) as (name: string, params: unknown, timeoutMs: number) => Promise<unknown>;
    say({ id, result: await call(method satisfies keyof Requests, params, 40_000) });
  } catch (error) {
    say({ id, error: error instanceof Error ? error.message : String(error), code: codeOf(error) });
  }
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? String(code) : '';
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => void answer(JSON.parse(line) as AgentRequest));
input.on('close', () => {
  client.dispose();
  // Nothing may keep a window's process alive that has closed; but what it has to say goes out.
  process.stdout.write('', () => process.exit(0));
});
