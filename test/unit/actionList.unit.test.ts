import assert from 'node:assert/strict';
import { actionList, type ActionWindow } from '../../src/sessions/actionList';
import type { AppView } from '../../src/sessions/appView';
import { DevServerError } from '../../src/sessions/errors';
import type { SessionSnapshot } from '../../src/sessions/protocol';
import { aMobileApp, anApp, aSession } from './samples';

const connected: ActionWindow = {
  connection: { kind: 'connected', hostPid: 7, hostVersion: '0.1.0' },
  trusted: true,
  hostReplacement: undefined,
};
const hung: ActionWindow = {
  ...connected,
  connection: { kind: 'failed', error: new DevServerError('hostHangs', { pid: 7 }) },
  hostReplacement: 'hung',
};
const web = (session?: Partial<SessionSnapshot>, of: Partial<AppView> = {}): AppView => ({
  app: anApp(),
  session: session === undefined ? undefined : aSession(session),
  ...of,
});
const external = anApp({ declared: { ...anApp().declared, managed: 'external' } });

/** `# heading` and what can be chosen, without what is always there. */
const list = (views: readonly AppView[], window: ActionWindow = connected): string[] => {
  const rows = actionList(views, window).map((row) =>
    row.kind === 'heading' ? `# ${row.label}` : 'app' in row.run ? row.run.app : `window ${row.run.window}`,
  );
  assert.deepEqual(rows.slice(-3), ['window doctor', 'window showLog', 'window showReport']);
  return rows.slice(0, -3).filter((row) => row !== '# Cheatcode');
};

