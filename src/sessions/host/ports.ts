/**
 * Ports as the system sees them: free or not by trying, who listens by asking.
 * Invariant: a port is free only if it can be bound in all four forms. A listener on ::1 leaves 127.0.0.1 and 0.0.0.0
 * bindable and the other way round (FACTS "Ports"), and a browser that says `localhost` may reach either.
 */
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { errorCode } from '../log';
import { runCommand } from '../runCommand';
import { testSwitches } from '../testSwitches';
import { parseProcNetTcp, SocketHolders, type TcpListener } from '../linuxSockets';
import type { Listener, Ports } from './processes';
import { toolEnvironment } from './psProcesses';

const forms = ['127.0.0.1', '0.0.0.0', '::1', '::'] as const;

const timeoutMs = 5_000;

/** The ports of this machine (of this network namespace, that is). */
export function systemPorts(platform: NodeJS.Platform): Ports {
  const find = listenersOn(platform);
  return { isFree, listeners: (port) => find(port), allListeners: () => find() };
}

async function isFree(port: number): Promise<boolean> {
  if (testSwitches.portCheckOff) return true;
  // One after another: two binds of one's own at the same time would refuse each other.
  for (const host of forms) if (!(await canBind(port, host))) return false;
  return true;
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      switch (errorCode(error)) {
        // No IPv6 here: nothing can be in the way in that form.
        case 'EADDRNOTAVAIL':
        case 'EAFNOSUPPORT':
          return resolve(true);
        // EACCES: a port that this user may not have is as good as taken.
        case 'EADDRINUSE':
        case 'EACCES':
          return resolve(false);
        default:
          return reject(error);
      }
    });
    // `exclusive`: a cluster worker would share its primary's handle. The default backlog, so that a caller who comes
    // in this very moment is refused by the close and not by a full queue.
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Finds who listens, on one port or on all. */
type FindListeners = (port?: number) => Promise<readonly Listener[]>;

function listenersOn(platform: NodeJS.Platform): FindListeners {
  switch (platform) {
    case 'linux':
    case 'android':
      return linuxListeners();
    case 'win32':
      return windowsListeners;
    default:
      return lsofListeners;
  }
}

function linuxListeners(): FindListeners {
  const holders = new SocketHolders();
  return async (wanted) => {
    const all = (await Promise.all([readTable('/proc/net/tcp'), readTable('/proc/net/tcp6')])).flat();
    holders.retain(new Set(all.map(({ inode }) => inode)));
    const sockets = wanted === undefined ? all : all.filter(({ port }) => port === wanted);
    const pids = await holders.find(sockets.map(({ inode }) => inode));
    return sockets.map(({ address, port, uid, inode }) => ({
      address,
      port,
      pid: pids.get(inode),
      uid,
      socket: inode,
    }));
  };
}

async function readTable(file: string): Promise<TcpListener[]> {
  try {
    return parseProcNetTcp(await readFile(file, 'utf8'));
  } catch (error) {
    // A kernel without IPv6 has no tcp6.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function lsofListeners(port?: number): Promise<readonly Listener[]> {
  const args = ['-nP', port === undefined ? '-iTCP' : `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpun'];
  const result = await runCommand('lsof', args, { env: toolEnvironment, timeoutMs });
  if (result.missing || result.timedOut) throw new Error(`lsof gave no answer: ${result.stderr || 'timed out'}`);
  // Exit code 1 with no output: nobody listens.
  return parseLsof(result.stdout);
}

async function windowsListeners(port?: number): Promise<readonly Listener[]> {
  const result = await runCommand('netstat', ['-ano', '-p', 'TCP'], { timeoutMs });
  const result6 = await runCommand('netstat', ['-ano', '-p', 'TCPv6'], { timeoutMs });
  if (result.exitCode !== 0) throw new Error(`netstat failed: ${result.stderr}`);
  const listeners = parseNetstat(`${result.stdout}\n${result6.stdout}`);
  return port === undefined ? listeners : listeners.filter((listener) => listener.port === port);
}

/** The output of `lsof -Fpun`: a line per field, `p`rocess and `u`ser before the `n`ames that they hold. */
export function parseLsof(text: string): Listener[] {
  const listeners: Listener[] = [];
  let pid: number | undefined;
  let uid: number | undefined;
  for (const line of text.split('\n')) {
    const value = line.slice(1);
    if (line.startsWith('p')) [pid, uid] = [Number(value), undefined];
    else if (line.startsWith('u')) uid = Number(value);
    else if (line.startsWith('n')) {
      const end = splitEndpoint(value);
      if (end) listeners.push({ ...end, pid, uid });
    }
  }
  return listeners;
}

/**
 * The listening sockets in the output of `netstat -ano`. The state's name is translated, in some languages into several words, so
 * the far end tells.
 */
export function parseNetstat(text: string): Listener[] {
  const listeners: Listener[] = [];
  for (const line of text.split(/\r?\n/)) {
    const fields = line.trim().split(/\s+/);
    const [protocol, local = '', far] = fields;
    if (protocol !== 'TCP' || (far !== '0.0.0.0:0' && far !== '[::]:0')) continue;
    const [end, pid] = [splitEndpoint(local), Number(fields.at(-1))];
    if (end) listeners.push({ ...end, pid: Number.isInteger(pid) ? pid : undefined, uid: undefined });
  }
  return listeners;
}

/** `127.0.0.1:80`, `[::1]:80` or `*:80`. */
function splitEndpoint(text: string): { address: string; port: number } | undefined {
  const match = /^(?:\[([^\]%]+)(?:%\w+)?\]|([^:]+)):(\d+)$/.exec(text);
  if (!match) return undefined;
  const address = match[1] ?? match[2] ?? '';
  return { address: address === '*' ? '0.0.0.0' : address, port: Number(match[3]) };
}
