import assert from 'node:assert/strict';
import { Terminal } from '@xterm/headless';
import { SessionTerminal } from '../../src/sessions/host/sessionTerminal';
import type { TerminalProcess } from '../../src/sessions/host/terminal';
import { FakeClock } from './support/fakeClock';

describe('the terminal of a session whose program ended', () => {
  const ends: (() => void)[] = [];
  afterEach(() => ends.splice(0).forEach((end) => end()));
  const program = { write: () => undefined, resize: () => undefined, pause: () => undefined, resume: () => undefined };

  /** What a window sees that attaches after the program has printed this and ended, and a line was said about it. */
  const seenAfter = async (printed: readonly string[]) => {
    const terminal = new SessionTerminal(new FakeClock());
    terminal.print('before\r\n');
    terminal.connect(program as unknown as TerminalProcess);
    for (const piece of printed) terminal.print(piece);
    terminal.connect(undefined);
    terminal.print('ended\r\n');
    const window = new Terminal({ cols: 120, rows: 30, allowProposedApi: true });
    const snapshot = await new Promise<string>((resolve) => {
      const reader = terminal.attach(({ data, reset }) => {
        if (reset) resolve(data);
      });
      ends.push(() => reader.dispose());
    });
    await new Promise<void>((resolve) => window.write(snapshot, resolve));
    const { active } = window.buffer;
    const lines = Array.from({ length: active.length }, (_, n) => active.getLine(n)?.translateToString(true) ?? '');
    const seen = { lines: lines.filter((line) => line !== ''), screen: active.type, modes: { ...window.modes } };
    terminal.dispose();
    window.dispose();
    return seen;
  };

  it('says so on a line of its own, also where the last one was not ended', async () =>
    assert.deepEqual((await seenAfter(['half a line'])).lines, ['before', 'half a line', 'ended']));

  it('leaves no empty line where the last one was ended, in colour or not', async () => {
    for (const end of ['\r\n', '\r\n\x1b[0m', '\x1b[31mred\x1b[39m\r\n\x1b[m\x1b[?25h']) {
      const { lines } = await seenAfter([`a line${end}`]);
      assert.deepEqual([lines.length, lines.at(-1)], [3, 'ended'], JSON.stringify(end));
    }
  });

  it('is back on the screen that a person scrolls, and takes the mouse and the keys as ever', async () => {
    const seen = await seenAfter([
      '\x1b[?1049h\x1b[?1h\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[5;10r\x1b[10;1H',
      'full screen',
    ]);
    assert.equal(seen.screen, 'normal');
    assert.deepEqual(seen.lines, ['before', 'ended']);
    assert.equal(seen.modes.mouseTrackingMode, 'none');
    assert.equal(seen.modes.bracketedPasteMode, false);
    assert.equal(seen.modes.applicationCursorKeysMode, false);
  });
});
