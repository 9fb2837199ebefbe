import assert from 'node:assert/strict';
import type { AppView } from '../../src/sessions/appView';
import { duration } from '../../src/sessions/appFacts';
import { DevServerError } from '../../src/sessions/errors';
import type { SessionSnapshot } from '../../src/sessions/protocol';
import { serverRows, type AppRow } from '../../src/sessions/serverRows';
import { anApp, aSession } from './samples';

const window = { connection: { kind: 'connected', hostPid: 1, hostVersion: '1' }, trusted: true } as const;
const NOW = new Date(2026, 0, 2, 5, 9, 10).getTime();

/** The row of one app with this session. */
function row(of: Partial<SessionSnapshot> | undefined, more: Partial<AppView> = {}, at = window): AppRow {
  const [found] = serverRows([{ app: anApp(), session: of && aSession(of), ...more }], at, NOW);
  assert.ok(found);
  return found;
}
const detail = (of: AppRow, id: string) => of.details.find((one) => one.id === id);

describe('a row of the Dev Servers view', () => {
  it('says in words what the status bar says by colour and number', () => {
    const shown = (of: Partial<SessionSnapshot> | undefined) => {
      const { label, description, tone } = row(of);
      return [label, description, tone];
    };
    assert.deepEqual(shown({}), ['Web', 'running, port 3000', 'good']);
    assert.deepEqual(shown({ adopted: true }), ['Web', 'running (adopted), port 3000', 'good']);
    assert.deepEqual(shown({ state: 'unhealthy', reason: { code: 'noAnswer' } }), [
      'Web',
      'no answer, port 3000',
      'warning',
    ]);
    const warning = { code: 'memoryHigh', facts: { mb: 3500, limitMb: 3000 } } as const;
    assert.deepEqual(shown({ warning }), ['Web', 'running, port 3000, too much memory', 'warning']);
    const issues = [{ severity: 'error', message: 'boom' }] as const;
    assert.deepEqual(shown({ issues }), ['Web', 'running, port 3000, 1 problem', 'good']);
    assert.equal(detail(row({ issues }), 'problems')?.description, '1');
    assert.deepEqual(shown({ state: 'starting' }), ['Web', 'starting', 'none']);
    assert.deepEqual(shown({ state: 'blocked', reason: { code: 'portTaken' } }), [
      'Web',
      'blocked, port 3000',
      'warning',
    ]);
    assert.deepEqual(shown({ state: 'failed', reason: { code: 'crashLoop' } }), ['Web', 'failed', 'error']);
    assert.deepEqual(shown({ state: 'stopped', reason: { code: 'stoppedByUser' } }), ['Web', 'stopped', 'none']);
    assert.deepEqual(shown(undefined), ['Web', 'stopped', 'none']);
  });

  it('says why nothing is known or can be done', () => {
    const untrusted = row(undefined, {}, { ...window, trusted: false } as never);
    assert.equal(untrusted.description, 'not trusted');
    const lost = { connection: { kind: 'failed', error: new DevServerError('hostHangs', {}) }, trusted: true };
    assert.deepEqual([row({}, {}, lost as never).description, row({}, {}, lost as never).tone], ['unknown', 'error']);
    const problem = { code: 'noDevScript', facts: { folder: '/w' } } as const;
    const broken = row(undefined, { app: anApp({ problem }) });
    assert.equal(broken.description, "can't start");
    assert.match(detail(broken, 'sentence')?.label ?? '', /"dev" script/);
  });

  it('offers by its context what fits the state, and nothing else', () => {
    const words = (of: Partial<SessionSnapshot> | undefined) => row(of).context.split(' ');
    const running = words({ pid: 7 });
    for (const action of ['stop', 'restart', 'openPreview', 'openInBrowser', 'showTerminal', 'copyUrl'])
      assert.ok(running.includes(action), action);
    for (const action of ['start', 'useNextPort', 'openInIntegratedBrowser'])
      assert.ok(!running.includes(action), action);
    assert.ok(words(undefined).includes('start'));
    assert.ok(!words(undefined).includes('stop'));
    assert.ok(words({ state: 'blocked', reason: { code: 'portTaken' } }).includes('useNextPort'));
  });

  it('tells port, process, uptime, memory, windows and the last probe', () => {
    const found = row({
      pid: 41,
      listenerPid: 42,
      startedMs: NOW - 2 * 3_600_000 - 5 * 60_000,
      memoryMb: 412,
      windows: 3,
      lastProbe: { atMs: NOW, ok: false, durationMs: 3, error: 'ECONNREFUSED' },
    });
    const values = Object.fromEntries(found.details.map(({ id, description }) => [id, description]));
    assert.equal(values['address'], 'http://localhost:3000');
    assert.equal(values['port'], '3000');
    assert.equal(values['process'], 'pid 42');
    assert.equal(values['uptime'], '2 h 5 min, since 03:04:10');
    assert.equal(values['memory'], '412 MB');
    assert.equal(values['windows'], '3');
    assert.equal(values['probe'], '05:09:10, no good answer (ECONNREFUSED)');
    assert.equal(values['folder'], '/w/cheatcode-app');
    assert.equal(detail(found, 'address')?.action, 'openInBrowser');
    assert.equal(detail(found, 'session')?.action, 'showTerminal');
    assert.equal(new Set(found.details.map(({ id }) => id)).size, found.details.length);
  });

  it('tells nothing of a process that is gone', () => {
    const found = row({ state: 'stopped', reason: { code: 'stoppedByUser' }, memoryMb: 412, startedMs: NOW });
    for (const id of ['address', 'process', 'uptime', 'memory']) assert.equal(detail(found, id), undefined, id);
    assert.equal(detail(found, 'session')?.action, 'showTerminal', 'its last output is still there');
  });

  it('is read aloud as a sentence', () => {
    assert.equal(row({}).accessibleLabel, `Web, running, port 3000. ${detail(row({}), 'sentence')?.label ?? ''}`);
  });
});

describe('a duration', () => {
  it('is as exact as anybody wants to know', () => {
    const minute = 60_000;
    const hour = 60 * minute;
    assert.deepEqual([-5, 0, 59_999, minute, 59 * minute, hour, 25 * hour + minute].map(duration), [
      '0 s',
      '0 s',
      '59 s',
      '1 min',
      '59 min',
      '1 h 0 min',
      '1 d 1 h',
    ]);
  });
});
