import { wellBehaved } from './apps';
import type { Behaviour, Machine, Proc, SimApp } from './machine';
import { world as nobody } from './machine';
import type { Random } from './random';
import type { Scheduler } from './scheduler';
import type { Scope } from './scope';
import type { SimWindow } from './window';
import type { Witness } from './witness';

/** What may happen in a world beside what the code does; each schedule draws some of them. */
export const deeds = [
  'userStart',
  'userStop',
  'userRestart',
  'ctrlC',
  'openWindow',
  'closeWindow',
  'killWindow',
  'pauseWindow',
  'killHost',
  'pauseHost',
  'killServer',
  'pauseServer',
  'strangerTakesPort',
  'strangerFreesPort',
  'agentStarts',
  'agentEnds',
  'endForeign',
  'killReaper',
  'reusePid',
  'jumpWall',
  'fillDisk',
  'spoilRecord',
  'deleteSocket',
  'fog',
  'reboot',
  'upgrade',
  'replaceHung',
  'replaceOlder',
  'passTime',
] as const;

export type Deed = (typeof deeds)[number];

/** Those after which a second host may be spawned for good reason. */
export const disturbing: readonly Deed[] = [
  'closeWindow',
  'killWindow',
  'pauseWindow',
  'killHost',
  'pauseHost',
  'deleteSocket',
  'reboot',
  'upgrade',
  'replaceHung',
  'replaceOlder',
  'passTime',
];

export interface PeopleOptions {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly machine: Machine;
  readonly witness: Witness;
  readonly apps: readonly SimApp[];
  readonly scopes: readonly Scope[];
  readonly drawBehaviour: (app: SimApp) => Behaviour;
  readonly onKill: () => void;
  readonly onPause: () => void;
  readonly onReboot: () => void;
  readonly onFog: (untilMs: number) => void;
}

const MAX_WINDOWS = 4;

