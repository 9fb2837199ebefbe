import { spawn, type ChildProcessByStdio } from 'node:child_process';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type {
  HostSettings,
  RedisSettings,
  Requests,
  SessionSnapshot,
  SessionState,
} from '../../../src/sessions/protocol';
import { repoRoot, waitFor } from '../../contract/support/hostRig';

/** What an agent is started with; `agent.program.ts` is the other side. */
export interface AgentOptions {
  readonly kind: 'window' | 'cli';
  readonly distFolder: string;
  readonly editorNodePty?: string;
  readonly settings: HostSettings;
  /** Keys of the apps that it shows. */
  readonly apps: readonly string[];
  /** Whether it brings back what ran when a host was lost, as a window does. */
  readonly restores: boolean;
  /** Steps down to this user once its own files are loaded, which may lie where that one can't read. */
  readonly uid?: number;
  /** The folder whose owner it acts as where it is root. */
  readonly folder?: string;
  /** What it tells the host of Redis. */
  readonly redis?: RedisSettings;
}

export type AgentRequest =
  | {
      readonly id: number;
      readonly method: 'notify';
      readonly params: { readonly name: string; readonly params: unknown };
    }
  | { readonly id: number; readonly method: 'connect'; readonly params: null }
  | {
      readonly id: number;
      readonly method: Exclude<keyof Requests, 'hello'>;
      readonly params: Record<string, unknown>;
    };

export type AgentMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string; readonly code: string }
  | { readonly event: 'state'; readonly kind: string; readonly hostPid?: number }
  /** `atMs`: when it came, by `machineMs`. */
  | { readonly event: 'session'; readonly snapshot: SessionSnapshot; readonly atMs: number }
  | { readonly event: 'output'; readonly data: string; readonly reset: boolean }
  | { readonly event: 'log'; readonly line: string };

/** How the process of an agent is started. */
export interface AgentProcess {
  /** Words before the Node binary, such as `setpriv --reuid 1000 …` or `unshare -n`, that become it by `exec`. */
  readonly wrapper?: readonly string[];
  readonly node?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Thrown for an error that the host or the client answered with. */
export class AgentError extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
    this.name = 'AgentError';
  }
}

/** This file is part of several bundles, in different folders. */
const agentProgram = path.join(repoRoot, 'out/test/faults/support/agent.program.js');

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A window in a process of its own, to be killed, stopped or put into another namespace. The caller closes it. */
export class Agent {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, Waiter>();
  #nextId = 1;
  #rest = '';
  #isClosing = false;
  /** By session id, the newest. */
  readonly sessions = new Map<string, SessionSnapshot>();
  /** States of all sessions in the order of their news, without repetitions. */
  readonly states: SessionState[] = [];
  /** Every snapshot that came, oldest first. */
  readonly history: SessionSnapshot[] = [];
  /** The same, each with when that window got it, by `machineMs`. */
  readonly heard: { readonly snapshot: SessionSnapshot; readonly atMs: number }[] = [];
  readonly log: string[] = [];
  errors = '';
  connection = 'idle';
  hostPid: number | undefined;
  /** The screen's text as it came: a reset begins it anew. */
  output = '';
  outputChars = 0;
  resets = 0;

  constructor(options: AgentOptions, { wrapper = [], node = process.execPath, env }: AgentProcess) {
    const [file, ...args] = [...wrapper, node, agentProgram, JSON.stringify(options)];
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    // It may be killed while it is spoken to.
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('error', (error) => (this.errors += error.message));
    this.#child.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new AgentError('the window has ended', 'ended'));
      this.#waiting.clear();
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the agent did not start');
    return pid;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Why it ended by itself although nobody had told it to; undefined when all is well. */
  get fault(): string | undefined {
    if (this.#isClosing || this.#child.exitCode === null || this.#child.exitCode === 0) return undefined;
    return `a window ended with ${this.#child.exitCode}: ${this.errors}`;
  }

  /** The session that news came of last; undefined before the first. */
  get session(): SessionSnapshot | undefined {
    const id = this.history.at(-1)?.id;
    return id === undefined ? undefined : this.sessions.get(id);
  }

  call<M extends Exclude<keyof Requests, 'hello'>>(method: M, params: Requests[M][0]): Promise<Requests[M][1]> {
    return this.#request(method, params) as Promise<Requests[M][1]>;
  }

  async connect(): Promise<void> {
    await this.#request('connect', null);
  }

  async notify(name: 'input' | 'resize', params: unknown): Promise<void> {
    await this.#request('notify', { name, params });
  }

  /** Waits until the session is in this state, for this reason if one is named. */
  reaches(state: SessionState, reason?: string, limitMs = 30_000): Promise<SessionSnapshot> {
    return this.sees(
      `${state}${reason === undefined ? '' : ` (${reason})`}`,
      (session) => session.state === state && (reason === undefined || session.reason.code === reason),
      limitMs,
    );
  }

  /** Waits until the session fits. */
  sees(what: string, fits: (session: SessionSnapshot) => boolean, limitMs = 30_000): Promise<SessionSnapshot> {
    return waitFor(
      `the session to be ${what}`,
      () => {
        const { session } = this;
        return session && fits(session) ? session : undefined;
      },
      limitMs,
      () => this.describe(),
    );
  }

  describe(): string {
    return [
      `states: ${this.states.join(' ')}; connection: ${this.connection}; ended: ${this.hasEnded}`,
      JSON.stringify(this.session),
      ...this.log.slice(-15),
      this.errors,
    ].join('\n');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGKILL, and the end awaited. */
  async kill(): Promise<void> {
    this.#isClosing = true;
    this.signal('SIGKILL');
    await this.ended();
  }

  /** Leaves as a closed window does; one that can't is killed. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#child.stdin.end();
    await this.ended(5000).catch(() => {
      this.signal('SIGKILL');
      return this.ended();
    });
  }

  async ended(limitMs = 10_000): Promise<void> {
    await waitFor('a window to end', () => this.hasEnded, limitMs);
  }

  #request(method: string, params: unknown): Promise<unknown> {
    if (this.hasEnded) return Promise.reject(new AgentError('the window has ended', 'ended'));
    const id = this.#nextId++;
    const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#child.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
    return answered;
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(JSON.parse(line) as AgentMessage);
  }

  #take(message: AgentMessage): void {
    if ('id' in message) {
      const waiter = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if ('error' in message) waiter?.reject(new AgentError(message.error, message.code));
      else waiter?.resolve(message.result);
      return;
    }
    switch (message.event) {
      case 'state':
        this.connection = message.kind;
        if (message.hostPid !== undefined) this.hostPid = message.hostPid;
        return;
      case 'session': {
        const { snapshot, atMs } = message;
        this.sessions.set(snapshot.id, snapshot);
        this.history.push(snapshot);
        this.heard.push({ snapshot, atMs });
        if (this.states.at(-1) !== snapshot.state) this.states.push(snapshot.state);
        return;
      }
      case 'output':
        this.resets += message.reset ? 1 : 0;
        this.outputChars += message.data.length;
        // Kept short: a flood is only counted.
        this.output = ((message.reset ? '' : this.output) + message.data).slice(-200_000);
        return;
      case 'log':
        this.log.push(message.line);
    }
  }
}
