/**
 * Deliberate faults of the protocol, each with the invariant that it must break. `flaws` are put into the ports of the
 * model; `changes` replace a text of the source when it is bundled (the run fails if the text is not there any more).
 *
 * @typedef {object} Mutation
 * @property {string} name
 * @property {string} profile the worlds in which it shows
 * @property {readonly string[]} breaks invariants of which one must be broken
 * @property {Readonly<Record<string, boolean>>} [flaws]
 * @property {readonly import('../build.mjs').SourceChange[]} [changes]
 * @property {number} [schedules] how many it may take until it shows (default 3000)
 */

const host = 'src/sessions/host';

/** @type {readonly Mutation[]} */
export const mutations = [
  {
    name: 'no kernel lock for the host',
    profile: 'lives',
    breaks: ['one host serves', 'I1 one server'],
    flaws: { hostLockIsNone: true },
  },
  {
    name: 'no kernel lock, no app lock, no port check (fault 46)',
    profile: 'lives',
    breaks: ['I1 one server', 'one host serves'],
    flaws: { hostLockIsNone: true, appLockIsNone: true, everyPortIsFree: true, foreignServersAreNotFound: true },
  },
  { name: 'no app lock', profile: 'twoUsers', breaks: ['I1 one server'], flaws: { appLockIsNone: true } },
  {
    name: 'app lock released before the family is gone',
    profile: 'twoUsers',
    breaks: ['I1 one server'],
    changes: [
      {
        file: `${host}/serverLife.ts`,
        from: "failpoint('start.appLocked');",
        to: "signal.addEventListener('abort', () => this.#lock?.dispose(), { once: true });",
      },
    ],
  },
  { name: 'no reaper', profile: 'deaths', breaks: ['I2 no orphans'], flaws: { reapersDoNothing: true } },
  {
    name: 'no fencing',
    profile: 'deaths',
    breaks: ['I1 one server', 'I2 no orphans'],
    changes: [
      {
        file: `${host}/hostLife.ts`,
        from: 'fence.run(records)',
        to: 'Promise.resolve(records.readAll())',
      },
    ],
  },
  {
    name: 'served before it is fenced',
    profile: 'deaths',
    breaks: ['I1 one server', 'I2 no orphans'],
    changes: [
      {
        file: `${host}/hostLife.ts`,
        from: 'await Promise.all([fence.run(records), ports.terminals()])',
        to: '(void fence.run(records), [records.readAll(), await ports.terminals()] as const)',
      },
    ],
  },
  {
    name: 'record trusted unverified: a pid alone is an identity',
    profile: 'deaths',
    breaks: ['I6 no stranger is signalled'],
    flaws: { pidIsTrusted: true },
    schedules: 20_000,
  },
  {
    name: 'record trusted unverified: neither its liveness nor the leader of the group is asked for',
    profile: 'deaths',
    breaks: ['I6 no stranger is signalled'],
    changes: [
      { file: `${host}/fence.ts`, from: "if (liveness !== 'alive') continue;", to: '' },
      { file: `${host}/processFamily.ts`, from: 'all.some((info) => hasTakenOver(info, marks))', to: 'false' },
    ],
  },
  {
    name: 'port check dropped',
    profile: 'ports',
    breaks: ['a taken port is left alone'],
    flaws: { everyPortIsFree: true },
  },
  {
    name: 'servers of others are not looked for',
    profile: 'adoption',
    breaks: ['a taken port is left alone', 'I3 gets there', 'a crash loop ends'],
    flaws: { foreignServersAreNotFound: true, everyPortIsFree: true },
  },
  {
    name: 'adopted group signalled',
    profile: 'adoption',
    breaks: ['I6 no stranger is signalled'],
    changes: [
      {
        file: `${host}/foreignServers.ts`,
        from: 'for (const info of left) await deps.processes.signal(info, signal);',
        to: 'for (const info of left) deps.processes.signalGroup((info as ProcessInfo).pgid, signal);',
      },
    ],
  },
  {
    name: 'confirmation not checked',
    profile: 'adoption',
    breaks: ['I6 no stranger is signalled'],
    changes: [
      {
        file: `${host}/foreignTargets.ts`,
        from: 'if (members.length === 0 || !covers(confirmed, members)) throw',
        to: 'if (members.length === 0) throw',
      },
      {
        file: `${host}/serverLife.ts`,
        from: 'confirmed && listener ?',
        to: 'listener ?',
      },
      {
        file: `${host}/serverLife.ts`,
        from: 'family.filter((info) => covers(confirmed, [info])),',
        to: 'family,',
      },
    ],
  },
  {
    name: 'SIGTERM before SIGINT',
    profile: 'zombies',
    breaks: ['no zombies'],
    changes: [
      { file: `${host}/stopLadder.ts`, from: "{ signal: 'SIGINT' as const", to: "{ signal: 'SIGTERM' as const" },
    ],
  },
  {
    name: 'a second SIGINT after a typed Ctrl+C',
    profile: 'secondSignal',
    breaks: ['no zombies'],
    changes: [{ file: `${host}/stopLadder.ts`, from: 'isSent: options.interrupted !== true', to: 'isSent: true' }],
  },
  {
    name: 'sticky stop ignored on auto-start',
    profile: 'stops',
    breaks: ['I4 a stop stands'],
    changes: [
      {
        file: `${host}/session.ts`,
        from: 'if (!isPerson && this.#wanted.isSticky) return this.snapshot();',
        to: '',
      },
    ],
  },
  {
    name: 'a stop is on record only when it is done',
    profile: 'stops',
    breaks: ['I4 a stop stands'],
    changes: [{ file: `${host}/session.ts`, from: "if (wish.kind !== 'look') this.#save();", to: '' }],
  },
  {
    name: 'Ctrl+C asked for after the tidying instead of at the exit',
    profile: 'interrupts',
    breaks: ['I4 a stop stands'],
    changes: [
      {
        file: `${host}/sessionRun.ts`,
        from: 'if (wasInterrupted) context.onInterrupted();\n      else if (isReady)',
        to: 'if (isReady)',
      },
      {
        file: `${host}/sessionRun.ts`,
        from: 'const portTaken = ready === undefined',
        to: 'if (context.wasInterrupted()) context.onInterrupted();\n    const portTaken = ready === undefined',
      },
    ],
  },
  {
    name: 'Ctrl+C judged by the wall clock',
    profile: 'interrupts',
    breaks: ['I4 a stop stands'],
    changes: [
      {
        file: `${host}/sessionTerminal.ts`,
        from: 'return this.#clock.nowMs() - this.#interruptedAtMs < INTERRUPT_WINDOW_MS;',
        to: 'return this.#clock.wallMs() - this.#interruptedAtMs < INTERRUPT_WINDOW_MS;',
      },
      {
        file: `${host}/sessionTerminal.ts`,
        from: 'this.#interruptedAtMs = this.#clock.nowMs();',
        to: 'this.#interruptedAtMs = this.#clock.wallMs();',
      },
    ],
  },
  {
    name: 'second start not joined',
    profile: 'quiet',
    breaks: ['nothing ends unasked'],
    changes: [
      {
        file: `${host}/session.ts`,
        from: 'if (isOn && !(isPerson && isHeldUp)) {',
        to: 'if (isOn && !(isPerson && isHeldUp) && Number(0) > 0) {',
      },
    ],
  },
  {
    name: 'no double check before a host is spawned',
    profile: 'quiet',
    breaks: ['no host in vain'],
    changes: [
      {
        file: 'src/sessions/connectOrLaunch.ts',
        from: "return found ?? spawnAndConnect(ports, replacing?.kind === 'hung');",
        to: "return spawnAndConnect(ports, replacing?.kind === 'hung');",
      },
    ],
  },
  {
    name: 'unknown liveness counted as dead',
    profile: 'fogAtFence',
    breaks: ['I1 one server'],
    flaws: { unknownIsDead: true },
  },
  {
    name: 'cookie not looked for',
    profile: 'deaths',
    breaks: ['I1 one server', 'I2 no orphans'],
    flaws: { cookiesAreNotFound: true },
  },
  {
    name: 'stop not waiting for all',
    profile: 'stops',
    breaks: ['a stop is true', 'I1 one server'],
    changes: [
      {
        file: `${host}/stopLadder.ts`,
        from: 'await until(clock, rung.waitMs, async () => (await stillAlive(processes, members)).length === 0);',
        to: 'return [];',
      },
    ],
  },
  {
    name: 'the last look is not taken twice',
    profile: 'daemons',
    breaks: ['I1 one server', 'I2 no orphans', 'a stop is true'],
    changes: [
      {
        file: `${host}/stopLadder.ts`,
        from: 'return members.length > 0 ? members : await collect();',
        to: 'return members;',
      },
    ],
    schedules: 30_000,
  },
  {
    name: 'leftovers are forgotten',
    profile: 'leftovers',
    breaks: ['I1 one server'],
    changes: [
      {
        file: `${host}/serverLife.ts`,
        from: "if (!(await this.endLeftovers())) return 'leftBehind';",
        to: '',
      },
    ],
  },
  {
    name: 'what the fence could not settle is no obstacle',
    profile: 'unkillable',
    breaks: ['I1 one server'],
    changes: [
      {
        file: `${host}/serverLife.ts`,
        from: 'const left = this.#deps.obstacle?.(wanted.spec.appKey);',
        to: 'const left = undefined as Reason | undefined;',
      },
    ],
  },
  {
    name: 'crashes are not counted',
    profile: 'fault-13',
    breaks: ['a crash loop ends'],
    changes: [
      {
        file: `${host}/restartPolicy.ts`,
        from: "if (crashes >= MAX_CRASHES) return { policy: { crashes }, next: 'giveUp' };",
        to: '',
      },
    ],
  },
  {
    name: 'a host that is busy goes for want of clients',
    profile: 'lives',
    breaks: ['nothing ends unasked', 'I2 no orphans', 'I3 gets there'],
    changes: [
      {
        file: `${host}/sessionHost.ts`,
        from: 'const isBusy = this.#clients.size > 0 ||',
        to: 'const isBusy = false &&',
      },
    ],
  },
  {
    name: 'a busy host makes room for a newer one',
    profile: 'upgrades',
    breaks: ['nothing ends unasked'],
    changes: [
      {
        file: `${host}/hostLife.ts`,
        from: "if (!force && host.snapshots().some(({ state }) => isActive(state))) return 'busy';",
        to: '',
      },
      // The client is the first to look.
      {
        file: 'src/sessions/hostClient.ts',
        from: '[...older.values()].some(({ state }) => isActive(state))) return;',
        to: 'older.size < 0) return;',
      },
    ],
  },
  {
    name: 'a host that finds the lock held serves all the same',
    profile: 'lives',
    breaks: ['one host serves'],
    changes: [
      {
        file: `${host}/hostLife.ts`,
        from: "exit(HOST_EXIT.done, { kind: 'lockHeld', pid: holder?.pid, uid: holder?.uid });\n    return undefined;",
        to: '',
      },
    ],
  },
];