/** Everybody and everything around the code: people at windows, agents, strangers, and what breaks. */
export class People {
  readonly #options: PeopleOptions;

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  do(deed: Deed): void {
    const { random, scheduler, machine } = this.#options;
    const scope = random.pick(this.#options.scopes);
    if (scheduler.isTraced) scheduler.trace('people', deed);
    switch (deed) {
      case 'userStart':
        return this.#person(scope, (window, app) =>
          window.start(app, 'user', random.chance(0.2) ? { useNextPort: true } : undefined),
        );
      case 'userStop':
        return this.#person(scope, (window, app) => {
          for (let times = random.chance(0.2) ? 3 : 1; times > 0; times--) window.stop(app);
        });
      case 'userRestart':
        return this.#person(scope, (window, app) => window.restart(app));
      case 'ctrlC':
        return this.#person(scope, (window, app) => window.type(app, '\x03'));
      case 'openWindow':
        return this.openWindow(scope);
      case 'closeWindow': {
        const window = this.#anyOf(scope.windows);
        if (window && !window.proc.isPaused) scope.closeWindow(window);
        return;
      }
      case 'killWindow': {
        const window = this.#anyOf(scope.windows);
        if (window) scope.killWindow(window);
        return;
      }
      case 'pauseWindow': {
        const window = this.#anyOf(scope.windows);
        if (window) this.#pauseFor(window.proc);
        return;
      }
      case 'killHost': {
        const host = this.#anyOf(scope.hosts);
        if (host) this.killHost(host.proc);
        return;
      }
      case 'pauseHost': {
        const host = this.#anyOf(scope.hosts);
        if (host) this.#pauseFor(host.proc);
        return;
      }
      case 'killServer': {
        const proc = this.#anyOf(machine.procs.filter(({ launch, isAlive }) => launch && isAlive));
        if (proc) machine.deliver(proc, 'SIGKILL', 'world');
        return;
      }
      case 'pauseServer': {
        const proc = this.#anyOf(machine.procs.filter(({ launch, isAlive }) => launch && isAlive));
        if (proc) this.#pauseFor(proc);
        return;
      }
      case 'strangerTakesPort': {
        const port = random.pick(this.#options.apps).spec.port + (random.chance(0.2) ? 1 : 0);
        if (machine.isListening(port)) return;
        const stranger = machine.birth({ name: 'stranger', role: 'foreign', folder: '/elsewhere' });
        machine.listen(stranger, port, random.chance(0.8) ? 200 : 0);
        return;
      }
      case 'strangerFreesPort': {
        const found = this.#anyOf(machine.procs.filter(isStranger));
        if (found) machine.end(found);
        return;
      }
      case 'agentStarts':
        return this.#agentStarts();
      case 'agentEnds': {
        const found = this.#anyOf(machine.procs.filter((proc) => proc.isAlive && proc.name.startsWith('otherServer')));
        if (found) machine.end(found, { exitCode: 0 });
        return;
      }
      case 'endForeign':
        return this.#endForeign(scope);
      case 'killReaper':
        return machine.killReaper();
      case 'reusePid': {
        const pid = this.#anyOf(machine.freedPids.filter((one) => !machine.isInUse(one)));
        if (pid !== undefined)
          machine.birth({ name: 'innocent', role: 'foreign', pid, folder: '/elsewhere', command: 'vi' });
        return;
      }
      case 'jumpWall':
        return scheduler.jumpWall(random.chance(0.5) ? 3_600_000 : -3_600_000);
      case 'fillDisk':
        scope.folder.isFull = !scope.folder.isFull;
        return;
      case 'spoilRecord': {
        const id = this.#anyOf([...scope.folder.records.keys()]);
        if (id !== undefined) scope.folder.spoil(id, random.pick(['empty', 'cut', 'rubbish', 'newer']));
        return;
      }
      case 'deleteSocket':
        scope.place = undefined;
        return;
      case 'fog':
        return this.#options.onFog(scheduler.nowMs + random.between(100, 8000));
      case 'reboot':
        return this.#reboot();
      case 'upgrade':
        scope.newest++;
        return this.openWindow(scope);
      case 'replaceHung':
        return this.#person(scope, (window) => void window.client.replaceHungHost().catch(() => undefined));
      case 'replaceOlder':
        return this.#person(scope, (window) => void window.client.replaceHost(true).catch(() => undefined));
      case 'passTime':
        return; // A turn in which nobody does anything: time is what the scheduler lets pass.
    }
  }

  openWindow(scope: Scope): void {
    const { random, apps, witness } = this.#options;
    if (scope.windows.length >= MAX_WINDOWS) return;
    witness.newChapter();
    const kind = random.chance(0.85) ? 'window' : 'cli';
    const shown = random.chance(0.7) ? apps : [random.pick(apps)];
    const autoStart = kind === 'window' && random.chance(0.8) ? shown : [];
    scope.openWindow(kind, shown, autoStart, `1.${random.chance(0.7) ? scope.newest : 0}.0`);
  }

  /** A window that stays and shows everything: whoever looks whether all is well in the end. */
  openLastWindow(scope: Scope): void {
    const { apps, witness } = this.#options;
    witness.newChapter();
    const isThere = scope.windows.some(({ kind, apps: shown }) => kind === 'window' && shown.length === apps.length);
    if (isThere) return;
    const [first] = scope.windows;
    if (first && scope.windows.length >= MAX_WINDOWS) scope.killWindow(first);
    scope.openWindow('window', apps, apps, `1.${scope.newest}.0`);
  }

  killHost(proc: Proc): void {
    const { machine, witness, onKill } = this.#options;
    if (!proc.isAlive) return;
    onKill();
    witness.newChapter();
    machine.end(proc, { signal: 'SIGKILL' });
  }

  /** Faults are over: whoever was held goes on, whoever was in the way leaves. */
  cease(): void {
    const { machine, scopes } = this.#options;
    for (const scope of scopes) scope.folder.isFull = false;
    for (const proc of [...machine.procs]) {
      if (proc.isPaused) machine.resume(proc);
      if (isStranger(proc)) machine.end(proc);
    }
  }

  #person(scope: Scope, act: (window: SimWindow, app: SimApp) => void): void {
    const { random, scheduler } = this.#options;
    const window = this.#anyOf(scope.windows);
    if (!window || window.proc.isPaused || window.apps.length === 0) return;
    const app = random.pick(window.apps);
    scheduler.runAs(window.proc, `a person acts on ${app.name}`, () => act(window, app));
  }

  #pauseFor(proc: Proc): void {
    const { machine, scheduler, random, onPause } = this.#options;
    if (!proc.isAlive) return;
    if (proc.isPaused) {
      machine.resume(proc);
      return;
    }
    machine.pause(proc);
    onPause();
    if (scheduler.isTraced) scheduler.trace(proc, 'is suspended');
    scheduler.after(nobody, `${proc.name} goes on`, random.pick([200, 3000, 25_000]), () => machine.resume(proc));
  }

  #agentStarts(): void {
    const { random, machine, apps, drawBehaviour } = this.#options;
    const app = random.pick(apps);
    const port = app.spec.port + (random.chance(0.3) ? 1 : 0);
    // In a group with something that must not hear a signal: an agent, or the editor.
    const agent = random.chance(0.7)
      ? machine.birth({ name: 'agent', role: 'foreign', folder: '/home', command: 'agent' })
      : undefined;
    const behaviour = { ...wellBehaved, ...drawBehaviour(app), unkillableMs: 0, forksDaemon: false };
    machine.foreignServer(app, port, agent, behaviour);
  }

  /** A person asks what would be ended; asked back, mostly agrees. */
  #endForeign(scope: Scope): void {
    const { random, witness, scheduler } = this.#options;
    const window = scope.windows.find((one) => one.question !== undefined && !one.proc.isPaused);
    const question = window?.question;
    if (!window || !question || question.processes.length === 0 || random.chance(0.2)) {
      this.#person(scope, (other, app) => {
        const session = other.sessions.get(app.spec.appKey);
        if (session?.adopted) other.askForeign(app, 'adopted');
        else other.askForeign(app, session?.state === 'blocked' ? 'portHolder' : 'secondServer');
      });
      return;
    }
    const { app, processes } = question;
    window.question = undefined;
    witness.agreed(processes);
    scheduler.runAs(window.proc, 'a person agrees', () => {
      const session = window.sessions.get(app.spec.appKey);
      if (session?.adopted && random.chance(0.5)) window.stop(app, processes);
      else if (session?.adopted) window.restart(app, processes);
      else window.endForeign(app, session?.state === 'blocked' ? 'portHolder' : 'secondServer', processes);
    });
  }

  #reboot(): void {
    const { machine, witness, scopes, onReboot } = this.#options;
    onReboot();
    for (const scope of scopes) scope.reboot();
    machine.reboot();
    witness.rebooted();
    for (const scope of scopes) this.openWindow(scope);
  }

  #anyOf<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : this.#options.random.pick(items);
  }
}

function isStranger(proc: Proc): boolean {
  return proc.isAlive && (proc.name.startsWith('stranger') || proc.name.startsWith('innocent'));
}
