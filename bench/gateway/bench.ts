/**
 * The benchmark of DESIGN section 10, row "gateway against direct": both in the same run and in turn, so that whatever else
 * the machine does meets both. Upstream, gateway and client are three processes, as in life.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { GatewayProcess } from '../../test/integration/support/gatewayProcess';
import { measure, median, type Measures } from './load';

export interface BenchOptions {
  readonly gatewayFile: string;
  readonly upstreamFile: string;
  readonly rounds: number;
}

/** Runs the rounds and gives the result as Markdown; ends what it has started. */
export async function bench({ gatewayFile, upstreamFile, rounds }: BenchOptions): Promise<string> {
  const upstream = spawn(process.execPath, [upstreamFile], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gateway = new GatewayProcess(gatewayFile);
  try {
    const [line] = (await once(upstream.stdout, 'data')) as [Buffer];
    const directPort = Number(line.toString());
    const gatewayPort = await gateway.serve('bench', directPort);
    const ports = { direct: directPort, gateway: gatewayPort };
    const results: Record<keyof typeof ports, Measures[]> = { direct: [], gateway: [] };
    for (const port of Object.values(ports)) await measure(port); // Until the code is compiled.
    for (let round = 0; round < rounds; round++)
      for (const which of round % 2 === 0 ? (['direct', 'gateway'] as const) : (['gateway', 'direct'] as const))
        results[which].push(await measure(ports[which]));
    return report(results.direct, results.gateway);
  } finally {
    upstream.stdin.end();
    await gateway.stop();
  }
}

const rows = [
  ['small answer (1 KB), one after another', 'smallMs', 'ms'],
  ['page (30 KB, gets our script), one after another', 'pageMs', 'ms'],
  ['asset of 10 MB', 'assetMbPerSecond', 'MB/s'],
  ['100 small answers at once, until the last', 'parallelMs', 'ms'],
] as const;

function report(direct: readonly Measures[], gateway: readonly Measures[]): string {
  const cells = rows.map(([title, key, unit]) => {
    const [one, other] = [direct, gateway].map((all) => all.map((measures) => measures[key])) as [number[], number[]];
    // Of the pairs, not of the medians: both sides of a pair met the same minute.
    const ratios = other.map((value, index) => value / (one[index] ?? NaN));
    const more = other.map((value, index) => value - (one[index] ?? NaN));
    const range = `${fixed(Math.min(...ratios))} to ${fixed(Math.max(...ratios))}`;
    return `| ${title} | ${fixed(median(one))} ${unit} | ${fixed(median(other))} ${unit} | ${fixed(median(more))} ${unit} | ${fixed(median(ratios))} (${range}) |`;
  });
  const gb = Math.round(os.totalmem() / 2 ** 30);
  return [
    `- ${direct.length} rounds, direct and through the gateway in turn; medians over the rounds, ratios of the two halves of a round`,
    `- ${os.availableParallelism()} cores, ${gb} GB, ${os.platform()} ${os.arch()}, Node ${process.versions.node}, load ${fixed(os.loadavg()[0] ?? NaN)}`,
    '- the budget (DESIGN section 10): at most 1 ms more at the median, at least 0.8 of the throughput',
    '',
    '| what | direct | gateway | difference | ratio (range) |',
    '|---|---|---|---|---|',
    ...cells,
  ].join('\n');
}

function fixed(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}
