/**
 * What it costs that everything is there and nobody does anything: requests that the app sees, CPU, wake-ups and timers, with
 * no window, with one and five real ones, and with ten and fifty clients. Instead: each window asks for `/` by itself, as
 * often, a server that was typed in a shell, at the same time.
 */
import type { Bench, BenchContext } from '../figures';
import { aliveTimers } from '../idle/aliveTimers';
import { compiledPages } from '../idle/compiledPages';
import { restFigures, type Group, type Phase, type Timers } from '../idle/figures';
import { seenRequests } from '../idle/seenRequests';
import { areAtRest, measureSlices } from '../idle/slices';
import { Stage } from '../idle/stage';

const SLICE_MS = 60_000;
const PROBE = 'GET /__nextjs_server_status';

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
    const minutes = (context.rounds * SLICE_MS) / 60_000;
    return restFigures(phases, { timers, pages, minutes, extensionsDir: context.extensionsDir });
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
  const probes = kept.filter(({ what }) => what.startsWith(PROBE)).map(({ atMs }) => atMs);
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

async function timersOf(stage: Stage): Promise<Timers> {
  const [ours, plain, host] = [await stage.ourExtensionHosts(), await stage.plainExtensionHosts(), await stage.host()];
  return {
    ours: await aliveTimers(ours[0] ?? 0),
    plain: await aliveTimers(plain[0] ?? 0),
    host: await aliveTimers(host[0] ?? 0),
  };
}
