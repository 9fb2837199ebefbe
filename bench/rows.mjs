// The rows of the benchmarks, in the order of the table: bench/rows/<name>.bench.ts.

/**
 * @typedef {'editor' | 'nextApps' | 'expoWeb' | 'redis' | 'tmux'} Need
 * @typedef {{ title: string, needs: readonly Need[], rounds: number, minutes: number }} Row
 *   `rounds`: samples of a figure unless the caller says otherwise; `minutes`: more than it takes on a slow machine
 */

/** @type {Readonly<Record<string, Row>>} */
export const rows = {
  duplicates: { title: 'Duplicates', needs: ['editor', 'nextApps'], rounds: 1, minutes: 60 },
  activation: { title: 'Activation in the extension host', needs: ['editor'], rounds: 7, minutes: 20 },
  open: { title: 'Window open to server ready', needs: ['editor', 'expoWeb'], rounds: 5, minutes: 40 },
  notice: { title: 'Notice', needs: ['editor'], rounds: 11, minutes: 20 },
  idle: { title: 'Cost at rest', needs: ['editor'], rounds: 1, minutes: 40 },
  host: { title: 'Memory of the host', needs: ['tmux'], rounds: 5, minutes: 20 },
  terminal: { title: 'Terminal', needs: ['editor'], rounds: 7, minutes: 20 },
  connect: { title: 'Connect', needs: [], rounds: 11, minutes: 20 },
  stop: { title: 'Stop', needs: ['editor', 'tmux'], rounds: 7, minutes: 20 },
  gateway: { title: 'Gateway', needs: ['editor'], rounds: 15, minutes: 20 },
  redis: { title: 'Redis', needs: ['redis'], rounds: 5, minutes: 20 },
  size: { title: 'Size', needs: [], rounds: 1, minutes: 5 },
};
