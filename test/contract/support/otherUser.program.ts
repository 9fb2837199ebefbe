// Looks as another user, and says what it sees as JSON. Root starts it and it steps down by itself, once all of its files
// are loaded: they may lie where that user can't read. usage: node otherUser.program.js UID listeners PORT | UID look SPEC
import { linuxProcesses } from '../../../src/sessions/host/linuxProcesses';
import { systemPorts } from '../../../src/sessions/host/ports';
import { systemServerFinder } from '../../../src/sessions/host/serverFinder';
import type { LaunchSpec } from '../../../src/sessions/protocol';

const [uid, what, argument = ''] = process.argv.slice(2);
process.setgroups?.([]);
process.setgid?.(Number(uid));
process.setuid?.(Number(uid));
const ports = systemPorts(process.platform);
const look =
  what === 'look'
    ? systemServerFinder({ processes: linuxProcesses, ports }).look(JSON.parse(argument) as LaunchSpec)
    : ports.listeners(Number(argument));
void look.then((found) => console.log(JSON.stringify(found)));