describe('Dev Server Actions', () => {
  const whenRunning = ['openPreview', 'openInBrowser', 'showTerminal', 'restart', 'stop', 'copyUrl'];
  const table: readonly (readonly [state: string, view: AppView, expected: readonly string[]])[] = [
    ['nothing yet', web(), ['# Web: stopped', 'start', 'openPreview']],
    [
      'stopped',
      web({ state: 'stopped', reason: { code: 'stoppedByUser' } }),
      ['# Web: stopped', 'start', 'showTerminal', 'openPreview'],
    ],
    [
      'never started',
      web({ state: 'stopped', reason: { code: 'neverStarted' } }),
      ['# Web: stopped', 'start', 'openPreview'],
    ],
    [
      'waiting for another machine',
      web({ state: 'waiting', reason: { code: 'runsElsewhere', facts: { machine: 'box' } } }),
      ['# Web: waiting', 'startHere', 'showTerminal', 'openPreview', 'stop'],
    ],
    [
      'blocked by a port that can be freed',
      web({ state: 'blocked', reason: { code: 'portTaken', facts: { pid: 42 } } }),
      ['# Web: blocked', 'useNextPort', 'stopOther', 'start', 'showTerminal', 'openPreview', 'stop'],
    ],
    [
      'blocked by a folder',
      web({ state: 'blocked', reason: { code: 'appLockHeld' } }),
      ['# Web: blocked', 'start', 'showTerminal', 'openPreview', 'stop'],
    ],
    [
      'installing',
      web({ state: 'installing', reason: { code: 'dependenciesMissing' } }),
      ['# Web: installing', 'showTerminal', 'openPreview', 'stop', 'restart'],
    ],
    [
      'starting',
      web({ state: 'starting', reason: { code: 'requested' } }),
      ['# Web: starting', 'openPreview', 'showTerminal', 'stop', 'restart'],
    ],
    ['running', web({}), ['# Web: running on port 3000', ...whenRunning]],
    [
      'running beside a second server',
      web({ secondServers: [{ port: 3001, pid: 9, command: 'next' }] }),
      ['# Web: running on port 3000', 'stopOther', ...whenRunning],
    ],
    [
      'running with other packages than the lock file’s',
      web({ restartOffer: { code: 'dependenciesChanged' } }),
      ['# Web: running on port 3000', 'installAndRestart', 'restart', ...whenRunning.filter((id) => id !== 'restart')],
    ],
    [
      'running in an editor with a browser',
      web({}, { hasIntegratedBrowser: true }),
      [
        '# Web: running on port 3000',
        ...whenRunning.flatMap((id) => (id === 'openInBrowser' ? [id, 'openInIntegratedBrowser'] : [id])),
      ],
    ],
    [
      'unhealthy',
      web({ state: 'unhealthy', reason: { code: 'noAnswer' } }),
      ['# Web: no answer on port 3000', 'restart', 'showTerminal', 'openPreview', 'openInBrowser', 'stop', 'copyUrl'],
    ],
    [
      'stopping',
      web({ state: 'stopping', reason: { code: 'requested' } }),
      ['# Web: stopping', 'showTerminal', 'openPreview'],
    ],
    [
      'failed',
      web({ state: 'failed', reason: { code: 'crashLoop' } }),
      ['# Web: failed', 'restart', 'showTerminal', 'openPreview'],
    ],
    [
      'adopted',
      web({ adopted: true, reason: { code: 'adopted' } }),
      ['# Web: running (adopted) on port 3000', ...whenRunning.filter((id) => id !== 'showTerminal')],
    ],
    [
      'managed elsewhere and not there',
      {
        app: external,
        session: aSession({ state: 'waiting', managed: 'external', reason: { code: 'managedElsewhere' } }),
      },
      ['# Web: waiting', 'openPreview'],
    ],
    [
      'managed elsewhere and running',
      { app: external, session: aSession({ adopted: true, managed: 'external', reason: { code: 'adopted' } }) },
      ['# Web: running (adopted) on port 3000', 'openPreview', 'openInBrowser', 'copyUrl'],
    ],
    [
      'an app that can not start',
      { app: anApp({ problem: { code: 'noDevScript', facts: {} } }), session: undefined },
      ["# Web: can't start", 'start'],
    ],
  ];
  for (const [state, view, expected] of table)
    it(`are only those that fit, the likely one first: ${state}`, () => assert.deepEqual(list([view]), expected));

  it('each have an icon of their own beside their words', () => {
    const rows = table
      .flatMap(([, view]) => actionList([view], hung))
      .concat(...table.map(([, view]) => actionList([view], connected)));
    for (const row of rows)
      if (row.kind === 'action') {
        assert.match(row.icon, /^[a-z-]+$/);
        assert.match(row.label, /^[A-Z]/);
      }
    const icons = new Map(rows.flatMap((row) => (row.kind === 'action' ? [[row.label, row.icon] as const] : [])));
    const plain = [...icons].filter(([label]) => !/^Start$|^Restart|^Try Again$/.test(label));
    assert.equal(new Set(plain.map(([, icon]) => icon)).size, plain.length, JSON.stringify([...icons]));
  });

  it('come app by app, the likely app first, with Stop All where several of ours run', () => {
    const app = aMobileApp();
    const mobile = { app, session: aSession({ appKey: app.key, id: 'dev_server_mobile', type: 'mobile', port: 8081 }) };
    const both = list([mobile, web({})]);
    assert.deepEqual(
      both.filter((row) => row.startsWith('# ')),
      ['# Mobile: running on port 8081', '# Web: running on port 3000'],
    );
    assert.equal(both.at(-1), 'window stopAll');
    assert.ok(!list([mobile, web({ adopted: true, reason: { code: 'adopted' } })]).includes('window stopAll'));
    assert.ok(!list([mobile, web()]).includes('window stopAll'));
  });

  it('begin in a workspace that is not trusted with trust, and hold nothing that runs its code', () => {
    const untrusted = { ...connected, trusted: false };
    assert.deepEqual(list([web()], untrusted), ['# First', 'window manageTrust', '# Web: not started', 'openPreview']);
    for (const [state, view] of table)
      for (const id of ['start', 'restart', 'installAndRestart', 'useNextPort', 'startHere'])
        assert.ok(!list([view], untrusted).includes(id), `${id} while ${state}`);
    assert.ok(list([web({})], untrusted).includes('stop'), 'that ends what runs');
  });

  it('begin with the replacement of a session host that hangs, and do not claim that its servers run', () => {
    assert.deepEqual(list([web({})], hung), [
      '# First',
      'window replaceHost',
      '# Web: unknown',
      'start',
      'openPreview',
      'showTerminal',
    ]);
    const [, row] = actionList([web({})], hung);
    assert.equal(row?.kind === 'action' && row.description, 'it does not answer');
  });

  it('offer no server whose host is looked for, and the next try where none was found', () => {
    const connecting = { ...connected, connection: { kind: 'connecting' } } as const;
    assert.deepEqual(list([web({})], connecting), ['# Web: reconnecting', 'openPreview', 'showTerminal']);
    const failed = { ...hung, hostReplacement: undefined };
    const row = actionList([web({})], failed).find((one) => one.kind === 'action');
    assert.equal(row?.label, 'Try Again');
  });

  it('offer to replace an older host among the last, for nothing is wrong', () => {
    const rows = list([web({})], { ...connected, hostReplacement: 'older' });
    assert.equal(rows.at(-1), 'window replaceHost');
    assert.equal(rows[1], 'openPreview');
  });

  it('are about the window alone where there is no app', () => assert.deepEqual(list([]), []));
});
