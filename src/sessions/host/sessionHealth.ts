import { delay, type Clock } from '../clock';
import type { ProbeOutcome, ProbeSpec } from '../protocol';
import { PROBE_TIMEOUT_MS, type Prober, type ProbeResult } from './prober';
import { HEALTHY_MS } from './restartPolicy';

/** A failed probe is looked at once more, this soon, before it counts. */
const RECHECK_MS = 1000;

/** How well one run of a server has been: its probes, and for how long it answered or did not. */
export class SessionHealth {
  readonly #clock: Clock;
  readonly #prober: Prober;
  #lastProbe: ProbeOutcome | undefined;
  #wellSinceMs: number | undefined;
  #silentSinceMs: number | undefined;
  #hadHealthyMinute = false;

  constructor(clock: Clock, prober: Prober) {
    this.#clock = clock;
    this.#prober = prober;
  }

  get lastProbe(): ProbeOutcome | undefined {
    return this.#lastProbe;
  }

  /** For how long it has not answered, in milliseconds; 0 while it does. */
  get silentMs(): number {
    return this.#silentSinceMs === undefined ? 0 : this.#clock.nowMs() - this.#silentSinceMs;
  }

  /** Whether this run was well for a minute without a break: what earns a fresh count of crashes. */
  get hadHealthyMinute(): boolean {
    this.#countMinute();
    return this.#hadHealthyMinute;
  }

  /** A new run begins. */
  begin(): void {
    this.#wellSinceMs = undefined;
    this.#silentSinceMs = undefined;
    this.#hadHealthyMinute = false;
  }

  /** Takes an outcome in; `durationMs` is the probe's. */
  note(result: ProbeResult, durationMs: number): void {
    this.#lastProbe = {
      atMs: this.#clock.wallMs(),
      ok: result.answered,
      durationMs: Math.round(durationMs),
      ...(result.httpStatus === undefined ? {} : { httpStatus: result.httpStatus }),
      ...(result.error === undefined ? {} : { error: result.error }),
    };
  }

  answers(): void {
    this.#wellSinceMs ??= this.#clock.nowMs();
    this.#silentSinceMs = undefined;
  }

  isSilent(): void {
    this.#countMinute();
    this.#wellSinceMs = undefined;
    this.#silentSinceMs ??= this.#clock.nowMs();
  }

  /** Probes, and once more when a server that was well does not answer. Undefined: it was over meanwhile. */
  async check(spec: ProbeSpec, port: number, isOver: () => boolean, signal?: AbortSignal) {
    let result = await this.#probe(spec, port);
    if (!result.answered && this.#silentSinceMs === undefined && !isOver()) {
      await delay(this.#clock, RECHECK_MS, signal);
      if (!isOver()) result = await this.#probe(spec, port);
    }
    return isOver() ? undefined : result;
  }

  async #probe(spec: ProbeSpec, port: number): Promise<ProbeResult> {
    const beganMs = this.#clock.nowMs();
    const result = await this.#prober.probe(spec, port, PROBE_TIMEOUT_MS);
    this.note(result, this.#clock.nowMs() - beganMs);
    return result;
  }

  #countMinute(): void {
    if (this.#wellSinceMs !== undefined && this.#clock.nowMs() - this.#wellSinceMs >= HEALTHY_MS)
      this.#hadHealthyMinute = true;
  }
}
