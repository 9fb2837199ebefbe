/**
 * The benchmark of DESIGN section 10, row "gateway against direct": both in the same run and in turn, so that whatever else
 * the machine does meets both. Upstream, gateway and client are processes of their own, as in life.
 */
import os from 'node:os';
import { GatewayProcess } from '../../test/integration/support/gatewayProcess';
import { measure, median, type Measures } from './load';
import { nextServer, plainServer, type Upstream } from './upstreams';

export interface BenchOptions {
  readonly gatewayFile: string;
  /** Of the plain server. */
  readonly upstreamFile: string;
  /** Made anew for the app of Next.js. */
  readonly appFolder: string;
  readonly rounds: number;
}

/** Runs the rounds with each server, one server at a time, and gives the result as Markdown; ends what it has started. */
export async function bench({ gatewayFile, upstreamFile, appFolder, rounds }: BenchOptions): Promise<string> {
  const tables: string[] = [];
  for (const start of [() => plainServer(upstreamFile), () => nextServer(appFolder)]) {
    const upstream = await start();
    const gateway = new GatewayProcess(gatewayFile);
    try {
      tables.push(await table(upstream, await gateway.serve('bench', upstream.port), rounds));
    } finally {
      await Promise.all([upstream.stop(), gateway.stop()]);
    }
  }
  return [...conditions(rounds), '', ...tables].join('\n');
}

async function table(upstream: Upstream, gatewayPort: number, rounds: number): Promise<string> {
  const ports = { direct: upstream.port, gateway: gatewayPort };
  const results: Record<keyof typeof ports, Measures[]> = { direct: [], gateway: [] };
  for (const port of Object.values(ports)) await measure(port, upstream.load); // Until the code is compiled.
  for (let round = 0; round < rounds; round++)
    for (const which of round % 2 === 0 ? (['direct', 'gateway'] as const) : (['gateway', 'direct'] as const))
      results[which].push(await measure(ports[which], upstream.load));
  return [`## ${upstream.title}`, '', ...report(results.direct, results.gateway), ''].join('\n');
}

const rows = [
  ['small answer, one after another', 'smallMs', 'ms'],
  ['page, gets our script, one after another', 'pageMs', 'ms'],
  ['asset of 10 MB', 'assetMbPerSecond', 'MB/s'],
  ['100 small answers at once, until the last', 'parallelMs', 'ms'],
] as const;

function report(direct: readonly Measures[], gateway: readonly Measures[]): string[] {
  const cells = rows.map(([title, key, unit]) => {
    const [one, other] = [direct, gateway].map((all) => all.map((measures) => measures[key])) as [number[], number[]];
    // Of the pairs, not of the medians: both sides of a pair met the same minute.
    const ratios = other.map((value, index) => value / (one[index] ?? NaN));
    const more = other.map((value, index) => value - (one[index] ?? NaN));
    const range = `${fixed(Math.min(...ratios))} to ${fixed(Math.max(...ratios))}`;
    return `| ${title} | ${fixed(median(one))} ${unit} | ${fixed(median(other))} ${unit} | ${fixed(median(more))} ${unit} | ${fixed(median(ratios))} (${range}) |`;
  });
  return ['| what | direct | gateway | difference | ratio (range) |', '|---|---|---|---|---|', ...cells];
}

function conditions(rounds: number): string[] {
  const gb = Math.round(os.totalmem() / 2 ** 30);
  return [
    `- ${rounds} rounds with each server, direct and through the gateway in turn; medians over the rounds, ratios of the two halves of a round`,
    `- ${os.availableParallelism()} cores for client, server and gateway, ${gb} GB, ${os.platform()} ${os.arch()}, Node ${process.versions.node}, load ${fixed(os.loadavg()[0] ?? NaN)}`,
    '- the budget (DESIGN section 10): at most 1 ms more at the median, at least 0.8 of the throughput',
  ];
}

function fixed(value: number): string {
  return value.toFixed(Math.abs(value) < 10 ? 2 : 0);
}
