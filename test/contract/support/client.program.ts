/**
 * One client as a process of its own: joins or starts the host, asks for the stub app, and prints what it sees once the
 * app runs. Waits for a line on stdin before it begins (the barrier) and for the end of stdin before it leaves.
 * `CLIENT_UID`: it steps down to that user once its own files are loaded, which may lie where that one can't read.
 * `CLIENT_COMMAND`: the app's command in place of `npm run dev`.
 */
import { HostRig, waitFor, watchSession } from './hostRig';

async function main(): Promise<void> {
  const [stateFolder = '', appFolder = '', port = '0'] = process.argv.slice(2);
  const uid = process.env['CLIENT_UID'];
  if (uid !== undefined) {
    process.setgroups?.([]);
    process.setgid?.(Number(uid));
    process.setuid?.(Number(uid));
  }
  const rig = HostRig.of(stateFolder, appFolder, Number(port));
  const client = rig.client();
  const session = watchSession(client);
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const left = new Promise((resolve) => process.stdin.once('end', resolve));
  const peer = await client.connect();
  await peer.call('start', {
    spec: rig.spec({}, process.env['CLIENT_COMMAND'] ? { command: process.env['CLIENT_COMMAND'].split(' ') } : {}),
    env: { PATH: process.env['PATH'] ?? '', STUB_RIG: stateFolder },
    origin: 'auto',
  });
  await waitFor(
    'the server to run',
    () => session.current?.state === 'running',
    Number(process.env['CLIENT_WAIT_MS'] ?? 30_000),
    () => JSON.stringify(session),
  );
  const { state } = client;
  process.stdout.write(
    `${JSON.stringify({
      hostPid: state.kind === 'connected' ? state.hostPid : undefined,
      listenerPid: session.current?.listenerPid,
    })}\n`,
  );
  await left;
  client.dispose();
}

main().catch((error: unknown) => {
  if (process.env['CLIENT_WAIT_MS'] === undefined) process.stderr.write(`${String(error)}\n`);
  // The parent asserts on it; in the negative control many are told of an error, and that is no news.
  process.stdout.write('null\n', () => process.exit(1));
});
