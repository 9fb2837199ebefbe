/**
 * The gateways of this host's apps (DESIGN section 8): one child process for all of them, begun with the first preview.
 * Invariants: a child is told of every app before anything else is asked of it, each on the port that it had, so that the
 * addresses which clients hold survive its death; nothing is begun after `dispose`.
 */
import { createHash } from 'node:crypto';
import { APP_TYPES } from '../appTypes';
import type { Clock } from '../clock';
import { DevServerError } from '../errors';
import type { Disposable } from '../event';
import type { FromGateway, GatewayUpstream, ToGateway } from '../gatewayProtocol';
import { errorMessage, type Logger } from '../log';
import { stateSentence } from '../sessionSentences';
import type { SessionSnapshot } from '../protocol';

/** A gateway process. Nothing is heard of it after `end`. */
export interface GatewayProcess {
  /** Lost where the process has ended. */
  send(message: ToGateway): void;
  end(): void;
}

/** What a gateway process is to be heard by. */
export interface GatewayListener {
  onMessage(message: FromGateway): void;
  /** Once, never while it is being spawned: it ended by itself or could not be begun at all. */
  onEnd(detail: string): void;
}

export type SpawnGateway = (listener: GatewayListener) => GatewayProcess;

/** Keeps the ports by gateway id for the next host. Neither function throws. */
export interface GatewayPorts {
  read(): ReadonlyMap<string, number>;
  write(ports: ReadonlyMap<string, number>): void;
}

export interface GatewaysOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly spawn: SpawnGateway;
  readonly ports: GatewayPorts;
}

/** Before each new try after a process ended, in milliseconds; after the last it is left to the next request. */
const RESTART_PAUSES_MS = [0, 1000, 2000, 4000];
/** A process that lived for so long was no part of a row of failures. In milliseconds. */
const SOUND_MS = 60_000;
/** A request waits no longer, so that the answer comes before its client gives up (10 s). In milliseconds. */
const SERVE_LIMIT_MS = 8000;
/** Names of hosts that are taken at once; then the one that was registered longest ago goes. */
const MAX_HOSTS = 50;

interface GatewayApp {
  readonly id: string;
  upstream: GatewayUpstream;
  /** What the present process has been told of it, and has answered. */
  stage: 'untold' | 'told' | 'serving';
  readonly waiters: Set<Waiter>;
}

interface Waiter {
  resolve(port: number): void;
  reject(error: DevServerError): void;
}

/** Decides when there is a gateway process and what it knows. Dispose with the host. */
export class Gateways implements Disposable {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #spawn: SpawnGateway;
  readonly #memory: GatewayPorts;
  readonly #apps = new Map<string, GatewayApp>();
  /** Of all clients; in the order of their registration. */
  readonly #hosts = new Set<string>();
  /** The last port of each app, by gateway id; read from the disk at the first need. */
  #ports: Map<string, number> | undefined;
  #process: GatewayProcess | undefined;
  #begunMs = 0;
  /** Whether the present process ever listened: one that never did fails whoever waits for it. */
  #hasServed = false;
  #failures = 0;
  #restart: Disposable | undefined;
  #isDisposed = false;

  constructor({ clock, log, spawn, ports }: GatewaysOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#spawn = spawn;
    this.#memory = ports;
  }

  /**
   * The gateway of the session's app, begun if need be; answers when it listens. `hosts` are accepted as Host headers from
   * now on, for the life of this host. Rejects with `gatewayFailed`. `takenPorts` are the dev servers' own, which the
   * gateway leaves to them.
   */
  async serve(
    session: SessionSnapshot,
    hosts: readonly string[],
    takenPorts: readonly number[],
  ): Promise<{ readonly port: number; readonly id: string }> {
    if (this.#isDisposed) throw new DevServerError('gatewayFailed', { detail: 'the session host ends' });
    const isNews = this.#addHosts(hosts);
    const app = this.#appOf(session, takenPorts);
    // Told again: it answers in order, so that its answer comes after it has taken the hosts.
    if (isNews && app.stage === 'serving') this.#tellOf(app);
    const port = this.#knownPorts.get(app.id);
    if (app.stage === 'serving' && port !== undefined) return { port, id: app.id };
    return { port: await this.#whenServing(app), id: app.id };
  }

  /** The session changed: its gateway follows, if it has one. */
  update(session: SessionSnapshot): void {
    const app = this.#apps.get(session.appKey);
    if (!app) return;
    const upstream = upstreamOf(session);
    const { port, sentence, label } = app.upstream;
    if (port === upstream.port && sentence === upstream.sentence && label === upstream.label) return;
    app.upstream = upstream;
    this.#process?.send({ type: 'upstream', id: app.id, upstream });
  }

  /** Whether a gateway has this port, or comes back to it: no dev server may take it, and none answers there. */
  has(port: number): boolean {
    return [...this.#apps.values()].some(({ id }) => this.#ports?.get(id) === port);
  }

  /** Nobody looks on and nothing runs: the process ends, and the next request brings it back on the same ports. */
  rest(): void {
    this.#restart?.dispose();
    this.#restart = undefined;
    if (this.#process) this.#log.info('gateway ends, nobody needs it');
    this.#end();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#restart?.dispose();
    this.#end();
    this.#failWaiters('the session host ends');
  }

  get #knownPorts(): Map<string, number> {
    return (this.#ports ??= new Map(this.#memory.read()));
  }

  #appOf(session: SessionSnapshot, takenPorts: readonly number[]): GatewayApp {
    const known = this.#apps.get(session.appKey);
    if (known) return known;
    const id = gatewayId(session.appKey);
    const app: GatewayApp = { id, upstream: upstreamOf(session), stage: 'untold', waiters: new Set() };
    const port = this.#knownPorts.get(id);
    if (port !== undefined && takenPorts.includes(port)) this.#knownPorts.delete(id);
    this.#apps.set(session.appKey, app);
    return app;
  }

  /** Whether there is a name among them that the process did not have. */
  #addHosts(hosts: readonly string[]): boolean {
    const before = [...this.#hosts].sort().join();
    for (const host of hosts) {
      const name = host.toLowerCase();
      this.#hosts.delete(name); // Named again, it is the latest.
      this.#hosts.add(name);
    }
    for (const oldest of this.#hosts) {
      if (this.#hosts.size <= MAX_HOSTS) break;
      this.#hosts.delete(oldest);
    }
    const isNews = [...this.#hosts].sort().join() !== before;
    if (isNews) this.#process?.send({ type: 'hosts', hosts: [...this.#hosts] });
    return isNews;
  }

  #whenServing(app: GatewayApp): Promise<number> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        app.waiters.delete(waiter);
        limit.dispose();
      };
      const waiter: Waiter = {
        resolve: (port) => {
          settle();
          resolve(port);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const limit = this.#clock.after(SERVE_LIMIT_MS, () => {
        waiter.reject(failed(`it did not listen within ${SERVE_LIMIT_MS / 1000} s`));
        if (app.stage === 'told') this.#replaceHung();
      });
      app.waiters.add(waiter);
      if (this.#process) {
        if (app.stage === 'untold') this.#tellOf(app);
        return;
      }
      this.#failures = 0;
      this.#begin();
    });
  }

  #tellOf(app: GatewayApp): void {
    const { id, upstream } = app;
    app.stage = 'told';
    this.#process?.send({ type: 'serve', id, port: this.#knownPorts.get(id), upstream });
  }

