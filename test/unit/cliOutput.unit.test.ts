import assert from 'node:assert/strict';
import { DetachKeys } from '../../src/cli/detachKeys';
import { Output, type TextStream } from '../../src/cli/output';
import { linesAfter, PlainLines } from '../../src/cli/plainText';
import { documentOf, reportOf, reportOfApp } from '../../src/sessions/appReport';
import { table, wrap } from '../../src/cli/table';
import { verdictOf, waitForVerdict, within } from '../../src/sessions/settling';
import { CommandError } from '../../src/cli/commandError';
import { Emitter } from '../../src/sessions/event';
import type { SessionSnapshot } from '../../src/sessions/protocol';
import { anApp, aSession } from './samples';

function aStream(of: Partial<TextStream> = {}): TextStream & { text: string } {
  return {
    text: '',
    ...of,
    write(text: string) {
      this.text += text;
    },
  };
}

describe('what the command line says', () => {
  const outputOn = (
    of: Partial<TextStream>,
    more: { env?: Record<string, string>; noColor?: boolean; isJson?: boolean } = {},
  ) => {
    const [stdout, stderr] = [aStream(of), aStream(of)];
    const output = new Output({ stdout, stderr, env: {}, noColor: false, isJson: false, ...more });
    return { stdout, stderr, output };
  };

  it('has no control codes and no progress without a terminal', () => {
    const { output, stdout, stderr } = outputOn({});
    output.print(output.paint('running', 'green'));
    output.progress('it starts');
    assert.deepEqual([stdout.text, stderr.text], ['running\n', '']);
    output.say(`${'word '.repeat(60)}end`);
    assert.equal(stderr.text.split('\n').length, 2, 'a pipe has no width');
  });

  it('has both on a terminal, unless a person wants none', () => {
    const { output, stderr } = outputOn({ isTTY: true, columns: 20 });
    assert.equal(output.paint('x', 'red'), '\u001b[31mx\u001b[0m');
    output.progress('Web is starting on port 3000.');
    assert.equal(stderr.text, 'Web is starting on\nport 3000.\n');
    for (const more of [{ noColor: true }, { env: { NO_COLOR: '1' } }, { env: { TERM: 'dumb' } }])
      assert.equal(outputOn({ isTTY: true }, more).output.paint('x', 'red'), 'x');
    assert.notEqual(outputOn({ isTTY: true }, { env: { NO_COLOR: '' } }).output.paint('x', 'red'), 'x');
    const json = outputOn({ isTTY: true }, { isJson: true });
    json.output.progress('it starts');
    assert.equal(json.stderr.text, '');
  });

  it('wraps words and cuts none', () => {
    assert.deepEqual(wrap('at http://localhost:3000/long it runs', 10), [
      'at',
      'http://localhost:3000/long',
      'it runs',
    ]);
    assert.deepEqual(wrap('', 10), []);
  });

  it('drops the columns of a table that do not fit, the least important first', () => {
    const columns = [
      { title: 'SESSION', rank: 3 },
      { title: 'PID', rank: 1 },
      { title: 'FOLDER', rank: 2 },
    ];
    const rows = [['dev_server_web', '4711', '/w/a']];
    assert.deepEqual(table(columns, rows, 80), ['SESSION         PID   FOLDER', 'dev_server_web  4711  /w/a']);
    assert.deepEqual(table(columns, rows, 23), ['SESSION         FOLDER', 'dev_server_web  /w/a']);
    assert.deepEqual(table(columns, rows, 15), ['SESSION', 'dev_server_web']);
    for (const line of table(columns, rows, 8)) assert.ok(line.length <= 8);
  });
});

describe('the JSON of the command line', () => {
  it('has every field of the schema, whatever is known', () => {
    const known = reportOf(aSession({ listenerPid: 12, pid: 11, sinceMs: 0 }), 'Web');
    assert.deepEqual(known, {
      session: 'dev_server_web',
      app: 'cheatcode-app',
      type: 'web',
      folder: '/w/cheatcode-app',
      state: 'running',
      reason: { code: 'answered', facts: {} },
      sentence: 'Web runs on port 3000.',
      url: 'http://localhost:3000',
      port: 3000,
      pid: 12,
      adopted: false,
      since: '1970-01-01T00:00:00.000Z',
      desired: 'running',
    });
    const unknown = reportOfApp(anApp());
    assert.deepEqual(Object.keys(unknown), Object.keys(known));
    assert.deepEqual([unknown.session, unknown.url, unknown.pid, unknown.since], [null, null, null, null]);
  });

  it('names the machine and the URL of a server elsewhere, and not the ones that it would have here', () => {
    const facts = { machine: 'box-7', url: 'http://box-7:3000', port: 3000 };
    const report = reportOf(aSession({ state: 'waiting', reason: { code: 'runsElsewhere', facts } }), 'Web');
    assert.deepEqual([report.machine, report.url, report.port, report.pid], ['box-7', 'http://box-7:3000', 3000, null]);
  });

  it('carries an error beside what is known, or alone', () => {
    const error = { code: 'noHost', message: 'No.' };
    assert.deepEqual(documentOf(undefined, error), { schema: 1, error });
    assert.deepEqual(Object.keys(documentOf([], error)), ['schema', 'apps', 'error']);
  });
});

