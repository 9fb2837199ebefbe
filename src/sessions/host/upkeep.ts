import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock';
import { errorMessage, type Logger } from '../log';
import type { HostSettings, LaunchSpec, Reason, SecondServer } from '../protocol';
import type { AppFolder } from './appFolder';
import { findFamily, type FamilyMarks } from './processFamily';
import type { Processes } from './processes';
import type { AppServer, ServerFinder } from './serverFinder';

const MB = 1024 * 1024;
/** Memory wobbles: less than this is no news, in MB. */
const MEMORY_STEP_MB = 64;
/** After a soft restart the server has this long before the next one: a limit that is too low must not be a loop. */
const SOFT_RESTART_PAUSE_MS = 30 * 60_000;

export interface UpkeepDependencies {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly finder: ServerFinder;
  readonly appFolder: AppFolder;
  readonly log: Logger;
  /** The host-wide values as they are now. */
  readonly settings: () => HostSettings;
  /** Asks the server to restart in place; false where it can't. */
  readonly softRestart: (spec: LaunchSpec, port: number) => Promise<boolean>;
}

/** The server that is looked after. */
export interface Tended {
  readonly spec: LaunchSpec;
  readonly port: number;
  /** Undefined: adopted, somebody else's. */
  readonly marks: FamilyMarks | undefined;
  readonly adopted: AppServer | undefined;
}

/** What a round found; equal findings are the same object. */
export interface Findings {
  readonly secondServers: readonly SecondServer[];
  /** Resident memory of all the server's processes together. */
  readonly memoryMb: number | undefined;
  readonly warning: Reason | undefined;
  readonly restartOffer: Reason | undefined;
  /** The offer has stood for two rounds, so that whoever changes files has come to rest. */
  readonly isOfferSettled: boolean;
}

export const noFindings: Findings = {
  secondServers: [],
  memoryMb: undefined,
  warning: undefined,
  restartOffer: undefined,
  isOfferSettled: false,
};

/** What a health round looks at beside the probe: other servers of the app, memory, files that asked for a restart. */
export class Upkeep {
  readonly #deps: UpkeepDependencies;
  #baseline: Readonly<Record<string, string>> | undefined;
  /** What the last round offered, for which files. */
  #offerKey: string | undefined;
  /** What a restart was already settled for: the same offer again after it would be for ever. */
  #settledKey: string | undefined;
  #findings: Findings = noFindings;
  #highRounds = 0;
  #softRestartMs: number | undefined;

  constructor(deps: UpkeepDependencies) {
    this.#deps = deps;
  }

  /** Called before a server is started: what it reads at its start is what later looks are compared with. */
  async begin(spec: LaunchSpec): Promise<void> {
    this.end();
    this.#baseline = await this.#fingerprint(spec);
  }

  /** No server of ours runs any more. */
  end(): void {
    this.#baseline = undefined;
    this.#offerKey = undefined;
    this.#findings = noFindings;
    this.#highRounds = 0;
  }

  /** One round; never rejects. `onSoftRestart` is told when the server was asked to restart in place. */
  async look(tended: Tended, onSoftRestart: (facts: NonNullable<Reason['facts']>) => void): Promise<Findings> {
    try {
      const secondServers = await this.#secondServers(tended);
      const memoryMb = await this.#memoryMb(tended);
      const warning = await this.#judgeMemory(memoryMb, tended, onSoftRestart);
      const { offer, isSettled } = tended.marks
        ? await this.#changes(tended.spec)
        : { offer: undefined, isSettled: false };
      const findings = { secondServers, memoryMb, warning, restartOffer: offer, isOfferSettled: isSettled };
      if (!isDeepStrictEqual(findings, this.#findings)) this.#findings = findings;
    } catch (error) {
      this.#deps.log.warn('server could not be looked after', {
        folder: tended.spec.folder,
        error: errorMessage(error),
      });
    }
    return this.#findings;
  }

  async #secondServers({ spec, port, marks, adopted }: Tended): Promise<readonly SecondServer[]> {
    const found = await this.#deps.finder.find(spec);
    const others = found.filter((server) => server.port !== port);
    if (others.length === 0) return [];
    const family = marks ? new Set((await findFamily(this.#deps.processes, marks)).map(({ pid }) => pid)) : new Set();
    return others
      .filter(({ identity }) => !identity || !(family.has(identity.pid) || identity.pid === adopted?.identity?.pid))
      .map((server) => ({
        port: server.port,
        command: server.command.slice(0, 200),
        ...(server.identity ? { pid: server.identity.pid } : {}),
      }));
  }

  async #memoryMb({ marks, adopted }: Tended): Promise<number | undefined> {
    const { processes } = this.#deps;
    const pids = marks
      ? (await findFamily(processes, marks)).map(({ pid }) => pid)
      : adopted?.identity
        ? [adopted.identity.pid]
        : [];
    return pids.length === 0 ? undefined : Math.round((await processes.memory(pids)) / MB);
  }

  async #judgeMemory(
    mb: number | undefined,
    { spec, port, marks }: Tended,
    onSoftRestart: (facts: NonNullable<Reason['facts']>) => void,
  ): Promise<Reason | undefined> {
    const { clock, settings, softRestart } = this.#deps;
    const limitMb = settings().memoryLimitMb;
    if (limitMb === undefined || mb === undefined) return undefined;
    if (mb <= limitMb) {
      this.#highRounds = 0;
      return undefined;
    }
    this.#highRounds++;
    const nowMs = clock.nowMs();
    const mayRestart = this.#softRestartMs === undefined || nowMs - this.#softRestartMs >= SOFT_RESTART_PAUSE_MS;
    // First the warning; and never a server that is not ours.
    if (marks && this.#highRounds > 1 && mayRestart) {
      this.#softRestartMs = nowMs;
      if (await softRestart(spec, port)) onSoftRestart({ mb, limitMb });
    }
    const before = this.#findings.warning?.facts?.['mb'];
    const isNews = typeof before !== 'number' || Math.abs(before - mb) >= MEMORY_STEP_MB;
    return { code: 'memoryHigh', facts: { mb: isNews ? mb : before, limitMb } };
  }

  async #changes(spec: LaunchSpec): Promise<{ readonly offer: Reason | undefined; readonly isSettled: boolean }> {
    const now = await this.#fingerprint(spec);
    const baseline = this.#baseline;
    if (!now || !baseline) return { offer: undefined, isSettled: false };
    const changed = [...new Set([...Object.keys(baseline), ...Object.keys(now)])]
      .filter((name) => baseline[name] !== now[name])
      .sort();
    // Also without a change: what was there before the start may already be another lock file's.
    const differs = spec.install !== undefined && (await this.#deps.appFolder.dependencies(spec.folder)) === 'differs';
    if (!differs && changed.length === 0) {
      this.#offerKey = undefined;
      return { offer: undefined, isSettled: false };
    }
    const offer: Reason = {
      code: differs ? 'dependenciesChanged' : 'filesChanged',
      facts: { files: changed.join(', ') },
    };
    const key = JSON.stringify([offer.code, now]);
    const isSettled = key === this.#offerKey && key !== this.#settledKey;
    if (isSettled) this.#settledKey = key;
    this.#offerKey = key;
    return { offer, isSettled };
  }

  #fingerprint(spec: LaunchSpec): Promise<Readonly<Record<string, string>> | undefined> {
    return this.#deps.appFolder.fingerprint(spec.folder, spec.restartFiles ?? []).catch((error: unknown) => {
      this.#deps.log.warn('files could not be looked at', { folder: spec.folder, error: errorMessage(error) });
      return undefined;
    });
  }
}
