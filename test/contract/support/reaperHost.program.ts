// A host with one reaper and one "server". args: shell (words, comma-separated), script of the server.
// Says `server <pid>`; `guard` → `guarded`; `dispose` → `disposed`, twice, because that must be safe.
import { pipeFactory } from '../../../src/sessions/host/pipeTerminal';
import { platformReapers } from '../../../src/sessions/host/reapers';
import type { Logger } from '../../../src/sessions/log';
import { commandLoop } from './commandLoop';

const [shell = '/bin/sh', script = 'sleep 1000'] = process.argv.slice(2);
const say = (message: string) => void process.stdout.write(`log ${message}\n`);
const log: Logger = { trace: say, debug: say, info: say, warn: say, error: say };
const [file = '', ...args] = shell.split(',');

const reaper = platformReapers({ platform: process.platform, log, shell: [file, ...args] }).create();
const server = pipeFactory(log).spawn({
  file: '/bin/sh',
  args: ['-c', script],
  cwd: '/',
  env: { PATH: process.env['PATH'] ?? '', ...process.env },
  cols: 80,
  rows: 24,
});
server.onData((data) => process.stdout.write(data.replaceAll('\r', '')));
process.stdout.write(`server ${server.pid}\n`);

commandLoop((command) => {
  if (command === 'guard') {
    reaper.guard(server.pid);
    return Promise.resolve('guarded');
  }
  reaper.dispose();
  reaper.dispose();
  return Promise.resolve('disposed');
});
