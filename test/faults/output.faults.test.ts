import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { median } from '../../bench/figures';
import { waitFor } from '../contract/support/hostRig';
import type { Agent } from './support/agent';
import { faultCase } from './support/faultCase';

const id = 'dev_server_web';

/** Resident memory of a process at its highest, in MB. */
function peakMemoryMb(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function attached(window: Agent, cols = 100, rows = 30): Promise<void> {
  await window.call('attach', { sessionId: id, cols, rows });
}

describe('output', () => {
  faultCase('fault 35: none at all is no fault', { servers: 1 }, async (c) => {
    const { window } = await c.running({ STUB_SILENT: '1' });
    await attached(window);
    await waitFor('the screen', () => window.resets > 0);
    assert.ok(window.output.includes('node server.mjs'), 'what was started is said by the host');
  });

  faultCase('fault 35: bytes that are no text are replaced, and what follows is read', { servers: 1 }, async (c) => {
    const { window } = await c.running({ STUB_INVALID_UTF8: '1' });
    await attached(window);
    await waitFor('the line', () => window.output.includes('before ') && window.output.includes(' after'));
    assert.ok(window.output.includes('\ufffd'));
    assert.ok(window.output.includes(`listening on ${c.rig.port}`));
  });

  faultCase(
    'fault 35: a line of 10 MB goes through, and neither host nor window grows with it',
    { servers: 1 },
    async (c) => {
      const { window } = await c.running({ STUB_LONG_LINE_MB: '10' });
      await attached(window);
      await waitFor('the end of the line', () => window.output.includes('end of line'));
      assert.ok(peakMemoryMb(c.host) < 300, `${peakMemoryMb(c.host)} MB`);
    },
  );

  faultCase(
    'fault 35: a flood of 100 MB holds up nobody, whoever reads it and whoever does not',
    { servers: 1, timeoutMs: 120_000 },
    async (c) => {
      const reader = c.window();
      const frozen = c.window();
      await Promise.all([reader.connect(), frozen.connect()]);
      await reader.call('start', c.params({ STUB_FLOOD_MB: '100' }));
      await Promise.all([attached(reader), attached(frozen)]);
      frozen.signal('SIGSTOP');
      const bystander = c.window();
      await bystander.connect();
      const answers: number[] = [];
      const isOver = () => reader.output.includes('end of flood');
      while (!isOver()) {
        const before = performance.now();
        await bystander.call('lastOutput', { sessionId: id, lines: 1 });
        answers.push(performance.now() - before);
        assert.ok(answers.length < 100_000, 'the flood ends');
      }
      await reader.reaches('running');
      // Of some answers the machine may be the cause; of a host that is held up they would be most, or one as long as the flood.
      const [half, slowest] = [median(answers), Math.max(...answers)];
      assert.ok(half < 500 && slowest < 15_000, `half of the answers took ${half} ms or more, one ${slowest} ms`);
      assert.ok(answers.length > 20, `${answers.length} answers during the flood`);
      assert.ok(peakMemoryMb(c.host) < 400, `${peakMemoryMb(c.host)} MB`);
      frozen.signal('SIGCONT');
      await waitFor(
        'the window that was frozen to be at the end, too',
        () => frozen.output.includes('end of flood'),
        30_000,
      );
      assert.ok(frozen.outputChars < 50 * 1024 * 1024, 'it skipped to the end');
    },
  );

  for (const [cols, rows] of [
    [1, 1],
    [500, 200],
  ] as const)
    faultCase(
      `fault 35: a terminal of ${cols} columns and ${rows} rows is what the server gets`,
      { servers: 1 },
      async (c) => {
        const { window } = await c.running({ STUB_CHATTY: '1' });
        await attached(window, cols, rows);
        await window.notify('resize', { sessionId: id, cols, rows });
        await waitFor('output in that size', () => window.outputChars > 1000);
        const told = async () => {
          const { lines } = await window.call('lastOutput', { sessionId: id, lines: 200 });
          return lines.join('').includes(`size ${cols}x${rows}`);
        };
        await waitFor('the server to hear of it', told);
        await window.notify('resize', { sessionId: id, cols: 100, rows: 30 });
        await waitFor('the usual size again', async () => {
          const { lines } = await window.call('lastOutput', { sessionId: id, lines: 200 });
          return lines.join('\n').includes('size 100x30');
        });
      },
    );
});
