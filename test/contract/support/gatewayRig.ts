import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http, { type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { FromGateway, GatewayUpstream, ToGateway } from '../../../src/sessions/gatewayProtocol';
import { repoRoot } from '../../unit/support/repository';
import { waitUntil } from './waitUntil';

/** The gateway as the host runs it: the built program, told and heard by lines. */
export class GatewayRig {
  readonly messages: FromGateway[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  constructor() {
    this.#child = spawn(process.execPath, [path.join(repoRoot, 'out/testHost/gateway.js')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: '/',
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) =>
      this.messages.push(JSON.parse(line) as FromGateway),
    );
  }

  tell(message: ToGateway): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  tellLine(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Serves an app, and waits until it is served. */
  async serve(id: string, port: number | undefined, upstream: GatewayUpstream): Promise<number> {
    const before = this.messages.length;
    this.tell({ type: 'serve', id, port, upstream });
    return waitUntil(`the gateway serves ${id}`, () => {
      const answer = this.messages.slice(before).find((message) => message.type !== 'log' && message.id === id);
      if (answer?.type === 'failed') throw new Error(answer.detail);
      return answer?.type === 'serving' ? answer.port : undefined;
    });
  }

  /** Resident memory in bytes, as Linux counts it. */
  memory(): number {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes) * 1024;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends its input, as the end of a host does, and gives the exit code. */
  async end(): Promise<number | null> {
    this.#child.stdin.end();
    await waitUntil('the gateway ends with its input', () => !this.isRunning);
    return this.#child.exitCode;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  /** Where to connect to; 127.0.0.1 if not said. */
  readonly address?: string;
}

/** Asks for the head of an answer; its body is still to be read. */
export function open(port: number, question: Question = {}): Promise<IncomingMessage> {
  const { method = 'GET', path: target = '/', headers = {}, body, address = '127.0.0.1' } = question;
  return new Promise((resolve, reject) => {
    http
      .request({
        host: address,
        port,
        method,
        path: target,
        headers: { host: `localhost:${port}`, ...headers },
        agent: false,
      })
      .once('response', resolve)
      .once('error', reject)
      .end(body);
  });
}

export async function ask(port: number, question: Question = {}): Promise<Answer> {
  const answer = await open(port, question);
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts).toString() };
}

/** What a browser sends when a person goes to a page. */
export const navigation = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'none',
} as const;

/** Says a few lines on a bare connection, and gives all that comes until it ends or `until` is in it. */
export function say(port: number, lines: readonly string[], until?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    let heard = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      heard += text;
      if (until !== undefined && heard.includes(until)) socket.destroy();
    });
    socket.once('error', reject).once('close', () => resolve(heard));
  });
}

/** A plain dev server: each test says how it answers. */
export class DevServer {
  readonly #server: http.Server;
  readonly #open = new Set<net.Socket>();
  port = 0;
  handle: (request: IncomingMessage, response: http.ServerResponse) => void = (_request, response) =>
    response.end('ok');
  upgrade: (request: IncomingMessage, socket: net.Socket, head: Buffer) => void = (_request, socket) =>
    socket.destroy();

  constructor() {
    this.#server = http.createServer((request, response) => this.handle(request, response));
    this.#server.on('upgrade', (request: IncomingMessage, socket: net.Socket, head: Buffer) =>
      this.upgrade(request, socket, head),
    );
    this.#server.on('connection', (socket: net.Socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  async start(port = 0, host = '127.0.0.1'): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, resolve);
    });
    this.port = (this.#server.address() as net.AddressInfo).port;
  }

  get connections(): number {
    return this.#open.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}
