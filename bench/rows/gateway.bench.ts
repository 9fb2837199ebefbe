/** The preview gateway between a browser and a dev server, and behind code-server's path proxy, where it is used. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { startCodeServer } from '../../test/hosts/codeServer.mjs';
import type { Bench, Budget, Figure } from '../figures';
import { ASSET_REQUESTS, type Measures } from '../gateway/load';
import { measureWays, type Ways } from '../gateway/stage';
import { nextServer, plainServer, type Upstream } from '../gateway/upstreams';

/** DESIGN section 10. */
const latency: Budget = { of: 'difference', most: 1 };
const throughput: Budget = { of: 'ratio', least: 0.8 };

interface Quantity extends Pick<Figure, 'unit' | 'better'> {
  readonly what: string;
  readonly key: keyof Measures;
  readonly budget?: Budget;
}

const quantities: readonly Quantity[] = [
  { what: 'small answer', key: 'smallMs', unit: 'ms', better: 'less', budget: latency },
  { what: 'page, which gets our script', key: 'pageMs', unit: 'ms', better: 'less', budget: latency },
  { what: 'asset of 10 MB', key: 'assetMbPerSecond', unit: 'MB/s', better: 'more', budget: throughput },
  { what: '100 small answers at once', key: 'parallelMs', unit: 'ms', better: 'less' },
];

export const bench: Bench = async ({ rounds, dir, extensionDir, say }) => {
  const [workspace, temporary, assets] = ['w', 't', 'a'].map((name) => path.join(dir, name)) as [
    string,
    string,
    string,
  ];
  await Promise.all([workspace, temporary, assets].map((folder) => mkdir(folder)));
  // Its path proxy is wanted alone: no window is opened, and no extension is in it.
  const codeServer = await startCodeServer({
    workspace,
    userDataDir: path.join(dir, 'user'),
    extensionsDir: path.join(dir, 'none'),
    env: { TMPDIR: temporary },
  });
  try {
    const figures: Figure[] = [];
    for (const start of [() => plainServer(assets), () => nextServer(path.join(dir, 'app'))]) {
      const { upstream, measures } = await measureWays({
        start: async () => {
          const started = await start();
          say(`${started.title}: ${rounds} rounds`);
          return started;
        },
        gatewayFile: path.join(extensionDir, 'dist', 'gateway.js'),
        codeServerUrl: codeServer.url,
        rounds,
      });
      figures.push(...figuresOf(upstream, measures));
    }
    return figures;
  } finally {
    await codeServer.stop();
  }
};

function figuresOf({ title }: Upstream, measures: Ways<readonly Measures[]>): readonly Figure[] {
  const beside = (
    place: string,
    ours: keyof typeof measures,
    rival: [string, keyof typeof measures],
    pipe: keyof typeof measures,
  ) =>
    quantities.map(({ key, what, ...rest }): Figure => {
      const of = (way: keyof typeof measures) => measures[way].map((one) => one[key]);
      return {
        ...rest,
        what: `${place}: ${what}`,
        ours: of(ours),
        rivals: [{ name: rival[0], samples: of(rival[1]) }],
        limit: { name: 'a bare TCP pipe in its place', samples: of(pipe) },
      };
    });
  const cpu = (way: keyof typeof measures) => [
    measures[way].reduce((sum, one) => sum + one.assetCpuMs, 0) / (measures[way].length * ASSET_REQUESTS),
  ];
  return [
    ...beside(title, 'gateway', ['direct', 'direct'], 'pipe'),
    {
      what: `${title}: CPU of the process between for an asset, user and system`,
      unit: 'ms',
      better: 'less',
      ours: cpu('gateway'),
      rivals: [],
      limit: { name: 'a bare TCP pipe in its place', samples: cpu('pipe') },
    },
    ...beside(
      `${title}, by code-server’s /proxy/`,
      'proxyGateway',
      ['code-server’s proxy alone', 'proxy'],
      'proxyPipe',
    ),
  ];
}
