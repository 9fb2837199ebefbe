import type { WorldOptions } from './world';

/** Worlds for one purpose: the faults of the catalogue with layer S, and the corners that a mutation is looked for in. */
export const profiles: Readonly<Record<string, Omit<WorldOptions, 'seed' | 'trace'>>> = {
  all: {},
  // Faults of the catalogue.
  'fault-13': { users: 1, oddities: ['crashes'], deeds: ['openWindow', 'passTime', 'passTime'], steps: 700 },
  'fault-20': { oddities: [], deeds: ['userStart', 'userStop', 'userRestart', 'openWindow'] },
  'fault-28': { deeds: ['reboot', 'killHost', 'reusePid', 'openWindow', 'userStop'] },
  'fault-29': {
    deeds: ['jumpWall', 'ctrlC', 'userStop', 'userStart', 'openWindow', 'closeWindow', 'pauseHost', 'pauseWindow'],
  },
  'fault-30': { deeds: ['spoilRecord', 'killHost', 'openWindow', 'userStart'] },
  'fault-46': {
    users: 1,
    deeds: ['openWindow', 'closeWindow', 'pauseHost', 'killHost'],
    flaws: { hostLockIsNone: true },
  },
  'fault-46-ports': {
    users: 1,
    deeds: ['openWindow', 'closeWindow', 'pauseHost', 'killHost'],
    flaws: { hostLockIsNone: true, appLockIsNone: true, everyPortIsFree: true, foreignServersAreNotFound: true },
  },
  // Corners.
  quiet: { oddities: [], deeds: ['openWindow', 'userStart'], users: 1 },
  lives: {
    users: 1,
    deeds: ['killHost', 'pauseHost', 'openWindow', 'closeWindow', 'userStart', 'userStop', 'deleteSocket'],
  },
  deaths: {
    users: 1,
    oddities: ['ignoresInt', 'ignoresTerm', 'forksDaemon'],
    deeds: ['killHost', 'killServer', 'killReaper', 'openWindow', 'userStart', 'reusePid'],
  },
  stops: {
    users: 1,
    oddities: ['ignoresInt', 'tidiesForLong', 'forksDaemon'],
    deeds: ['userStop', 'userStart', 'userRestart', 'openWindow', 'closeWindow', 'killHost'],
  },
  adoption: {
    users: 1,
    oddities: ['ignoresInt'],
    deeds: [
      'agentStarts',
      'agentEnds',
      'endForeign',
      'endForeign',
      'userStop',
      'userRestart',
      'killServer',
      'openWindow',
    ],
  },
  ports: {
    users: 1,
    oddities: [],
    deeds: ['strangerTakesPort', 'strangerFreesPort', 'userRestart', 'userStop', 'userStart', 'openWindow', 'passTime'],
  },
  fog: { users: 1, deeds: ['fog', 'killHost', 'killReaper', 'openWindow', 'userStart'] },
  fogAtFence: {
    users: 1,
    oddities: ['ignoresInt', 'ignoresTerm', 'forksDaemon'],
    deeds: ['fog', 'killHost', 'killReaper', 'killReaper', 'openWindow'],
    steps: 400,
  },
  unkillable: {
    users: 1,
    oddities: ['isUnkillable', 'neverListens'],
    deeds: ['killHost', 'openWindow', 'userStart', 'passTime', 'passTime'],
    steps: 300,
  },
  twoUsers: {
    users: 2,
    oddities: ['tidiesForLong', 'ignoresInt'],
    deeds: ['userStart', 'userStop', 'userRestart', 'openWindow', 'closeWindow'],
  },
  zombies: {
    users: 1,
    initNeverReaps: true,
    oddities: [],
    deeds: ['userStop', 'userStart', 'userRestart', 'openWindow'],
  },
  secondSignal: {
    users: 1,
    initNeverReaps: true,
    oddities: ['tidiesForLong'],
    deeds: ['ctrlC', 'userStop', 'userStart', 'passTime'],
  },
  interrupts: {
    users: 1,
    oddities: ['tidiesForLong', 'forksDaemon'],
    deeds: ['ctrlC', 'ctrlC', 'userStop', 'userStart', 'openWindow', 'jumpWall', 'passTime', 'passTime'],
    steps: 400,
  },
  daemons: { users: 1, oddities: ['forksDaemon'], deeds: ['killServer', 'killServer', 'userRestart'], steps: 250 },
  leftovers: {
    users: 1,
    oddities: ['isUnkillable'],
    deeds: ['userStop', 'userStart', 'userRestart', 'openWindow', 'passTime'],
    steps: 400,
  },
  twoUsersLeftovers: {
    users: 2,
    oddities: ['isUnkillable', 'neverListens'],
    deeds: ['userStart', 'userStop', 'userRestart', 'openWindow'],
    steps: 400,
  },
  upgrades: { users: 1, deeds: ['upgrade', 'openWindow', 'closeWindow', 'userStart', 'userStop', 'replaceOlder'] },
};
