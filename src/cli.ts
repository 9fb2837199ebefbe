/** Composition root of the command line: gives `runCommandLine` this process, and ends it as the command ended. */
import { createRequire } from 'node:module';
import { contributes, version } from '../package.json';
import { CommandError } from './cli/commandError';
import { exitCodes } from './cli/exitCodes';
import { onReaderGone } from './cli/pipeReader';
import { runCommandLine } from './cli/runCommandLine';
import { environmentResolver } from './cli/serverEnvironment';
import type { LoadRedis } from './cli/fleet';
import type * as McpServer from './cli/mcpServer';
import { readSettings } from './providers/settingsReader';
import { declaredSettings } from './sessions/declaredSettings';
import type * as HostLauncher from './sessions/hostLauncher';

const { env, stdin, stdout, stderr } = process;

// `logs | head`: whoever read has seen enough. The number is what a shell shows of a program that ended by SIGPIPE.
const codeOf = (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? exitCodes.readerGone : exitCodes.failed);
for (const stream of [stdout, stderr]) stream.on('error', (error: Error) => process.exit(codeOf(error)));

const load = createRequire(__filename);
const loadRedis: LoadRedis = () =>
  (load('./redis.js') as { readonly connectRedis: ReturnType<LoadRedis> }).connectRedis;

const interrupted = new Promise<never>((_resolve, reject) => {
  // Not `once`: proper-lockfile's signal-exit ends the process by the signal where it finds itself the only listener left.
  process.on('SIGINT', () =>
    reject(new CommandError('interrupted', 'interrupted', 'Interrupted; what was asked for goes on.')),
  );
});
interrupted.catch(() => undefined);

void runCommandLine({
  argv: process.argv.slice(2),
  env,
  cwd: () => process.cwd(),
  terminal: { stdin, stdout },
  stderr,
  version,
  declaredSettings: declaredSettings(contributes),
  readSettings,
  distFolder: __dirname,
  loadLauncher: () => Promise.resolve(load('./hostLauncher.js') as typeof HostLauncher),
  loadRedis,
  serveMcp: (serving, ended) => (load('./mcp.js') as typeof McpServer).serveMcp({ ...serving, stdin, stdout }, ended),
  onTerminate: (listener) => process.once('SIGTERM', listener),
  environmentResolver: (log) => environmentResolver({ env, isInTerminal: stdin.isTTY, log }),
  interrupted,
  onReaderGone: (listener) => onReaderGone(stdout.fd, listener),
}).then((code) => {
  // Not before all is written; and what was only waited for may hold this process no longer.
  // That a write has failed is told here before there is an event.
  stdout.write('', (error) => stderr.write('', () => process.exit(error ? codeOf(error) : code)));
});
