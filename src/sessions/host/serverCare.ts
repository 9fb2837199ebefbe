import type { Reason } from '../protocol';
import type { CurrentServer } from './currentServer';
import { adoptedReason } from './adoption';
import type { ProbeResult } from './prober';
import { ownListener } from './readiness';
import type { RunDependencies } from './sessionRun';
import { notice } from './sessionRun';
import type { SessionHealth } from './sessionHealth';
import type { SessionStatus } from './sessionStatus';
import type { SessionTerminal } from './sessionTerminal';
import { Upkeep, type Findings, type UpkeepDependencies } from './upkeep';
import type { Wanted } from './wish';

export interface CareDependencies extends RunDependencies, Omit<UpkeepDependencies, 'appFolder'> {}

/** What care is taken for: the parts of one session. */
export interface Cared {
  readonly id: string;
  readonly server: CurrentServer;
  readonly status: SessionStatus;
  readonly health: SessionHealth;
  readonly terminal: SessionTerminal;
  readonly wanted: Wanted;
  /** The record on disk is brought up to date. */
  save(): void;
  /** Nothing of the server is left: state, terminal and record say so. */
  end(reason: Reason): void;
  /** It is given up: state, terminal and record say why. */
  fail(reason: Reason): void;
  /** Begins the app anew by itself, as the settings allow. */
  restart(reason: Reason, install: boolean): void;
}

/** Looks after a server that runs: probes it on the one interval, and acts on what is found as far as the settings let it. */
export class ServerCare {
  readonly upkeep: Upkeep;
  readonly #deps: CareDependencies;
  readonly #session: Cared;
  #isTending = false;

  constructor(deps: CareDependencies, session: Cared) {
    this.#deps = deps;
    this.#session = session;
    this.upkeep = new Upkeep(deps);
  }

  /** One round: a probe, and a look at what a server needs beside it. Aborted: what was found is old news. */
  async check(signal: AbortSignal | undefined): Promise<void> {
    const { server, health, status, wanted } = this.#session;
    const isSame = server.mark();
    const isOver = () => !isSame() || signal?.aborted !== false;
    const result = await health.check(wanted.spec.probe, server.port, isOver, signal);
    if (!result || isOver()) return;
    if (result.answered) this.answered(result);
    else {
      health.isSilent();
      status.apply({
        type: 'silence',
        reason: { code: 'noAnswer', facts: { port: server.port, detail: result.error ?? '' } },
      });
    }
    if (result.answered) await this.#followListener();
    // Not waited for: a file system that hangs must not keep a server from being probed.
    if (!isOver()) void this.tend(signal);
  }

  /** What a server needs beside probes: its memory, its files, others of its kind. Never rejects. */
  async tend(signal: AbortSignal | undefined): Promise<void> {
    if (this.#isTending) return;
    this.#isTending = true;
    try {
      await this.#tend(signal);
    } finally {
      this.#isTending = false;
    }
  }

  async #tend(signal: AbortSignal | undefined): Promise<void> {
    const { server, status, terminal, wanted } = this.#session;
    const isSame = server.mark();
    const isOver = () => !isSame() || signal?.aborted !== false;
    const { process, adopted, port } = server;
    const findings = await this.upkeep.look({ spec: wanted.spec, port, marks: process?.marks, adopted }, (facts) => {
      terminal.print(notice(`${facts['mb']} MB of memory in use: the server was asked to restart in place`));
      if (!isOver()) status.apply({ type: 'answer', reason: { code: 'memoryRestart', facts } });
    });
    if (isOver()) return;
    server.findings = findings;
    status.changed();
    if (process) this.#actOn(findings);
  }

  /** The server answers; `hint` says what is special about it when it has just begun to. */
  answered(result: ProbeResult, hint?: Reason): void {
    const { status, health, server } = this.#session;
    health.answers();
    const httpStatus = result.httpStatus ?? 0;
    if (httpStatus >= 500)
      status.apply({ type: 'answer', reason: { code: 'answeredWithError', facts: { status: httpStatus } } });
    else if (status.state === 'running' && status.reason.code !== 'answeredWithError') return;
    else if (server.adopted) status.apply({ type: 'adopt', reason: adoptedReason(server.adopted) });
    else status.apply({ type: 'answer', reason: hint ?? { code: 'answered' } });
  }

  #actOn({ restartOffer, isOfferSettled }: Findings): void {
    const { server, health, wanted } = this.#session;
    const limitMs = this.#deps.settings().restartUnresponsiveMs;
    if (server.process && limitMs !== undefined && health.silentMs >= limitMs && !server.endReason) {
      // Counted like a crash, so that a server which always hangs is given up in the end.
      server.endReason = { code: 'unresponsiveRestart', facts: { seconds: Math.round(health.silentMs / 1000) } };
      server.endRun();
    } else if (restartOffer && isOfferSettled && wanted.spec.onChange === 'restart')
      this.#session.restart(restartOffer, restartOffer.code === 'dependenciesChanged');
  }

  /** Next replaces its own process when its configuration changes. */
  async #followListener(): Promise<void> {
    const { server } = this.#session;
    const { process } = server;
    if (!process) return;
    // Asking who listens means to look at every process: only when the one that did is gone.
    if (server.listenerPid !== undefined && (await this.#deps.processes.identify(server.listenerPid))) return;
    const listener = await ownListener(this.#deps, process, server.port);
    if (process === server.process && listener?.pid !== undefined) server.listenerPid = listener.pid;
  }
}
