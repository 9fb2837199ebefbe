import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { median, quantile, ratios, type Figure } from '../../bench/figures';
import { rows } from '../../bench/rows.mjs';
import { missed, shortTable, table } from '../../bench/table.program';
import { repoRoot } from '../contract/support/hostRig';

describe('the benchmarks', () => {
  const figure: Figure = {
    what: 'server killed → shown',
    unit: 'ms',
    better: 'less',
    ours: [40, 50, 90],
    rivals: [{ name: 'a poll', samples: [4000, 10_000, 3000] }],
    budget: { of: 'ours', most: 100 },
  };
  const row = (figures: readonly Figure[]) => [{ name: 'notice', title: 'Notice', figures }];
  const cells = (text: string): string[] => text.split('|').map((cell) => cell.trim());

  it('have a file for each row that they name, and no other', () => {
    const files = readdirSync(path.join(repoRoot, 'bench/rows')).filter((name) => name.endsWith('.bench.ts'));
    assert.deepEqual(files.map((name) => name.replace('.bench.ts', '')).sort(), Object.keys(rows).sort());
  });

  it('start programs that the build makes', () => {
    const bench = path.join(repoRoot, 'bench');
    const sources = readdirSync(bench, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const named = sources.flatMap((file) =>
      [
        ...readFileSync(path.join(bench, file), 'utf8').matchAll(/['`](?:out\/test\/)?(\w+\/[\w/]+\.program)\.js['`]/g),
      ].map(([, program = '']) => program),
    );
    assert.ok(named.length >= 9, named.join(', '));
    const isThere = (program: string) =>
      existsSync(path.join(repoRoot, program.startsWith('bench/') ? '' : 'test', `${program}.ts`));
    assert.deepEqual(
      named.filter((program) => !isThere(program)),
      [],
    );
  });

  it('take the middle of what was measured, and between two values what lies between', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([4, 1]), 2.5);
    assert.equal(quantile([0, 10, 20, 30, 40], 0.25), 10);
    assert.ok(Number.isNaN(median([])));
  });

  it('compare what was measured in turn pair by pair, and medians otherwise', () => {
    assert.deepEqual(ratios([10, 40], [20, 20]), [0.5, 2]);
    assert.deepEqual(ratios([10, 20, 30], [40, 40]), [0.5]);
  });

  it('show ours, the other, the ratio and the budget in a line, with the middle half in brackets', () => {
    const line = table(row([figure])).split('\n')[3] ?? '';
    assert.deepEqual(cells(line).slice(1, 7), [
      'server killed → shown',
      '50 ms (45–70)',
      'a poll: 4000 ms (3500–7000)',
      '0.01 (0.01–0.02)',
      '',
      '≤ 100: met',
    ]);
  });

  it('mark a budget that is missed, of a figure, a ratio or a difference', () => {
    const over = [
      { ...figure, budget: { of: 'ours', most: 49 } },
      { ...figure, budget: { of: 'ratio', least: 0.8 } },
      {
        ...figure,
        ours: [10, 10, 10],
        rivals: [{ name: 'direct', samples: [8, 8, 8] }],
        budget: { of: 'difference', most: 1 },
      },
    ] as const;
    for (const one of over) {
      assert.match(table(row([one])), /\*\*[≤≥] [\d.]+(?: ×| more)?: missed\*\*/);
      assert.equal(missed(row([one])).length, 1);
    }
    assert.deepEqual(missed(row([figure])), []);
  });

  it('count one server and two servers', () => {
    const counts = (unit: string, ours: number, other: number): Figure => {
      return { what: unit, unit, better: 'less', ours: [ours], rivals: [{ name: 'a shell', samples: [other] }] };
    };
    const line = (one: Figure) => cells(table(row([one])).split('\n')[3] ?? '').slice(2, 4);
    assert.deepEqual(line(counts('servers', 1, 20)), ['1 server', 'a shell: 20 servers']);
    assert.deepEqual(line(counts('processes', 0, 1)), ['0 processes', 'a shell: 1 process']);
    assert.deepEqual(line(counts('files', 1, 2)), ['1 file', 'a shell: 2 files']);
    assert.deepEqual(line(counts('ms', 1, 1)), ['1 ms', 'a shell: 1 ms']);
    assert.deepEqual(line(counts('a minute', 1, 1)), ['1 a minute', 'a shell: 1 a minute']);
    const short = shortTable(row([counts('processes', 1, 1)]), { notice: { processes: 'Left' } });
    assert.equal(short.split('\n')[2], '| Left | 1 process | 1 process: a shell |');
  });

  it('say why a row has no numbers', () => {
    assert.match(
      table([{ name: 'redis', title: 'Redis', figures: [], failure: 'no Redis | at all' }]),
      /not measured: no Redis \\\| at all/,
    );
  });
});
