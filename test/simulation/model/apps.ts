import type { LaunchSpec } from '../../../src/sessions/protocol';
import type { Behaviour, SimApp } from './machine';
import type { Random } from './random';

function spec(name: string, inode: number, port: number, more: Partial<LaunchSpec> = {}): LaunchSpec {
  return {
    appKey: `1:${inode}:${name}`,
    appName: name,
    type: 'web',
    folder: `/w/${name}`,
    command: ['pnpm', 'run', 'dev'],
    port,
    probe: { kind: 'http', method: 'GET', path: '/__nextjs_server_status' },
    env: {},
    ...more,
  };
}

const web = (more: Partial<LaunchSpec> = {}, hasLock = false): SimApp => ({
  name: 'web',
  spec: spec('web', 2, 3000, more),
  hasLock,
});

/** The workspaces to draw from; nobody changes them. */
export const workspaces: readonly (readonly SimApp[])[] = [
  [web()],
  [web({}, true)],
  [web({ install: ['pnpm', 'install'] })],
  // Two apps of one type that want the same port.
  [web(), { name: 'other', spec: spec('other', 3, 3000), hasLock: false }],
  [
    web({ onPortTaken: 'useNext' }, true),
    {
      name: 'mobile',
      spec: spec('mobile', 4, 8081, {
        type: 'mobile',
        fallback: { command: ['npx', 'expo', 'start', '--lan'], reason: 'tunnelUnavailable' },
      }),
      hasLock: false,
    },
  ],
];

export const wellBehaved: Behaviour = {
  forkMs: 30,
  listenMs: 300,
  tidyMs: 60,
  ignoresInt: false,
  ignoresTerm: false,
  crashAfterMs: undefined,
  exitCode: 0,
  hangAfterMs: undefined,
  status: 200,
  neverListens: false,
  otherPort: undefined,
  forksDaemon: false,
  unkillableMs: 0,
};

/** What a server may do that a good one would not; each schedule draws some. */
export const oddities = [
  'ignoresInt',
  'ignoresTerm',
  'crashes',
  'hangs',
  'answersWith500',
  'neverListens',
  'takesAnotherPort',
  'forksDaemon',
  'isUnkillable',
  'tidiesForLong',
] as const;

export type Oddity = (typeof oddities)[number];

/** A good server, whose times differ. */
export function drawGood(random: Random): Behaviour {
  return {
    ...wellBehaved,
    forkMs: random.between(1, 80),
    listenMs: random.between(20, 1500),
    tidyMs: random.between(5, 250),
  };
}

/** A server with some of these oddities. */
export function drawOdd(random: Random, app: SimApp, drawn: readonly Oddity[]): Behaviour {
  let behaviour = drawGood(random);
  for (const oddity of drawn) if (random.chance(0.6)) behaviour = { ...behaviour, ...oddityOf(oddity, random, app) };
  return behaviour;
}

function oddityOf(oddity: Oddity, random: Random, app: SimApp): Partial<Behaviour> {
  switch (oddity) {
    case 'ignoresInt':
      return { ignoresInt: true };
    case 'ignoresTerm':
      return { ignoresTerm: true };
    case 'crashes':
      return { crashAfterMs: random.pick([10, 900, 4000, 30_000]), exitCode: random.pick([0, 1, 1]) };
    case 'hangs':
      return { hangAfterMs: random.pick([0, 5000]) };
    case 'answersWith500':
      return { status: 500 };
    case 'neverListens':
      return { neverListens: true };
    case 'takesAnotherPort':
      return { otherPort: app.spec.port + 7 };
    case 'forksDaemon':
      return { forksDaemon: true };
    case 'isUnkillable':
      return { unkillableMs: random.pick([3000, 20_000]) };
    case 'tidiesForLong':
      return { tidyMs: random.between(1000, 6000) };
  }
}
