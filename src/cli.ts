/** Composition root of the command line: gives `runCommandLine` this process, and ends it as the command ended. */
import { createRequire } from 'node:module';
import { contributes, version } from '../package.json';
import { CommandError } from './cli/commandError';
import { runCommandLine } from './cli/runCommandLine';
import { environmentResolver } from './cli/serverEnvironment';
import type { LoadRedis } from './cli/fleet';
import { readSettings } from './providers/settingsReader';
import type * as HostLauncher from './sessions/hostLauncher';

const { env, stdin, stdout, stderr } = process;

// `logs | head`: whoever read has seen enough.
for (const stream of [stdout, stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

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
  declaredSettings: contributes.configuration.properties,
  readSettings,
  distFolder: __dirname,
  loadLauncher: () => Promise.resolve(load('./hostLauncher.js') as typeof HostLauncher),
  loadRedis,
  environmentResolver: (log) => environmentResolver({ env, isInTerminal: stdin.isTTY, log }),
  interrupted,
}).then((code) => {
  // Not before all is written; and what was only waited for may hold this process no longer.
  stdout.write('', () => stderr.write('', () => process.exit(code)));
});
