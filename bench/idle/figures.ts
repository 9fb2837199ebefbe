/** Figures of machines at rest: ours beside windows that ask for `/` by themselves, and beside nobody. */
import path from 'node:path';
import type { Figure, Rival } from '../figures';
import type { AliveTimers } from './aliveTimers';
import type { Rates } from './slices';

/** Processes that are measured together. */
export type Group = 'host' | 'keptServer' | 'typedServer' | 'ours' | 'plain' | 'poller' | 'bareNode';

/** What was seen while so many watched. */
export interface Phase {
  readonly name: string;
  readonly watchers: number;
  readonly rates: Readonly<Record<Group, Rates>>;
  readonly requests: { readonly kept: readonly string[]; readonly typed: readonly string[] };
  readonly probesPerMinute: number;
  readonly newLines: { readonly kept: number; readonly typed: number };
}

/** Of an extension host with us, of one without, and of the session host. */
export interface Timers {
  readonly ours: AliveTimers;
  readonly plain: AliveTimers;
  readonly host: AliveTimers;
}

interface Together {
  readonly timers: Timers;
  /** What each app has compiled in the end. */
  readonly pages: { readonly kept: readonly string[]; readonly typed: readonly string[] };
  /** Of one phase. */
  readonly minutes: number;
  /** Where the extensions lie whose timers are ours. */
  readonly extensionsDir: string;
}

const POLLED = '`GET /` each 15 s from each window';
const WITHOUT = 'an extension host without us';

/** Each timer's delay, and the file that it was written in, as far as the engine knows it. */
function places({ timers }: AliveTimers): string {
  const texts = timers.map(({ delayMs, script, line }) => {
    const place = script === '' ? 'a promise’s' : `${path.basename(script)}:${line + 1}`;
    return `${delayMs} ms ${place}`;
  });
  return texts.sort().join(', ');
}

/** The figures of each phase, then those of all of them together. */
export function restFigures(
  phases: readonly Phase[],
  { timers, pages, minutes, extensionsDir }: Together,
): readonly Figure[] {
  const less = { better: 'less' } as const;
  const alone = phases[0]?.probesPerMinute ?? NaN;
  const ofPhase = ({ name, watchers, rates, requests, probesPerMinute }: Phase): readonly Figure[] => {
    const polled = (samples: readonly number[]): readonly Rival[] =>
      watchers === 0 ? [] : [{ name: POLLED, samples: [...samples] }];
    const hosts = name.includes('window') && watchers > 0;
    const perWindow = (samples: readonly number[]) => samples.map((sample) => sample / watchers);
    return [
      {
        ...less,
        what: `${name}: requests that the app sees`,
        unit: 'a minute',
        ours: [requests.kept.length / minutes],
        rivals: polled([requests.typed.length / minutes]),
      },
      {
        ...less,
        what: `${name}: probes`,
        unit: 'a minute',
        ours: [probesPerMinute],
        rivals: watchers === 0 ? [] : [{ name: 'with no window', samples: [alone] }],
        ...(watchers === 0 ? {} : { budget: { of: 'ratio', most: 1.1, least: 0.9 } }),
      },
      {
        ...less,
        what: `${name}: CPU of the host`,
        unit: 's an hour',
        ours: rates.host.cpuSecondsPerHour,
        rivals: polled(rates.poller.cpuSecondsPerHour).map((rival) => ({ ...rival, name: 'who polls' })),
        limit: { name: 'a bare Node', samples: rates.bareNode.cpuSecondsPerHour },
      },
      {
        ...less,
        what: `${name}: wake-ups of the host`,
        unit: 'a minute',
        ours: rates.host.wakeUpsPerMinute,
        rivals: polled(rates.poller.wakeUpsPerMinute).map((rival) => ({ ...rival, name: 'who polls' })),
        limit: { name: 'a bare Node', samples: rates.bareNode.wakeUpsPerMinute },
      },
      {
        ...less,
        what: `${name}: CPU of the app’s processes`,
        unit: 's an hour',
        ours: rates.keptServer.cpuSecondsPerHour,
        rivals:
          watchers === 0
            ? [{ name: 'typed, nobody asks it', samples: rates.typedServer.cpuSecondsPerHour }]
            : polled(rates.typedServer.cpuSecondsPerHour),
      },
      ...(hosts
        ? [
            {
              ...less,
              what: `${name}: CPU of an extension host`,
              unit: 's an hour',
              ours: perWindow(rates.ours.cpuSecondsPerHour),
              rivals: [{ name: WITHOUT, samples: rates.plain.cpuSecondsPerHour }],
            },
            {
              ...less,
              what: `${name}: wake-ups of an extension host`,
              unit: 'a minute',
              ours: perWindow(rates.ours.wakeUpsPerMinute),
              rivals: [{ name: WITHOUT, samples: rates.plain.wakeUpsPerMinute }],
            },
          ]
        : []),
    ];
  };
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  return [
    ...phases.flatMap(ofPhase),
    {
      ...less,
      what: 'lines that all this adds to the app’s log',
      unit: 'lines',
      ours: [sum(phases.map(({ newLines }) => newLines.kept))],
      rivals: [{ name: POLLED, samples: [sum(phases.map(({ newLines }) => newLines.typed))] }],
      budget: { of: 'ours', most: 0, isOfEach: true },
    },
    {
      ...less,
      what: 'pages that it compiles',
      unit: 'pages',
      ours: [pages.kept.length],
      rivals: [{ name: POLLED, samples: [pages.typed.length] }],
      budget: { of: 'ours', most: 0, isOfEach: true },
    },
    {
      ...less,
      what: 'our timers alive in an idle window',
      unit: 'timers',
      ours: [timers.ours.timers.filter(({ script }) => script.includes(extensionsDir)).length],
      rivals: [],
      budget: { of: 'ours', most: 0, isOfEach: true },
    },
    {
      ...less,
      what: 'all timers alive in its extension host',
      unit: 'timers',
      ours: [timers.ours.timers.length],
      rivals: [{ name: WITHOUT, samples: [timers.plain.timers.length] }],
      note: `with us: ${places(timers.ours)}; without: ${places(timers.plain)}`,
    },
    { ...less, what: 'timers alive in the host', unit: 'timers', ours: [timers.host.timers.length], rivals: [] },
  ];
}
