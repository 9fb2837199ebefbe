import { JSONRPCErrorException } from 'json-rpc-2.0';
import { Emitter, type Disposable } from '../../../src/sessions/event';
import type {
  ClientNotifications,
  HelloResult,
  HostNotifications,
  Requests,
  SessionSnapshot,
  StartParams,
} from '../../../src/sessions/protocol';
import type { Peer } from '../../../src/sessions/rpcPeer';
import { toError, type Actor, type Scheduler } from './scheduler';

type Notifications = ClientNotifications & HostNotifications;

type Message =
  | { readonly kind: 'request'; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: unknown }
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown }
  | { readonly kind: 'end' };

/** Hears what a host is asked for and how it answers, at the moment at which its code does. */
export interface RequestWitness {
  onRequest(host: Actor, method: string, params: unknown): void;
  onAnswer(host: Actor, method: string, params: unknown, failed: boolean): void;
  onNotification(host: Actor, method: string, params: unknown): void;
  /** A state that the host has told a client. */
  onSnapshot(host: Actor, snapshot: SessionSnapshot): void;
}

/**
 * One end of a connection in memory. Messages keep their order and arrive in steps of their own; those to a paused actor
 * wait in the kernel; an actor that dies closes its connections, after what it had sent has been read.
 */
export class SimPeer implements Peer {
  readonly actor: Actor;
  /** Requests that this end has taken and not answered: since when. */
  readonly unanswered = new Map<number, { readonly method: string; readonly sinceMs: number }>();
  readonly #scheduler: Scheduler;
  readonly #witness: RequestWitness | undefined;
  readonly #inbox: Message[] = [];
  readonly #handlers = new Map<string, (params: never) => unknown>();
  readonly #listeners = new Map<string, (params: never) => void>();
  readonly #pending = new Map<
    number,
    {
      readonly resolve: (value: unknown) => void;
      readonly reject: (error: unknown) => void;
      readonly timer: Disposable | undefined;
    }
  >();
  readonly #closed = new Emitter<Error | undefined>();
  #other: SimPeer | undefined;
  #nextId = 1;
  /** The code has not taken the connection yet: what arrives waits in the kernel. */
  #isWaiting: boolean;
  #isClosed = false;
  #closeError: Error | undefined;

  readonly onDidClose = this.#closed.event;

  constructor(scheduler: Scheduler, actor: Actor, witness?: RequestWitness) {
    this.#scheduler = scheduler;
    this.actor = actor;
    this.#witness = witness;
    this.#isWaiting = witness !== undefined;
  }

