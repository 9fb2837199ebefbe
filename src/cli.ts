/**
 * Composition root of the command line: joins the session host of this machine, if one runs, and asks it one thing. It
 * starts no host and no server yet.
 */
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { errorMessage, type Logger } from './sessions/log';
import { processLine, stateSentence } from './sessions/messages';
import type { NamedProcess, SessionSnapshot } from './sessions/protocol';
import type { Peer } from './sessions/rpcPeer';
import { HostClient } from './sessions/hostClient';
import type * as HostLauncher from './sessions/hostLauncher';
import { systemHostLink } from './sessions/hostLink';
import { DevServerError } from './sessions/errors';

const HELP = `usage: cheatcode-dev status [--json] | stop [SESSION] [--yes] | shutdown

  status     the dev servers of this user on this machine; --json for programs
  stop       stops the dev server of that session (dev_server_web), or the only one; of one that was started outside
             Cheatcode it names the processes, and ends them only with --yes
  shutdown   stops all dev servers and ends the background process that owns them

exit codes: 0 done, 1 failed, 2 wrong usage, 3 no session host runs
`;

const EXIT = { done: 0, failed: 1, usage: 2, noHost: 3 } as const;
const STOP_TIMEOUT_MS = 30_000;

const quiet: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, yes: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  const [command, name] = positionals;
  if (values.help) {
    process.stdout.write(HELP);
    return EXIT.done;
  }
  if (command !== 'status' && command !== 'stop' && command !== 'shutdown') {
    process.stderr.write(HELP);
    return EXIT.usage;
  }
  const client = new HostClient({
    kind: 'cli',
    version: 'cli',
    hostSettings: undefined,
    apps: () => [],
    mayLaunch: () => false,
    link: systemHostLink({
      distFolder: __dirname,
      editorNodePty: undefined,
      env: process.env,
      nodePath: () => undefined,
      folder: () => process.cwd(),
      // It starts no host; root asks by it for the owner of the folder.
      loadLauncher: () => Promise.resolve(createRequire(__filename)('./hostLauncher.js') as typeof HostLauncher),
      log: quiet,
    }),
    log: quiet,
  });
  let sessions: readonly SessionSnapshot[] = [];
  client.onDidJoin((hello) => (sessions = hello.sessions));
  try {
    const peer = await client.connect();
    switch (command) {
      case 'status':
        process.stdout.write(values.json ? `${JSON.stringify(sessions, undefined, 2)}\n` : table(sessions));
        return EXIT.done;
      case 'stop': {
        const running = sessions.filter(({ state }) => state !== 'stopped');
        const session =
          name === undefined && running.length === 1 ? running[0] : sessions.find(({ id }) => id === name);
        if (!session) {
          process.stderr.write(
            `${name === undefined ? 'name the session' : `there is no session ${name}`}\n${table(sessions)}`,
          );
          return EXIT.usage;
        }
        return await stop(peer, session, values.yes === true);
      }
      case 'shutdown':
        await peer.call('shutdown', {}, STOP_TIMEOUT_MS);
        // The connection ends with the host, when the last server is gone.
        if (!peer.isClosed) await new Promise((resolve) => peer.onDidClose(resolve));
        return EXIT.done;
    }
  } catch (error) {
    const isAbsent = error instanceof DevServerError && error.code === 'workspaceUntrusted';
    process.stderr.write(`${isAbsent ? 'no session host runs here' : errorMessage(error)}\n`);
    return isAbsent ? EXIT.noHost : EXIT.failed;
  } finally {
    client.dispose();
  }
}

async function stop(peer: Peer, { id: sessionId, adopted }: SessionSnapshot, isAgreed: boolean): Promise<number> {
  let confirmed: readonly NamedProcess[] | undefined;
  if (adopted) {
    const { processes } = await peer.call('foreignProcesses', { sessionId, target: 'adopted' }, STOP_TIMEOUT_MS);
    const list = processes.map((one) => `  ${processLine(one, process.getuid?.())}\n`).join('');
    if (processes.length > 0 && !isAgreed) {
      process.stderr.write(`${sessionId} was started outside Cheatcode; --yes ends these processes:\n${list}`);
      return EXIT.failed;
    }
    process.stdout.write(list);
    confirmed = processes;
  }
  const after = await peer.call('stop', { sessionId, ...(confirmed ? { confirmed } : {}) }, STOP_TIMEOUT_MS);
  process.stdout.write(`${stateSentence(after.id, after)}\n`);
  return after.state === 'stopped' ? EXIT.done : EXIT.failed;
}

function table(sessions: readonly SessionSnapshot[]): string {
  if (sessions.length === 0) return 'no dev servers\n';
  return sessions.map((session) => `${stateSentence(session.id, session)}  ${session.folder}\n`).join('');
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${errorMessage(error)}\n${HELP}`);
    process.exitCode = EXIT.usage;
  },
);
