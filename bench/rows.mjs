// The rows of the benchmarks, in the order of the table: bench/rows/<name>.bench.ts.

/** @type {import('./rows.mjs').rows} */
export const rows = {
  duplicates: { title: 'Duplicates', needs: ['editor', 'nextApps'], rounds: 1, minutes: 120 },
  activation: { title: 'Activation in the extension host', needs: ['editor'], rounds: 7, minutes: 20 },
  open: { title: 'Window open to server ready', needs: ['editor', 'expoWeb'], rounds: 5, minutes: 40 },
  notice: { title: 'Notice', needs: ['editor'], rounds: 11, minutes: 20 },
  idle: { title: 'Cost at rest', needs: ['editor'], rounds: 2, minutes: 40 },
  host: { title: 'Memory of the host', needs: ['tmux'], rounds: 5, minutes: 20 },
  terminal: { title: 'Terminal', needs: ['editor'], rounds: 7, minutes: 20 },
  connect: { title: 'Connect', needs: ['tmux'], rounds: 7, minutes: 20 },
  stop: { title: 'Stop', needs: ['editor', 'tmux'], rounds: 5, minutes: 30 },
  gateway: { title: 'Gateway', needs: [], rounds: 15, minutes: 20 },
  redis: { title: 'Redis', needs: ['redis'], rounds: 5, minutes: 20 },
  size: { title: 'Size', needs: [], rounds: 1, minutes: 5 },
};

/**
 * The README's short table: figures of a row, by what they are called in the whole one.
 * @type {import('./rows.mjs').headlines}
 */
export const headlines = {
  size: { 'VSIX of this platform': 'What is downloaded' },
};
