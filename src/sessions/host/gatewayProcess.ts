/**
 * The gateway process's adapter: a child of this host on three pipes, one JSON message a line.
 * Invariant: it never outlives the host. `end` kills it, and when the host goes, however, the kernel closes its input, at which
 * it ends itself.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { FromGateway, ToGateway } from '../gatewayProtocol';
import { LineReader } from '../lineFraming';
import { errorMessage, type Logger } from '../log';
import type { GatewayListener, GatewayProcess, SpawnGateway } from './gateways';

/** Of what it says before it ends badly, as much as a person reads. */
const STDERR_CHARS = 500;
/** Its messages are short; a longer line is none of them. */
const MAX_LINE_BYTES = 64 * 1024;

/** What it gets of this process's environment: what Node needs to run, and nothing of sessions, tokens or `NODE_OPTIONS`. */
const inherited = ['HOME', 'SystemRoot', 'ELECTRON_RUN_AS_NODE'] as const;

/** Runs `program`, the bundle of the gateway, by the Node that runs this host. */
export function gatewayProcesses(program: string, log: Logger): SpawnGateway {
  return (listener) => new ChildGateway(program, log, listener);
}

class ChildGateway implements GatewayProcess {
  readonly #log: Logger;
  readonly #listener: GatewayListener;
  readonly #child: ChildProcess & { readonly stdin: Writable; readonly stdout: Readable; readonly stderr: Readable };
  readonly #lines = new LineReader(MAX_LINE_BYTES);
  #stderr = '';
  #fault: string | undefined;
  #isOver = false;

  constructor(program: string, log: Logger, listener: GatewayListener) {
    this.#log = log;
    this.#listener = listener;
    const env: NodeJS.ProcessEnv = { PATH: '/usr/local/bin:/usr/bin:/bin' };
    for (const name of inherited) if (process.env[name] !== undefined) env[name] = process.env[name];
    // Away from every app's folder: a listener is taken for an app's server by its working directory.
    this.#child = spawn(process.execPath, [program], {
      env,
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
      // A host on Windows has no console to share: it would get one, with a window.
      windowsHide: true,
    });
    const { stdin, stdout, stderr } = this.#child;
    this.#child.once('error', (error) => (this.#fault ??= error.message));
    // A failed start has it, too, and all that was said comes before it.
    this.#child.once('close', (code, signal) => this.#closed(code, signal));
    stdin.on('error', (error) => this.#log.debug('gateway hears no more', { error: error.message }));
    stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    stderr.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_CHARS)));
    // It must not keep a host alive that has come to its end.
    this.#child.unref();
    for (const pipe of [stdin, stdout, stderr]) (pipe as { unref?(): void }).unref?.();
  }

  send(message: ToGateway): void {
    const { stdin } = this.#child;
    if (!this.#isOver && stdin.writable) stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** It has no state to lose, and a suspended one would hear nothing gentler. */
  end(): void {
    this.#isOver = true;
    this.#child.stdin.end();
    this.#child.kill('SIGKILL');
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver || this.#fault !== undefined) return;
    try {
      for (const line of this.#lines.push(chunk)) this.#listener.onMessage(parseFromGateway(line));
    } catch (error) {
      this.#fault = errorMessage(error);
      this.#child.kill('SIGKILL'); // What speaks another language can't be led.
    }
  }

  #closed(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const why = this.#fault ?? signal ?? `exit code ${code}`;
    const said = this.#stderr.trim();
    this.#listener.onEnd(said === '' ? why : `${why}: ${said}`);
  }
}

/** A line of the gateway's output, checked. Throws at anything else than a message. */
function parseFromGateway(line: string): FromGateway {
  const value = JSON.parse(line) as Partial<Record<string, unknown>> | null;
  const { type, id, port, detail, level, message } = value ?? {};
  if (type === 'serving' && typeof id === 'string' && isPort(port)) return { type, id, port };
  if (type === 'failed' && typeof id === 'string' && typeof detail === 'string') return { type, id, detail };
  if (type === 'log' && isLevel(level) && typeof message === 'string')
    return { type, level, message, facts: factsOf(value?.['facts']) };
  throw new Error(`the gateway said what is no message: ${line.slice(0, 100)}`);
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}

function isLevel(value: unknown): value is 'debug' | 'info' | 'warn' | 'error' {
  return value === 'debug' || value === 'info' || value === 'warn' || value === 'error';
}

function factsOf(value: unknown): Readonly<Record<string, string | number | boolean>> {
  const facts: Record<string, string | number | boolean> = {};
  if (typeof value !== 'object' || value === null) return facts;
  for (const [name, fact] of Object.entries(value) as [string, unknown][])
    if (typeof fact === 'string' || typeof fact === 'number' || typeof fact === 'boolean') facts[name] = fact;
  return facts;
}