describe('plain lines of a terminal', () => {
  it('have no sequences, also where one is cut in two', () => {
    const plain = new PlainLines();
    assert.deepEqual(plain.feed('\u001b[32mready\u001b[0m in 2 s\r\n\u001b]0;title\u0007next'), ['ready in 2 s']);
    assert.deepEqual(plain.feed(' line\u001b['), []);
    assert.deepEqual(plain.feed('31m!\u001b[0m\n'), ['next line!']);
    assert.deepEqual(plain.end(), []);
  });

  it('keep of what was drawn over what stood there last', () => {
    const plain = new PlainLines();
    assert.deepEqual(plain.feed('10 %\r50 %\r100 %\r\n'), ['100 %']);
    assert.deepEqual(plain.feed('abc\b\bX\n'), ['aX']);
  });

  it('make blanks and lines of the moves of a screen', () => {
    const plain = new PlainLines();
    assert.deepEqual(plain.feed('a\u001b[3Cb\u001b[2B\r'), ['a   b', '']);
    assert.deepEqual(plain.feed('c\n'), ['c']);
  });

  it('go on after the lines that were shown, when a screen comes anew', () => {
    assert.deepEqual(linesAfter(['a', 'b', 'c', 'd'], ['x', 'b', 'c']), ['d']);
    assert.deepEqual(linesAfter(['a', 'b', 'a', 'b', 'c'], ['a', 'b']), ['c']);
    assert.deepEqual(linesAfter(['a', 'b'], ['y', 'z']), ['a', 'b']);
    assert.deepEqual(linesAfter(['a', 'b'], []), ['a', 'b']);
  });
});

describe('the keys that leave a terminal', () => {
  it('are Ctrl+] or Ctrl+P Ctrl+Q, and all else goes to the program', () => {
    assert.deepEqual(new DetachKeys().feed('ls\r'), { forward: 'ls\r', leaves: false });
    assert.deepEqual(new DetachKeys().feed('a\u001db'), { forward: 'a', leaves: true });
    const keys = new DetachKeys();
    assert.deepEqual(keys.feed('a\u0010'), { forward: 'a', leaves: false });
    assert.deepEqual(keys.feed('\u0011'), { forward: '', leaves: true });
    const others = new DetachKeys();
    assert.deepEqual(others.feed('\u0010\u0010x\u0011'), { forward: '\u0010\u0010x\u0011', leaves: false });
  });
});

describe('waiting for a server', () => {
  const of = (state: SessionSnapshot['state'], code: SessionSnapshot['reason']['code'], facts = {}) =>
    verdictOf({ state, reason: { code, facts } }).kind;

  it('ends when it runs, failed, or needs a person', () => {
    assert.equal(of('running', 'answered'), 'running');
    assert.equal(of('unhealthy', 'answeredWithError'), 'running');
    assert.equal(of('unhealthy', 'noAnswer'), 'onItsWay');
    assert.equal(of('starting', 'requested'), 'onItsWay');
    assert.equal(of('failed', 'crashLoop'), 'failed');
    assert.equal(of('blocked', 'portTaken'), 'needsPerson');
    assert.equal(of('blocked', 'installerAtWork'), 'onItsWay');
    assert.equal(of('blocked', 'folderLocked', { hidden: true }), 'needsPerson');
    assert.equal(of('waiting', 'startingElsewhere'), 'onItsWay');
    assert.equal(of('waiting', 'runsElsewhere'), 'needsPerson');
  });

  function waiting(first: SessionSnapshot, isOld: (snapshot: SessionSnapshot) => boolean = () => false) {
    const changed = new Emitter<undefined>();
    let current = first;
    const seen: string[] = [];
    const verdict = waitForVerdict({
      current: () => current,
      onChange: (listener) => changed.event(listener),
      lost: new Promise(() => undefined),
      isOld,
      onSnapshot: ({ state }) => void seen.push(state),
    });
    const set = (next: SessionSnapshot) => {
      current = next;
      changed.fire(undefined);
    };
    return { verdict, set, seen };
  }

  it('does not take the end of the server before for the end of the new one', async () => {
    const before = aSession({ state: 'failed', revision: 3 });
    const { verdict, set, seen } = waiting(before, ({ revision }) => revision <= 3);
    set(aSession({ state: 'starting', revision: 4 }));
    set(aSession({ state: 'stopped', desired: 'running', revision: 5 }));
    set(aSession({ state: 'starting', revision: 6 }));
    set(aSession({ state: 'running', revision: 7 }));
    assert.deepEqual(await verdict, { kind: 'running' });
    assert.deepEqual(seen, ['failed', 'starting', 'stopped', 'starting', 'running']);
  });

  it('does not rely on a server that gives up right after its first answer', async () => {
    const running = aSession({ state: 'running', sinceMs: Date.now() });
    const { verdict, set } = waiting(running);
    await new Promise((resolve) => setTimeout(resolve, 30));
    set(aSession({ state: 'starting', reason: { code: 'crashed' } }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    set(aSession({ state: 'failed', reason: { code: 'crashLoop' } }));
    assert.deepEqual(await verdict, { kind: 'failed' });
  });

  it('relies on one that has run for a moment, whatever the clock says', async () => {
    const waitedMs = async (ageMs: number) => {
      const begunMs = performance.now();
      const { verdict } = waiting(aSession({ state: 'running', sinceMs: Date.now() - ageMs }));
      assert.deepEqual(await verdict, { kind: 'running' });
      return performance.now() - begunMs;
    };
    assert.ok((await waitedMs(0)) >= 250);
    assert.ok((await waitedMs(-3_600_000)) >= 250, 'one that will begin in an hour, by a clock that was set');
    assert.ok((await waitedMs(3_600_000)) < 250);
  });

  it('ends when the server is stopped and stays so', async () => {
    const { verdict } = waiting(aSession({ state: 'stopped' }));
    assert.deepEqual(await verdict, { kind: 'stopped' });
  });

  it('is given up after its time', async () => {
    const late = new CommandError('timedOut', 'timedOut', 'late');
    await assert.rejects(
      within(new Promise(() => undefined), 5, () => late),
      late,
    );
    assert.equal(await within(Promise.resolve(7), 60_000, () => late), 7);
  });
});
