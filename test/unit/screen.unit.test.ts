import assert from 'node:assert/strict';
import { Terminal } from '@xterm/headless';
import { Screen, withoutTerminalReplies } from '../../src/sessions/host/screen';
import { MAX_MESSAGE_BYTES } from '../../src/sessions/protocol';
import { pick, randomOf } from './support/random';

const COLS = 40;
const ROWS = 10;

describe('a screen', () => {
  let screen: Screen;
  beforeEach(() => {
    screen = new Screen(COLS, ROWS);
  });
  afterEach(() => screen.dispose());
  const serialized = () => new Promise<string>((resolve) => screen.serialize(resolve));

  /** Replays what random pieces drew, and compares it with what they draw at once. */
  const looksTheSame = async (pieces: readonly string[]) => {
    for (let seed = 0; seed < 40; seed++) {
      const random = randomOf(seed);
      const other = new Screen(COLS, ROWS);
      const written = Array.from({ length: 60 }, () => pick(random, pieces));
      for (const piece of written) other.write(piece);
      const replay = await new Promise<string>((resolve) => other.serialize(resolve));
      assert.deepEqual(await textOf(replay), await textOf(written.join('')), `seed ${seed}`);
      other.dispose();
    }
  };

  it('that is replayed into another terminal looks the same, cursor, wrapped lines and scrollback included', () =>
    looksTheSame([
      'plain text ',
      'a line\r\n',
      '\x1b[31mred\x1b[0m ',
      '\x1b[1mbold\x1b[22m',
      '漢字',
      '😀 ',
      'x'.repeat(55),
      '\b\b',
      '\t',
      '\r\n\r\n',
      '\x1b[38;5;208morange\x1b[m',
    ]));

  // Not on wrapped lines: @xterm/addon-serialize 0.13 leaves a `-` where one of those was erased.
  it('on which a program moved and erased looks the same when it is replayed', () =>
    looksTheSame([
      '\rplain text',
      '\rtext\x1b[5Cfar',
      '\r\x1b[K',
      '\r\n',
      '\x1b[2A',
      '\x1b[3B',
      '\x1b[2;5Hplaced',
      '\x1b[1;1H\x1b[J',
      '\x1b[2M',
      '\r\x1b[42mgreen\x1b[0m',
      '\r漢字\b\b',
    ]));

  // What @xterm has no public word for.
  interface Inside {
    readonly _core: {
      readonly coreService: { readonly isCursorHidden: boolean };
      readonly coreMouseService: { readonly activeProtocol: string; readonly activeEncoding: string };
    };
  }
  const modesOf = async (text: string) => {
    const terminal = new Terminal({ cols: COLS, rows: ROWS, allowProposedApi: true });
    await new Promise<void>((resolve) => terminal.write(text, resolve));
    const { coreService, coreMouseService } = (terminal as unknown as Inside)._core;
    const seen = {
      cursor: coreService.isCursorHidden ? 'hidden' : 'seen',
      mouse: `${coreMouseService.activeProtocol} ${coreMouseService.activeEncoding}`,
      screen: terminal.buffer.active.type,
    };
    terminal.dispose();
    return seen;
  };

  it('of a full-screen program is replayed with its hidden cursor and its way of telling the mouse', async () => {
    screen.write('\x1b[?1049h\x1b[?25l\x1b[?1002h\x1b[?1006hfull');
    assert.deepEqual(await modesOf(await serialized()), { cursor: 'hidden', mouse: 'DRAG SGR', screen: 'alternate' });
    screen.write('\x1b[?1006l\x1b[?1002l\x1b[?25h\x1b[?1049l');
    assert.deepEqual(await modesOf(await serialized()), { cursor: 'seen', mouse: 'NONE DEFAULT', screen: 'normal' });
  });

  for (const [what, reset] of [
    ['full', '\x1bc'],
    ['soft', '\x1b[!p'],
  ] as const)
    it(`is replayed with a cursor that is seen after a ${what} reset`, async () => {
      screen.write(`\x1b[?25l${reset}`);
      assert.equal((await modesOf(await serialized())).cursor, 'seen');
    });

  it('gives what was written, in a terminal of its size', async () => {
    screen.write('first\r\n\x1b[32msecond\x1b[0m\r\n$ ');
    assert.deepEqual((await textOf(await serialized())).lines.slice(0, 3), ['first', 'second', '$']);
  });

  it('gives all that was written before, and nothing that is written after', async () => {
    screen.write('before');
    const picture = serialized();
    screen.write('after');
    assert.match(await picture, /before/);
    assert.doesNotMatch(await picture, /after/);
  });

  it('answers a query once, and none by being shown', async () => {
    const replies: string[] = [];
    screen.onReply((data) => replies.push(data));
    screen.write('\x1b[c\x1b[6n');
    await serialized();
    await serialized();
    assert.equal(replies.length, 2);
    assert.match(replies.join(''), /^\x1b\[\?[\d;]+c\x1b\[1;1R$/);
  });

  it('asks its source to pause when it falls behind, and to go on when it has caught up', async () => {
    const asked: string[] = [];
    screen.onPressure((what) => asked.push(what));
    for (let n = 0; n < 30; n++) screen.write('x'.repeat(50_000));
    assert.deepEqual(asked, ['pause']);
    await serialized();
    assert.deepEqual(asked, ['pause', 'resume']);
  });

  it('fits into one message, however wide and colourful its lines are', async function () {
    this.timeout(10_000);
    const wide = new Screen(500, 50);
    for (let line = 0; line < 300; line++) {
      let text = '';
      for (let col = 0; col < 490; col++) text += `\x1b[38;2;${col % 256};${line % 256};7m\u2588`;
      wide.write(`${text}\r\n`);
    }
    const picture = await new Promise<string>((resolve) => wide.serialize(resolve));
    assert.ok(Buffer.byteLength(JSON.stringify(picture)) < MAX_MESSAGE_BYTES);
    wide.dispose();
  });

  describe('tells its last lines', () => {
    const last = async (written: string, count = 3) => {
      screen.write(written);
      return screen.lastLines(count);
    };

    it('as plain text, the oldest first', async () => {
      assert.deepEqual(await last('one\r\n\x1b[31mtwo\x1b[0m\r\nthree\r\nfour\r\n\r\n\r\n'), ['two', 'three', 'four']);
    });

    it('with a line that was too long for the screen in one piece', async () => {
      const long = `${'word '.repeat(20)}end`;
      assert.deepEqual(await last(`first\r\n${long}\r\nlast`), ['first', long, 'last']);
    });

    it('with empty lines between others, not at the end', async () => {
      assert.deepEqual(await last('one\r\n\r\ntwo\r\n\r\n'), ['one', '', 'two']);
    });

    it('that were scrolled out of sight, too', async () => {
      screen.write(Array.from({ length: 100 }, (_, n) => `line ${n}\r\n`).join(''));
      assert.deepEqual(
        await screen.lastLines(50),
        Array.from({ length: 50 }, (_, n) => `line ${n + 50}`),
      );
    });

    it('of an empty screen: none', async () => {
      assert.deepEqual(await screen.lastLines(5), []);
      assert.deepEqual(await last('text', 0), []);
    });
  });
});

describe('what a window’s terminal sends', () => {
  const replies: Readonly<Record<string, string>> = {
    'a cursor report': '\x1b[24;80R',
    'a private cursor report': '\x1b[?24;80R',
    'primary device attributes': '\x1b[?1;2c',
    'secondary device attributes': '\x1b[>0;276;0c',
    'a status report': '\x1b[0n',
    'a private mode report': '\x1b[?2026;2$y',
    'an ANSI mode report': '\x1b[4;2$y',
    'the size of the window': '\x1b[4;600;800t',
    'the size of a cell': '\x1b[6;18;9t',
    'the size in characters': '\x1b[8;24;80t',
    'a palette colour': '\x1b]4;1;rgb:ffff/0000/0000\x1b\\',
    'the text colour': '\x1b]10;rgb:ffff/ffff/ffff\x07',
    'the background colour': '\x1b]11;rgb:0000/0000/0000\x1b\\',
    'its version': '\x1bP>|xterm.js(5.5.0)\x1b\\',
    'a setting': '\x1bP1$r0m\x1b\\',
    'its keyboard flags': '\x1b[?1u',
    'its colour scheme': '\x1b[?997;1n',
  };
  for (const [what, reply] of Object.entries(replies))
    it(`as the answer to a query (${what}) does not reach the program`, () => {
      assert.equal(withoutTerminalReplies(reply), '');
      assert.equal(withoutTerminalReplies(`a${reply}${reply}b`), 'ab');
    });

  it('as an answer of @xterm itself does not reach the program, whatever it is asked', async () => {
    const queries = [
      '\x1b[c',
      '\x1b[>c',
      '\x1b[5n',
      '\x1b[6n',
      '\x1b[?6n',
      '\x1b[4$p',
      '\x1b[?25$p',
      '\x1b[?2004$p',
      '\x1bP$qm\x1b\\',
      '\x1bP$qr\x1b\\',
      '\x1b[>q',
      '\x1b[18t',
      '\x1b]4;1;?\x07',
    ];
    const terminal = new Terminal({
      cols: COLS,
      rows: ROWS,
      allowProposedApi: true,
      windowOptions: { getWinSizeChars: true },
    });
    let heard = 0;
    terminal.onData((data) => {
      heard++;
      assert.equal(withoutTerminalReplies(data), '', JSON.stringify(data));
    });
    terminal.write('text\r\nmore\x1b[3;20H');
    for (const query of queries) await new Promise<void>((resolve) => terminal.write(query, resolve));
    assert.ok(heard >= 8, `${heard} answers`);
    terminal.dispose();
  });

  const typing: Readonly<Record<string, string>> = {
    'a letter': 'a',
    Enter: '\r',
    'Ctrl+C': '\x03',
    Escape: '\x1b',
    arrows: '\x1b[A\x1b[B\x1b[C\x1b[D\x1bOA',
    'arrows with modifiers': '\x1b[1;5C\x1b[1;2A',
    'F1 to F4': '\x1bOP\x1bOQ\x1bOR\x1bOS',
    'F5 to F12': '\x1b[15~\x1b[17~\x1b[24~',
    'F-keys with modifiers': '\x1b[1;2P\x1b[1;5Q\x1b[1;2S\x1b[15;2~',
    'Home, End, Insert, Delete, pages': '\x1b[H\x1b[F\x1b[2~\x1b[3~\x1b[5~\x1b[6~',
    'Shift+Tab': '\x1b[Z',
    'Alt and a letter': '\x1bb\x1bf',
    'a bracketed paste': '\x1b[200~npm run dev; 3R 1c\r\n\x1b[201~',
    'a mouse click': '\x1b[<0;12;34M\x1b[<0;12;34m',
    'a focus change': '\x1b[I\x1b[O',
    'a key of the newer keyboard protocol': '\x1b[97;5u',
    'other languages': 'ü漢😀',
  };
  for (const [what, data] of Object.entries(typing))
    it(`as typing (${what}) reaches the program as it is`, () => {
      assert.equal(withoutTerminalReplies(data), data);
    });
});

/** What a terminal shows after it read `data`: its lines, scrollback included, and where the cursor is. */
async function textOf(data: string): Promise<{ lines: string[]; cursor: string }> {
  const terminal = new Terminal({ cols: COLS, rows: ROWS, scrollback: 1000, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(data, resolve));
  const buffer = terminal.buffer.active;
  const lines = Array.from(
    { length: buffer.length },
    (_, y) => buffer.getLine(y)?.translateToString(true).trimEnd() ?? '',
  );
  const cursor = `${buffer.cursorX},${buffer.baseY + buffer.cursorY}`;
  terminal.dispose();
  return { lines, cursor };
}
