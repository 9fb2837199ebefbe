/** The matrix of the preview's tests, and the rows of it that meet every pair. */
import type { Sample } from '../../hosts/previewSamples.mjs';

/** How a person comes to the app; the first two lie behind code-server's path proxy. */
export type Way = 'panel' | 'tab' | 'localhost';

export interface Row extends Sample {
  readonly way: Way;
}

const values = {
  version: ['16.4', '16.1', '15.5', '14.2'],
  router: ['app', 'pages'],
  bundler: ['turbopack', 'webpack'],
  basePath: ['', '/shop'],
  way: ['panel', 'tab', 'localhost'],
} as const satisfies { readonly [K in keyof Row]: readonly Row[K][] };

const factors = Object.keys(values) as (keyof Row)[];

/** Every pair of values on the fewest servers: two a version. A test proves that none is missing. */
export const pairwiseRows: readonly Row[] = [
  ...rowsOf({ version: '16.4', router: 'app', bundler: 'turbopack', basePath: '' }, ['panel', 'tab']),
  ...rowsOf({ version: '16.4', router: 'pages', bundler: 'webpack', basePath: '/shop' }, ['localhost']),
  ...rowsOf({ version: '16.1', router: 'app', bundler: 'webpack', basePath: '/shop' }, ['panel']),
  ...rowsOf({ version: '16.1', router: 'pages', bundler: 'turbopack', basePath: '' }, ['localhost', 'tab']),
  ...rowsOf({ version: '15.5', router: 'app', bundler: 'turbopack', basePath: '/shop' }, ['localhost', 'tab']),
  ...rowsOf({ version: '15.5', router: 'pages', bundler: 'webpack', basePath: '' }, ['panel']),
  ...rowsOf({ version: '14.2', router: 'app', bundler: 'webpack', basePath: '' }, ['panel', 'tab']),
  ...rowsOf({ version: '14.2', router: 'pages', bundler: 'turbopack', basePath: '/shop' }, ['localhost']),
];

/** All combinations. */
export function allRows(): readonly Row[] {
  let rows: readonly Partial<Row>[] = [{}];
  for (const factor of factors)
    rows = rows.flatMap((row) => values[factor].map((value) => ({ ...row, [factor]: value })));
  return rows as readonly Row[];
}

/** The pairs of values that no row has. */
export function missingPairs(rows: readonly Row[]): readonly string[] {
  const pairsOf = (row: Row) =>
    factors.flatMap((one, index) =>
      factors.slice(index + 1).map((other) => `${one}=${row[one]} ${other}=${row[other]}`),
    );
  const met = new Set(rows.flatMap(pairsOf));
  return [...new Set(allRows().flatMap(pairsOf))].filter((pair) => !met.has(pair));
}

/** The rows by the server that they share. */
export function byServer(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = `Next.js ${row.version}, ${row.router} router, ${row.bundler}${row.basePath && `, at ${row.basePath}`}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return groups;
}

function rowsOf(sample: Sample, ways: readonly Way[]): readonly Row[] {
  return ways.map((way) => ({ ...sample, way }));
}
