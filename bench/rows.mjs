// The rows of the benchmarks, in the order of the table: bench/rows/<name>.bench.ts.

/**
 * @typedef {object} Row
 * @property {string} title
 * @property {readonly ('editor' | 'nextApps' | 'expoWeb' | 'redis' | 'tmux')[]} needs
 * @property {number} rounds samples of a figure unless the caller says otherwise
 * @property {number} minutes more than it takes on a slow machine
 */

/** @type {Readonly<Record<string, Row>>} */
export const rows = {
  duplicates: { title: 'Duplicates', needs: ['editor', 'nextApps'], rounds: 1, minutes: 150 },
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
 * @type {Readonly<Record<string, Readonly<Record<string, string>>>>}
 */
export const headlines = {
  duplicates: {
    'Next 15, 8 tabs at once: servers started': 'Servers started by eight tabs at once, Next 15',
    '50 clients at once: servers started': 'The same by fifty clients at once',
  },
  activation: { 'load + activate where a server is started': 'Activation in the extension host' },
  open: {
    'web, .next from before': 'Next.js: from the activation, or from Enter in a shell, to the first answer',
  },
  notice: {
    'server answers → status bar shows it': 'The server answers → the status bar says so',
    'server killed → status bar shows it': 'The server is killed → the status bar says so',
  },
  idle: {
    '5 windows: requests that the app sees': 'Requests that the app sees while nobody does anything, five windows',
    'lines that all this adds to the app’s log': 'Lines that they add to its log in a few minutes',
  },
  host: { 'at rest, one app, 10 clients: above a bare Node': 'Memory of the session host, above a bare Node' },
  terminal: {
    'key pressed → its echo on the screen': 'Terminal: a key is pressed → its echo is on the screen',
  },
  connect: {
    'a host lives: 50 windows of as many processes at once': 'Fifty windows are attached at once',
  },
  stop: {
    'Next.js: Enter in the palette: stop → no process left, port free':
      'Stop, from Enter in the palette: until no process is left and the port is free',
    'a server with a helper in a session of its own: processes left after 15 s':
      'Left by a stop of a server with a helper in a session of its own',
  },
  gateway: {
    'Next.js 16.4 in dev: page, which gets our script': 'A page of Next.js through the preview gateway',
  },
  redis: {
    '20 machines want one app at once: servers started': 'Servers started by twenty machines at once, with Redis',
  },
  size: { 'VSIX of this platform': 'What is downloaded' },
};
