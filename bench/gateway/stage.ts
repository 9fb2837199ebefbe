import path from 'node:path';
import { GatewayProcess } from '../../test/integration/support/gatewayProcess';
import { startListener } from './listener';
import { measure, type Measures, type Way } from './load';
import type { Upstream } from './upstreams';

/** The ways to a server, in the order in which a round goes them. */
export type Ways<T> = Readonly<Record<'direct' | 'gateway' | 'pipe' | 'proxy' | 'proxyGateway' | 'proxyPipe', T>>;

export interface StageOptions {
  readonly start: () => Promise<Upstream>;
  /** The gateway's bundle. */
  readonly gatewayFile: string;
  /** Address of a code-server, without a slash at its end. */
  readonly codeServerUrl: string;
  readonly rounds: number;
}

/**
 * Measures all ways to one server, in turn in each round and backwards in every second, so that whatever else the machine
 * does meets all of them. Server, gateway, pipe, code-server and client are processes of their own, as in life. Ends what it
 * has started.
 */
export async function measureWays(options: StageOptions): Promise<{
  readonly upstream: Upstream;
  readonly measures: Ways<readonly Measures[]>;
}> {
  const upstream = await options.start();
  const ends: (() => Promise<void>)[] = [upstream.stop];
  try {
    const gateway = new GatewayProcess(options.gatewayFile);
    ends.push(() => gateway.stop());
    const gatewayPort = await gateway.serve('bench', upstream.port);
    const pipe = await startListener('pipe.program.js', [String(upstream.port)]);
    ends.push(pipe.stop);
    const direct = (port: number, of: Partial<Way> = {}): Way => {
      return { url: `http://127.0.0.1:${port}`, hasGateway: false, ...of };
    };
    const proxied = (port: number, of: Partial<Way> = {}): Way => {
      return { ...direct(port, of), url: `${options.codeServerUrl}/${path.posix.join('proxy', String(port))}` };
    };
    const ways: Ways<Way> = {
      direct: direct(upstream.port),
      gateway: direct(gatewayPort, { hasGateway: true, pid: gateway.pid }),
      pipe: direct(pipe.port, { pid: pipe.pid }),
      proxy: proxied(upstream.port),
      proxyGateway: proxied(gatewayPort, { hasGateway: true, pid: gateway.pid }),
      proxyPipe: proxied(pipe.port, { pid: pipe.pid }),
    };
    const measures = await rounds(ways, upstream, options.rounds);
    return { upstream, measures };
  } finally {
    await Promise.all(ends.map((end) => end()));
  }
}

async function rounds(ways: Ways<Way>, { load }: Upstream, count: number): Promise<Ways<readonly Measures[]>> {
  const measures: Ways<Measures[]> = { direct: [], gateway: [], pipe: [], proxy: [], proxyGateway: [], proxyPipe: [] };
  const names = Object.keys(ways) as (keyof Ways<Way>)[];
  for (const name of names) await measure(ways[name], load); // Until the code is compiled.
  for (let round = 0; round < count; round++)
    for (const name of round % 2 === 0 ? names : names.toReversed())
      measures[name].push(await measure(ways[name], load));
  return measures;
}
