import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isMet, median, quantile, ratios, type Budget, type Figure } from '../../bench/figures';
import { rows } from '../../bench/rows.mjs';
import { merged, missed, shortTable, table } from '../../bench/table.program';
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
    const rival = (samples: readonly number[]) => ({ name: 'a shell', samples });
    assert.deepEqual(ratios([10, 40], rival([20, 20])), [0.5, 2]);
    assert.deepEqual(ratios([10, 20, 30], rival([40, 40])), [0.5]);
    assert.deepEqual(ratios([10, 40], { ...rival([20, 20]), isPaired: false }), [1.25]);
  });

  it('show ours, the other, the ratio and the budget in a line, with the middle half in brackets', () => {
    const five = {
      ...figure,
      ours: [20, 40, 50, 70, 90],
      rivals: [{ name: 'a poll', samples: [1000, 2000, 5000, 7000, 9000] }],
    };
    const line = table(row([five])).split('\n')[3] ?? '';
    assert.deepEqual(cells(line).slice(1, 7), [
      'server killed → shown',
      '50 ms (40–70)',
      'a poll: 5000 ms (2000–7000)',
      // Of 0.02, 0.02, 0.01, 0.01 and 0.01.
      '0.01 (0.01–0.02)',
      '',
      '≤ 100: met',
    ]);
  });

  it('show all that there is where there are few samples, and how few', () => {
    const line = (samples: readonly number[]) =>
      cells(table(row([{ ...figure, ours: samples }])).split('\n')[3] ?? '')[2];
    assert.equal(line([40, 50, 90]), '50 ms (40–90, n 3)');
    assert.equal(line([40]), '40 ms (n 1)');
  });

  it('judge an invariant by its worst sample, and a budget without samples as missed', () => {
    const servers = (ours: readonly number[], isOfEach?: true): Figure => ({
      what: 'servers started',
      unit: 'servers',
      better: 'less',
      ours,
      rivals: [],
      budget: { of: 'ours', most: 1, least: 1, ...(isOfEach && { isOfEach }) },
    });
    assert.equal(isMet(servers([1, 1, 2])), true);
    assert.equal(isMet(servers([1, 1, 2], true)), false);
    assert.equal(isMet(servers([0, 1, 1], true)), false);
    assert.equal(isMet(servers([1, 1, 1], true)), true);
    assert.equal(isMet(servers([], true)), false);
    assert.equal(isMet(servers([])), false);
  });

  it('say by how much a budget is missed, in what the budget is of', () => {
    const direct = [{ name: 'direct', samples: [8, 8, 8, 8, 8] }];
    const slow = { ...figure, ours: [10, 10, 11, 10, 10], rivals: direct };
    const line = (budget: Budget) => missed(row([{ ...slow, budget }]))[0]?.split(', and it is ')[1];
    assert.equal(line({ of: 'difference', most: 1 }), '2 ms more');
    assert.equal(line({ of: 'ratio', most: 1.05 }), '1.25 ×');
    assert.equal(line({ of: 'ours', most: 9 }), '10 ms');
  });

  it('keep what was measured before of a row that fails, and of those that were not measured', () => {
    const one = (name: string, unit: string, failure?: string) => ({
      name,
      title: name,
      figures: [{ ...figure, unit }],
      ...(failure === undefined ? {} : { failure }),
    });
    const before = [one('size', 'old'), one('idle', 'old'), one('stop', 'old')];
    const now = [one('stop', 'new', 'it ended with 1'), one('size', 'new'), one('open', 'new', 'it ended with 1')];
    const kept = merged(['idle', 'open', 'stop', 'size'], now, before);
    assert.deepEqual(
      kept.map(({ name, figures }) => [name, figures[0]?.unit]),
      [
        ['idle', 'old'],
        ['stop', 'old'],
        ['size', 'new'],
      ],
    );
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
    const n = '(n 1)';
    assert.deepEqual(line(counts('servers', 1, 20)), [`1 server ${n}`, `a shell: 20 servers ${n}`]);
    assert.deepEqual(line(counts('processes', 0, 1)), [`0 processes ${n}`, `a shell: 1 process ${n}`]);
    assert.deepEqual(line(counts('files', 1, 2)), [`1 file ${n}`, `a shell: 2 files ${n}`]);
    assert.deepEqual(line(counts('ms', 1, 1)), [`1 ms ${n}`, `a shell: 1 ms ${n}`]);
    assert.deepEqual(line(counts('a minute', 1, 1)), [`1 a minute ${n}`, `a shell: 1 a minute ${n}`]);
    const short = shortTable(row([counts('processes', 1, 1)]), { notice: { processes: 'Left' } });
    assert.equal(short.split('\n')[2], '| Left | 1 process | 1 process: a shell |');
  });

  it('do not hide a missed budget in the short table', () => {
    const over: Figure = { ...figure, budget: { of: 'ours', most: 49 } };
    const short = shortTable(row([over]), { notice: { [figure.what]: 'Told' } });
    assert.equal(short.split('\n')[2], '| Told | 50 ms (**missed**: ≤ 49) | 4000 ms: a poll |');
  });

  it('say why a row has no numbers', () => {
    assert.match(
      table([{ name: 'redis', title: 'Redis', figures: [], failure: 'no Redis | at all' }]),
      /not measured: no Redis \\\| at all/,
    );
  });
});
