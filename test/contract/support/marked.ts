import { platformProcesses } from '../../../src/sessions/host/platformProcesses';
import { quietLog } from './quietLog';

const processes = platformProcesses(process.platform, quietLog());

/** The stub server, however its Node was called. */
export const STUB_SERVER = /^(?:\S*\/)?node server\.mjs/;
/** A session host. */
export const SESSION_HOST = /host\.js/;

/** Pids of the processes that have `name=value` in their environment and this in their command line, seen from outside. */
export async function markedPids(name: string, value: string, command: RegExp): Promise<number[]> {
  const marked = new Set((await processes.findByEnvironment(name, value)).map(({ pid }) => pid));
  const all = await processes.list();
  return all.filter((info) => marked.has(info.pid) && command.test(info.command)).map(({ pid }) => pid);
}