  /** The host's code has taken the connection. */
  accept(): void {
    this.#isWaiting = false;
    for (let left = this.#inbox.length; left > 0; left--) this.#scheduler.post(this.actor, 'reads', () => this.#read());
  }

  /** The two ends of a connection. */
  static pair(scheduler: Scheduler, client: Actor, host: Actor, witness: RequestWitness): [SimPeer, SimPeer] {
    const a = new SimPeer(scheduler, client);
    const b = new SimPeer(scheduler, host, witness);
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  handle<M extends keyof Requests>(
    method: M,
    handler: (params: Requests[M][0]) => Promise<Requests[M][1]> | Requests[M][1],
  ): void {
    this.#handlers.set(method, handler);
  }

  listen<M extends keyof Notifications>(method: M, listener: (params: Notifications[M]) => void): void {
    this.#listeners.set(method, listener);
  }

  call<M extends keyof Requests>(method: M, params: Requests[M][0], timeoutMs?: number): Promise<Requests[M][1]> {
    if (this.actor.isDead) return new Promise(() => undefined);
    if (this.#isClosed) return Promise.reject(new Error('the connection to the session host ended'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer =
        timeoutMs === undefined
          ? undefined
          : this.#scheduler.after(this.actor, `${method} times out`, timeoutMs, () => {
              this.#pending.delete(id);
              reject(new Error('Request timeout'));
            });
      this.#pending.set(id, { resolve: (value) => resolve(value as Requests[M][1]), reject, timer });
      this.#send({ kind: 'request', id, method, params });
    });
  }

  notify<M extends keyof Notifications>(method: M, params: Notifications[M]): void {
    if (this.#isClosed || this.actor.isDead) return;
    if (method === 'sessionChanged') this.#witness?.onSnapshot(this.actor, params as SessionSnapshot);
    this.#send({ kind: 'notification', method, params });
  }

  close(error?: Error): void {
    if (this.#isClosed || this.actor.isDead) return;
    this.#closeError ??= error;
    this.#other?.take({ kind: 'end' });
    this.#scheduler.post(this.actor, 'connection is closed', () => this.#finish());
  }

  dispose(): void {
    if (this.#isClosed || this.actor.isDead) return;
    this.#other?.take({ kind: 'end' });
    this.#finish();
  }

  /** Its actor has died: the kernel closes for it. */
  drop(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#other?.take({ kind: 'end' });
  }

  #send(message: Message): void {
    if (this.#isClosed || this.actor.isDead) return;
    this.#other?.take(message);
  }

  /** Called by the other end. */
  take(message: Message): void {
    if (this.#isClosed || this.actor.isDead) return;
    this.#inbox.push(message);
    if (!this.#isWaiting) this.#scheduler.post(this.actor, 'reads', () => this.#read());
  }

  #read(): void {
    const message = this.#inbox.shift();
    if (!message || this.#isClosed) return;
    if (this.#scheduler.isTraced) this.#scheduler.trace(this.actor, `  ${labelOf(message)}`);
    switch (message.kind) {
      case 'request':
        return this.#answer(message.id, message.method, message.params);
      case 'answer':
      case 'error': {
        const pending = this.#pending.get(message.id);
        if (!pending) return; // Timed out.
        this.#pending.delete(message.id);
        pending.timer?.dispose();
        if (message.kind === 'answer') pending.resolve(message.result);
        else pending.reject(message.error);
        return;
      }
      case 'notification':
        this.#witness?.onNotification(this.actor, message.method, message.params);
        this.#listeners.get(message.method)?.(message.params as never);
        return;
      case 'end':
        this.#finish();
    }
  }

  #answer(id: number, method: string, params: unknown): void {
    const handler = this.#handlers.get(method);
    if (!handler) {
      this.#send({ kind: 'error', id, error: new JSONRPCErrorException('Method not found', -32601) });
      return;
    }
    this.unanswered.set(id, { method, sinceMs: this.#scheduler.nowMs });
    const done = (failed: boolean, message: Message) => {
      this.unanswered.delete(id);
      if (this.actor.isDead) return;
      if (method === 'hello' && message.kind === 'answer')
        for (const snapshot of (message.result as HelloResult).sessions)
          this.#witness?.onSnapshot(this.actor, snapshot);
      this.#witness?.onAnswer(this.actor, method, params, failed);
      this.#send(message);
    };
    let result: Promise<unknown>;
    try {
      result = Promise.resolve(handler(params as never));
    } catch (error) {
      result = Promise.reject(toError(error));
    }
    result.then(
      (value) => done(false, { kind: 'answer', id, result: value }),
      (error: unknown) => done(true, { kind: 'error', id, error }),
    );
    this.#witness?.onRequest(this.actor, method, params);
  }

  #finish(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.unanswered.clear();
    for (const { reject, timer } of this.#pending.values()) {
      timer?.dispose();
      reject(new Error('the connection to the session host ended'));
    }
    this.#pending.clear();
    this.#closed.fire(this.#closeError);
  }
}

function labelOf(message: Message): string {
  switch (message.kind) {
    case 'request':
      return `hears ${message.method} ${message.method === 'start' ? (message.params as StartParams).origin : ''}`;
    case 'notification': {
      if (message.method !== 'sessionChanged') return `hears ${message.method}`;
      const { id, state, reason, desired } = message.params as SessionSnapshot;
      return `hears that ${id} is ${state} (${reason.code}), desired ${desired}`;
    }
    case 'answer':
      return 'hears an answer';
    case 'error':
      return `hears an error: ${(message.error as Error).message}`;
    case 'end':
      return 'hears the end of the connection';
  }
}