  #begin(): void {
    this.#restart?.dispose();
    this.#restart = undefined;
    this.#hasServed = false;
    this.#begunMs = this.#clock.nowMs();
    let process: GatewayProcess;
    try {
      process = this.#spawn({
        onMessage: (message) => {
          if (this.#process === process) this.#receive(message);
        },
        onEnd: (detail) => {
          if (this.#process === process) this.#onEnd(detail);
        },
      });
    } catch (error) {
      this.#onEnd(errorMessage(error));
      return;
    }
    this.#process = process;
    this.#log.info('gateway begins', { apps: this.#apps.size });
    process.send({ type: 'hosts', hosts: [...this.#hosts] });
    for (const app of this.#apps.values()) this.#tellOf(app);
  }

  #receive(message: FromGateway): void {
    if (message.type === 'log') {
      this.#log[message.level](`gateway: ${message.message}`, message.facts);
      return;
    }
    const app = [...this.#apps.values()].find(({ id }) => id === message.id);
    if (!app) return;
    if (message.type === 'failed') {
      app.stage = 'untold';
      this.#log.warn('gateway does not serve an app', { gateway: message.id, detail: message.detail });
      for (const waiter of [...app.waiters]) waiter.reject(failed(message.detail));
      return;
    }
    app.stage = 'serving';
    this.#hasServed = true;
    if (this.#knownPorts.get(app.id) !== message.port) {
      this.#knownPorts.set(app.id, message.port);
      this.#memory.write(this.#knownPorts);
    }
    for (const waiter of [...app.waiters]) waiter.resolve(message.port);
  }

  #onEnd(detail: string): void {
    const aliveMs = this.#clock.nowMs() - this.#begunMs;
    this.#log.warn('gateway ended before its time', { detail, aliveMs: Math.round(aliveMs) });
    this.#forgetProcess();
    if (!this.#hasServed) this.#failWaiters(detail);
    if (aliveMs >= SOUND_MS) this.#failures = 0;
    const pauseMs = RESTART_PAUSES_MS[this.#failures++];
    if (this.#isDisposed) return;
    if (pauseMs !== undefined) this.#restart = this.#clock.after(pauseMs, () => this.#begin());
    else this.#failWaiters(detail);
  }

  /** It was told to serve and has said neither yes nor no: it hangs, or is suspended. */
  #replaceHung(): void {
    this.#process?.end();
    this.#onEnd('it did not answer');
  }

  #end(): void {
    const process = this.#process;
    this.#forgetProcess();
    process?.end();
  }

  #forgetProcess(): void {
    this.#process = undefined;
    for (const app of this.#apps.values()) app.stage = 'untold';
  }

  #failWaiters(detail: string): void {
    for (const { waiters } of this.#apps.values()) for (const waiter of [...waiters]) waiter.reject(failed(detail));
  }
}

/** Names an app at its gateway, in its header and in its service worker; the same in every host. */
export function gatewayId(appKey: string): string {
  return createHash('sha256').update(appKey).digest('hex').slice(0, 16);
}

function upstreamOf(session: SessionSnapshot): GatewayUpstream {
  const label = labelOf(session);
  const answers = session.state === 'running' || session.state === 'unhealthy';
  return { port: answers ? session.port : undefined, sentence: stateSentence(label, session), label };
}

/** As windows call the only app of its type; the host knows no more of labels. */
function labelOf({ id, type, appName }: SessionSnapshot): string {
  return (id === `dev_server_${type}` ? APP_TYPES[type].label : undefined) ?? appName;
}

function failed(detail: string): DevServerError {
  return new DevServerError('gatewayFailed', { detail });
}
