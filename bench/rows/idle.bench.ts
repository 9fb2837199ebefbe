/**
 * What it costs that everything is there and nobody does anything: requests that the app sees, CPU, wake-ups and timers, with
 * no window, with one and five real ones, and with ten and fifty clients. Instead: each window asks for `/` by itself, as
 * often, a server that was typed in a shell, at the same time.
 */
import type { Bench, BenchContext, Figure, Rival } from '../figures';
import { aliveTimers, type AliveTimers } from '../idle/aliveTimers';
import { compiledPages } from '../idle/compiledPages';
import { seenRequests } from '../idle/seenRequests';
import { areAtRest, measureSlices, type Rates } from '../idle/slices';
import { Stage } from '../idle/stage';

const SLICE_MS = 60_000;
const PROBE = /^GET \/__nextjs_server_status/;

interface Phase {
  readonly name: string;
  readonly watchers: number;
  readonly rates: Readonly<Record<Group, Rates>>;
  readonly requests: { readonly kept: readonly string[]; readonly typed: readonly string[] };
  readonly probesPerMinute: number;
  readonly newLines: { readonly kept: number; readonly typed: number };
}

type Group = 'host' | 'keptServer' | 'typedServer' | 'ours' | 'plain' | 'poller' | 'bareNode';

export const bench: Bench = async (context) => {
  const stage = await Stage.open(context);
  try {
    const { session } = await stage.ask();
    const phases: Phase[] = [];
    const measure = async (name: string, watchers: number) => {
      phases.push(await phase(context, stage, name, watchers));
    };
    await measure('no window', 0);
    for (const windows of [1, 5]) {
      context.say(`${windows} windows of a real editor open`);
      await stage.openWindows(windows);
      await measure(windows === 1 ? '1 window' : `${windows} windows`, windows);
    }
    context.say('timers of the extension hosts and of the host');
    const timers = await timersOf(stage);
    await stage.closeEditors();
    for (const clients of [10, 50]) {
      context.say(`${clients} clients come`);
      await stage.openClients(clients, session.appKey);
      await measure(`${clients} clients`, clients);
    }
    const pages = { kept: await compiledPages(stage.keptApp), typed: await compiledPages(stage.typedApp) };
    context.say(JSON.stringify({ phases, timers, pages }, null, 1));
    return figures(context, phases, timers, pages);
  } finally {
    await stage.close();
  }
};

async function phase(context: BenchContext, stage: Stage, name: string, watchers: number): Promise<Phase> {
  await stage.poll(watchers);
  const everybody = async () => [
    ...(await stage.ourExtensionHosts()),
    ...(await stage.plainExtensionHosts()),
    ...(await stage.keptServer()),
  ];
  if (!(await areAtRest(everybody))) context.say(`${name}: measured although it has not come to rest`);
  const before = { kept: (await stage.ask()).lines, typed: await stage.typedLines() };
  context.say(`${name}: ${context.rounds} × ${SLICE_MS / 1000} s`);
  const fromMs = Date.now();
  const rates = await measureSlices<Group>(
    {
      host: () => stage.host(),
      keptServer: () => stage.keptServer(),
      typedServer: () => stage.typedServer(),
      ours: () => stage.ourExtensionHosts(),
      plain: () => stage.plainExtensionHosts(),
      poller: () => stage.poller,
      bareNode: () => stage.bareNode,
    },
    context.rounds,
    SLICE_MS,
  );
  const toMs = Date.now();
  const { session, lines } = await stage.ask();
  if (session.windows !== watchers) throw new Error(`${name}: the host counts ${session.windows} windows`);
  const kept = seenRequests(stage.requestFiles.kept, fromMs, toMs);
  const typed = seenRequests(stage.requestFiles.typed, fromMs, toMs);
  const probes = kept.filter(({ what }) => PROBE.test(what)).map(({ atMs }) => atMs);
  return {
    name,
    watchers,
    rates,
    requests: { kept: kept.map(({ what }) => what), typed: typed.map(({ what }) => what) },
    probesPerMinute: ((probes.length - 1) * 60_000) / ((probes.at(-1) ?? NaN) - (probes[0] ?? NaN)),
    newLines: {
      kept: lines.length - before.kept.length,
      typed: (await stage.typedLines()).length - before.typed.length,
    },
  };
}

interface Timers {
  readonly ours: AliveTimers;
  readonly plain: AliveTimers;
  readonly host: AliveTimers;
}

async function timersOf(stage: Stage): Promise<Timers> {
  const [ours, plain, host] = [await stage.ourExtensionHosts(), await stage.plainExtensionHosts(), await stage.host()];
  return {
    ours: await aliveTimers(ours[0] ?? 0),
    plain: await aliveTimers(plain[0] ?? 0),
    host: await aliveTimers(host[0] ?? 0),
  };
}

const POLLED = '`GET /` each 15 s from each window';
const WITHOUT = 'an extension host without us';

function figures(
  { extensionsDir, rounds }: BenchContext,
  phases: readonly Phase[],
  timers: Timers,
  pages: { readonly kept: readonly string[]; readonly typed: readonly string[] },
): readonly Figure[] {
  const less = { better: 'less' } as const;
  const alone = phases[0]?.probesPerMinute ?? NaN;
  const minutes = (rounds * SLICE_MS) / 60_000;
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
      budget: { of: 'ours', most: 0 },
    },
    {
      ...less,
      what: 'pages that it compiles',
      unit: 'pages',
      ours: [pages.kept.length],
      rivals: [{ name: POLLED, samples: [pages.typed.length] }],
      budget: { of: 'ours', most: 0 },
    },
    {
      ...less,
      what: 'our timers alive in an idle window',
      unit: 'timers',
      ours: [timers.ours.timers.filter(({ script }) => script.includes(extensionsDir)).length],
      rivals: [],
      budget: { of: 'ours', most: 0 },
    },
    {
      ...less,
      what: 'all timers alive in its extension host',
      unit: 'timers',
      ours: [timers.ours.timers.length],
      rivals: [{ name: WITHOUT, samples: [timers.plain.timers.length] }],
    },
    { ...less, what: 'timers alive in the host', unit: 'timers', ours: [timers.host.timers.length], rivals: [] },
  ];
}
