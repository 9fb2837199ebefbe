import assert from 'node:assert/strict';
import { DevServerError } from '../../src/sessions/errors';
import { actionsFor } from '../../src/sessions/appActions';
import { clockTime } from '../../src/sessions/appFacts';
import { type AppView, type WindowView } from '../../src/sessions/appView';
import { appByWord, appOfFile, contextKeys, previewPage, statusItems } from '../../src/sessions/presenter';
import type { SessionSnapshot, SessionState } from '../../src/sessions/protocol';
import { aMobileApp, anApp, aSession } from './samples';

const connected: WindowView = {
  connection: { kind: 'connected', hostPid: 7, hostVersion: '0.1.0' },
  trusted: true,
  activeAppKey: undefined,
};

const web = (session?: Partial<SessionSnapshot>): AppView => ({
  app: anApp(),
  session: session === undefined ? undefined : aSession(session),
});
const mobile = (session?: Partial<SessionSnapshot>): AppView => {
  const app = aMobileApp();
  return {
    app,
    session:
      session === undefined
        ? undefined
        : aSession({ id: 'dev_server_mobile', appKey: app.key, type: 'mobile', port: 8081, ...session }),
  };
};

describe('status items', () => {
  it('show label and port of a running app', () => {
    const [item, ...others] = statusItems([web({})], connected);
    assert.equal(item?.text, '$(globe) Web :3000');
    assert.equal(item.background, 'none');
    assert.equal(item.appKey, '1:2:cheatcode-app');
    assert.deepEqual(others, []);
  });

  it('spin while the app installs, starts or stops', () => {
    for (const state of ['installing', 'starting', 'stopping'] as const)
      assert.equal(statusItems([web({ state })], connected)[0]?.text, `$(loading~spin) Web ${state}`);
  });

  it('warn of a server that does not answer or is blocked, and mark a failed one as an error', () => {
    const of = (state: SessionState): string | undefined => statusItems([web({ state })], connected)[0]?.background;
    assert.equal(of('unhealthy'), 'warning');
    assert.equal(of('blocked'), 'warning');
    assert.equal(of('failed'), 'error');
    assert.equal(of('stopped'), 'none');
  });

  it('say in words what the colour says', () => {
    const of = (session: Partial<SessionSnapshot>): string | undefined =>
      statusItems([web(session)], connected)[0]?.text;
    assert.equal(of({ state: 'unhealthy', reason: { code: 'noAnswer' } }), '$(warning) Web :3000 no answer');
    assert.equal(of({ state: 'blocked', reason: { code: 'portTaken' } }), '$(warning) Web :3000 blocked');
    assert.equal(of({ state: 'failed', reason: { code: 'crashLoop' } }), '$(error) Web failed');
  });

  it('do not say stopped of a server that this window is about to bring back', () => {
    const lost = web({ state: 'stopped', desired: 'running', reason: { code: 'hostLost' } });
    assert.equal(statusItems([lost], connected)[0]?.text, '$(loading~spin) Web restarting');
    assert.equal(statusItems([lost], { ...connected, trusted: false })[0]?.text, '$(circle-slash) Web stopped');
    const stopped = web({ state: 'stopped', desired: 'stopped', reason: { code: 'hostLost' } });
    assert.equal(statusItems([stopped], connected)[0]?.text, '$(circle-slash) Web stopped');
  });

  it('mark a server that was started outside Cheatcode', () => {
    const adopted = {
      adopted: true,
      port: 3001,
      reason: { code: 'adopted', facts: { pid: 123, command: 'next dev' } },
    };
    const [item] = statusItems([web(adopted as Partial<SessionSnapshot>)], connected);
    assert.equal(item?.text, '$(globe) Web :3001 (adopted)');
    assert.equal(item.background, 'none');
    assert.match(item.accessibleLabel, /running \(adopted\)/);
    assert.match(item.tooltip, /started outside Cheatcode \\\(pid 123/);
  });

  it('fault 43: warn of a server that runs with too much memory, in colour and words', () => {
    const [item] = statusItems(
      [web({ warning: { code: 'memoryHigh', facts: { mb: 3500, limitMb: 3000 } } })],
      connected,
    );
    assert.equal(item?.background, 'warning');
    assert.equal(item.text, '$(warning) Web :3000 memory');
    assert.match(item.tooltip, /3500 MB/);
    assert.match(item.accessibleLabel, /too much memory/);
  });

  it('tell in the tooltip of a second server, of a restart that would help, and of other settings', () => {
    const view: AppView = {
      ...web({
        secondServers: [{ port: 3001, pid: 7, command: 'next-server' }],
        restartOffer: { code: 'filesChanged', facts: { files: 'app.json' } },
      }),
      otherSettings: { digest: 'b2', changedHere: true },
    };
    const [item] = statusItems([view], connected);
    assert.equal(item?.background, 'none');
    for (const text of [/second dev server .* port 3001/, /app\\\.json|app\.json/, /other settings/])
      assert.match(item.tooltip, text);
  });

  it('put the app of the active editor first', () => {
    const views = [web({}), mobile({})];
    assert.deepEqual(
      statusItems(views, { ...connected, activeAppKey: '1:3:cheatcode-mobile' }).map((item) => item.text),
      ['$(device-mobile) Mobile :8081', '$(globe) Web :3000'],
    );
  });

  it('count when there are more than two apps, beside the one of the active editor', () => {
    const third: AppView = {
      app: anApp({ key: '1:4:docs', name: 'docs', label: 'docs' }),
      session: aSession({ state: 'failed', appKey: '1:4:docs' }),
    };
    const views = [web({}), mobile(), third];
    const [all, ...none] = statusItems(views, connected);
    assert.equal(all?.text, '$(error) 1/3 running');
    assert.equal(all.background, 'error');
    assert.equal(all.appKey, undefined);
    assert.deepEqual(none, []);
    assert.deepEqual(
      statusItems(views, { ...connected, activeAppKey: '1:2:cheatcode-app' }).map((item) => item.text),
      ['$(globe) Web :3000', '$(error) 1/3 running'],
    );
  });

  it('name what keeps an app from starting', () => {
    const app = anApp({ problem: { code: 'noDevScript', facts: {} } });
    const [item] = statusItems([{ app, session: undefined }], connected);
    assert.equal(item?.text, "$(warning) Web can't start");
    assert.match(item.tooltip, /"dev" script/);
  });

  it('do not claim a state that the lost session host can no longer confirm', () => {
    const error = new DevServerError('hostDidNotStart', { detail: 'no memory' });
    const [item] = statusItems([web({})], { ...connected, connection: { kind: 'failed', error } });
    assert.equal(item?.background, 'error');
    assert.doesNotMatch(item.text, /3000/);
    assert.match(item.tooltip, /no memory/);
  });

  it('tell in the tooltip how alive the app is in its preview, where one shows it', () => {
    const tooltip = (view: Partial<AppView>): string =>
      statusItems([{ ...web({}), ...view }], connected)[0]?.tooltip ?? '';
    assert.doesNotMatch(tooltip({}), /Preview/);
    assert.match(tooltip({ preview: { kind: 'alive' } }), /^\| Preview \| alive \|$/m);
    assert.match(
      tooltip({ preview: { kind: 'notHydrated', detail: 'a script is <missing>', failed: undefined } }),
      /^\| Preview \| not hydrated: a script is \\<missing\\> \|$/m,
    );
  });

  it('tell in the tooltip the address, the process, the last probe and the windows', () => {
    const lastProbe = { atMs: Date.now(), ok: true, durationMs: 4.2 };
    const tooltip = statusItems([web({ listenerPid: 99, windows: 3, lastProbe })], connected)[0]?.tooltip ?? '';
    assert.match(tooltip, /\[http:\/\/localhost:3000\]/);
    assert.match(tooltip, /pid 99/);
    assert.match(tooltip, /answered in 4 ms/);
    assert.match(tooltip, /\| Windows \| 3 \|/);
  });

  it('let no folder name make markdown', () => {
    const app = anApp({ folder: '/w/[x](command:evil)$(globe)' });
    const tooltip = statusItems([{ app, session: aSession() }], connected)[0]?.tooltip ?? '';
    assert.doesNotMatch(tooltip, /\]\(command:/);
    assert.doesNotMatch(tooltip, /(?<!\\)\$\\?\(globe/);
  });

  it('show that the session host is gone while it is looked for', () => {
    const [item] = statusItems([web({})], { ...connected, connection: { kind: 'connecting' } });
    assert.equal(item?.text, '$(loading~spin) Web reconnecting');
    assert.equal(previewPage(web({}), { connection: { kind: 'connecting' }, trusted: true }).kind, 'wait');
  });

  it('read out the state to those who do not see it', () => {
    const spoken = (view: AppView, window = connected) => statusItems([view], window)[0]?.accessibleLabel;
    assert.equal(spoken(web({})), 'Dev server Web: running, port 3000');
    assert.equal(spoken(web({ state: 'failed', reason: { code: 'crashLoop' } })), 'Dev server Web: failed, port 3000');
    assert.equal(
      spoken(web({ state: 'unhealthy', reason: { code: 'noAnswer' } })),
      'Dev server Web: no answer, port 3000',
    );
    assert.equal(spoken(web()), 'Dev server Web: Web is not started.');
    const app = anApp({ problem: { code: 'noDevScript', facts: {} } });
    const stopped = aSession({ state: 'stopped', reason: { code: 'neverStarted' } });
    assert.match(spoken({ app, session: stopped }) ?? '', /"dev" script/);
  });

  it('read out no state that the lost session host can no longer confirm', () => {
    const error = new DevServerError('hostHangs', { pid: 7 });
    for (const connection of [{ kind: 'failed', error }, { kind: 'connecting' }] as const)
      assert.doesNotMatch(statusItems([web({})], { ...connected, connection })[0]?.accessibleLabel ?? '', /running/);
  });

  it('read out of several apps together which of them the colour is for', () => {
    const one = (key: string, session: Partial<SessionSnapshot>): AppView => ({
      app: anApp({ key, name: key, label: key }),
      session: aSession({ appKey: key, ...session }),
    });
    const views = [
      one('a', {}),
      one('b', { state: 'failed', reason: { code: 'crashLoop', facts: { crashes: 5 } } }),
      one('c', {}),
    ];
    const [item] = statusItems(views, connected);
    assert.match(item?.accessibleLabel ?? '', /^2 of 3 dev servers running\. b crashed 5 times in a row/);
    assert.equal(
      statusItems(views.filter(({ app }) => app.name !== 'b').concat(one('d', {})), connected)[0]?.accessibleLabel,
      '3 of 3 dev servers running',
    );
  });

  it('tell in the tooltip since when the state and the server are', () => {
    const nowMs = Date.now();
    const tooltip =
      statusItems([web({ pid: 9, sinceMs: nowMs, startedMs: nowMs - 125_000 })], connected)[0]?.tooltip ?? '';
    assert.match(tooltip, /^\| In this state since \| \d\d:\d\d:\d\d \|$/m);
    assert.match(tooltip, /^\| Up for \| 2 min, since /m);
  });

  it('say nothing by colour alone: of two states with other colours also the words and the icon differ', () => {
    const looks = (
      [
        ['running', 'answered'],
        ['unhealthy', 'noAnswer'],
        ['blocked', 'portTaken'],
        ['failed', 'crashLoop'],
        ['stopped', 'stoppedByUser'],
        ['waiting', 'runsElsewhere'],
        ['starting', 'requested'],
      ] as const
    ).map(([state, code]) => statusItems([web({ state, reason: { code } })], connected)[0]);
    for (const one of looks)
      for (const other of looks) {
        if (one === undefined || other === undefined || one.background === other.background) continue;
        const [icon, ...words] = one.text.split(' ');
        const [otherIcon, ...otherWords] = other.text.split(' ');
        assert.notEqual(icon, otherIcon);
        assert.notEqual(words.join(), otherWords.join());
      }
  });
});

describe('actions', () => {
  const ids = (view: AppView): string[] => actionsFor(view).map((action) => action.id);

  it('are those that fit the state, the likely first', () => {
    assert.deepEqual(ids(web({})), ['openPreview', 'openInBrowser', 'showTerminal', 'restart', 'stop', 'copyUrl']);
    assert.deepEqual(ids(web({ state: 'stopped', reason: { code: 'stoppedByUser' } })), [
      'start',
      'showTerminal',
      'openPreview',
    ]);
    assert.deepEqual(ids(web({ state: 'failed', reason: { code: 'crashLoop' } })), [
      'restart',
      'showTerminal',
      'openPreview',
    ]);
    assert.deepEqual(ids(web({ state: 'stopping', reason: { code: 'requested' } })), ['showTerminal', 'openPreview']);
  });

  it('let a blocked server be tried again or given up', () => {
    assert.deepEqual(ids(web({ state: 'blocked', reason: { code: 'portTaken' } })), [
      'useNextPort',
      'start',
      'showTerminal',
      'openPreview',
      'stop',
    ]);
  });

  it('explain what an app lacks where it can not start', () => {
    const app = anApp({ problem: { code: 'noDevScript', facts: {} } });
    const [start, ...others] = actionsFor({ app, session: undefined });
    assert.equal(start?.id, 'start');
    assert.match(start.description ?? '', /no "dev" script/);
    assert.deepEqual(others, []);
  });

  it('never start an app that is managed elsewhere', () => {
    const app = anApp({ declared: { ...anApp().declared, managed: 'external' } });
    assert.ok(!ids({ app, session: undefined }).includes('start'));
    for (const session of [
      aSession({ state: 'waiting', managed: 'external', reason: { code: 'managedElsewhere' } }),
      aSession({ state: 'stopped', managed: 'external', reason: { code: 'managedElsewhere' } }),
      aSession({ adopted: true, managed: 'external', reason: { code: 'adopted' } }),
    ])
      for (const action of ['start', 'restart', 'stop', 'showTerminal'])
        assert.ok(!ids({ app, session }).includes(action), `${action} while ${session.state}`);
  });

  it('name a choice for a taken port, with the holder where there is one to stop', () => {
    const facts = { port: 3000, pid: 42, command: 'ruby app.rb' };
    const [next, stop] = actionsFor(web({ state: 'blocked', reason: { code: 'portTaken', facts } }));
    assert.equal(next?.id, 'useNextPort');
    assert.deepEqual(stop, {
      id: 'stopOther',
      icon: 'debug-disconnect',
      label: 'Stop the Other…',
      description: 'pid 42, ruby app.rb',
    });
    const hidden = web({ state: 'blocked', reason: { code: 'portTaken', facts: { port: 3000, hidden: true } } });
    assert.ok(!ids(hidden).includes('stopOther'));
    assert.ok(!ids(web({ state: 'blocked', reason: { code: 'appLockHeld' } })).includes('useNextPort'));
  });

  it('fault 21: offer to stop a second server as long as there is one', () => {
    const second = { port: 3001, pid: 7, command: 'next-server' };
    const [first] = actionsFor(web({ secondServers: [second] }));
    assert.equal(first?.id, 'stopOther');
    assert.equal(first.description, 'port 3001, pid 7');
    assert.ok(!ids(web({})).includes('stopOther'));
    assert.ok(!ids(web({ secondServers: [] })).includes('stopOther'));
    assert.ok(!ids(web({ secondServers: [{ port: 3001, command: '' }] })).includes('stopOther'), 'nobody to ask about');
  });

  it('say that a restart of an adopted server brings it into a terminal of ours', () => {
    const restart = actionsFor(web({ adopted: true })).find(({ id }) => id === 'restart');
    assert.equal(restart?.label, 'Restart in a Cheatcode Terminal…');
    assert.equal(actionsFor(web({})).find(({ id }) => id === 'restart')?.label, 'Restart');
  });

  it('fault 36: put the restart that was offered first, with its reason', () => {
    const [install] = actionsFor(
      web({ restartOffer: { code: 'dependenciesChanged', facts: { files: 'pnpm-lock.yaml' } } }),
    );
    assert.equal(install?.id, 'installAndRestart');
    assert.match(install.description ?? '', /pnpm-lock\.yaml/);
    const [restart] = actionsFor(web({ restartOffer: { code: 'filesChanged', facts: { files: 'app.json' } } }));
    assert.equal(restart?.id, 'restart');
    assert.match(restart.description ?? '', /app\.json/);
  });

  it('fault 34: offer the restart by which this window gets its own settings', () => {
    const [restart] = actionsFor({ ...web({}), otherSettings: { digest: 'b2', changedHere: false } });
    assert.equal(restart?.id, 'restart');
    assert.match(restart.description ?? '', /other settings than this window's/);
  });

  it('offer no terminal of a server whose output goes elsewhere', () => {
    assert.ok(!ids(web({ adopted: true })).includes('showTerminal'));
  });
});

describe('context keys', () => {
  const plain = { canReplaceHost: false, hasPreviewInView: false, isCheatcodeWorkspace: false };

  it('are all off where there is no app', () => {
    assert.ok(Object.values(contextKeys([], plain)).every((value) => !value));
  });

  it('enable a command when it fits one of the apps', () => {
    const keys = contextKeys([web({}), mobile({ state: 'stopped', reason: { code: 'stoppedByUser' } })], plain);
    assert.equal(keys['cheatcode.canStart'], true);
    assert.equal(keys['cheatcode.canStop'], true);
    const one = contextKeys([web({})], { canReplaceHost: true, hasPreviewInView: true, isCheatcodeWorkspace: false });
    assert.equal(one['cheatcode.canStart'], false);
    assert.equal(one['cheatcode.canOpen'], true);
    assert.equal(one['cheatcode.canReplaceHost'], true);
    assert.equal(keys['cheatcode.canReplaceHost'], false);
    assert.equal(one['cheatcode.canMovePreview'], true);
    assert.equal(keys['cheatcode.canMovePreview'], false);
  });

  it('enable the choices for a conflict only while there is one', () => {
    const taken = web({ state: 'blocked', reason: { code: 'portTaken', facts: { port: 3000, pid: 42 } } });
    const keys = contextKeys([taken], plain);
    assert.ok(keys['cheatcode.canUseNextPort'] && keys['cheatcode.canStopOther']);
    const offer = { code: 'dependenciesChanged', facts: { files: 'pnpm-lock.yaml' } } as const;
    assert.equal(contextKeys([web({ restartOffer: offer })], plain)['cheatcode.canInstallAndRestart'], true);
    const calm = contextKeys([web({})], plain);
    for (const key of ['canUseNextPort', 'canStopOther', 'canInstallAndRestart'] as const)
      assert.equal(calm[`cheatcode.${key}`], false, key);
  });
});

describe('what needs more than one app or an editor of a certain kind', () => {
  const plain = { canReplaceHost: false, hasPreviewInView: false, isCheatcodeWorkspace: false };

  it('is enabled only there', () => {
    const one = contextKeys([web({})], plain);
    assert.equal(one['cheatcode.canPreviewSeveral'], false);
    assert.equal(one['cheatcode.canOpenIntegrated'], false);
    assert.equal(contextKeys([web({}), mobile()], plain)['cheatcode.canPreviewSeveral'], true);
    const unable = { ...mobile(), app: anApp({ problem: { code: 'noDevScript', facts: {} } }) };
    assert.equal(contextKeys([web({}), unable], plain)['cheatcode.canPreviewSeveral'], false);
  });

  it('is, of the editor’s own browser, offered beside the other one while the app runs', () => {
    const inDesktop = (view: AppView): AppView => ({ ...view, hasIntegratedBrowser: true });
    const ids = (view: AppView): string[] => actionsFor(view).map((action) => action.id);
    assert.deepEqual(ids(inDesktop(web({}))).slice(0, 3), ['openPreview', 'openInBrowser', 'openInIntegratedBrowser']);
    assert.ok(ids(inDesktop(web({ state: 'unhealthy' }))).includes('openInIntegratedBrowser'));
    const stopped = inDesktop(web({ state: 'stopped', reason: { code: 'stoppedByUser' } }));
    assert.ok(!ids(stopped).includes('openInIntegratedBrowser'));
    assert.equal(contextKeys([stopped], plain)['cheatcode.canOpenIntegrated'], false);
    assert.equal(contextKeys([stopped, inDesktop(mobile({}))], plain)['cheatcode.canOpenIntegrated'], true);
  });
});

describe('the preview page', () => {
  it('shows the app while its server runs, with a word of warning when it does not answer', () => {
    assert.equal(previewPage(web({}), connected).kind, 'app');
    assert.equal(previewPage(web({}), connected).warning, undefined);
    const silent = previewPage(web({ state: 'unhealthy', reason: { code: 'noAnswer' } }), connected);
    assert.equal(silent.kind, 'app');
    assert.match(silent.warning ?? '', /does not answer/);
  });

  it('waits with the output in sight while the server is on its way', () => {
    for (const state of ['installing', 'starting'] as const) {
      const page = previewPage(web({ state }), connected);
      assert.equal(page.kind, 'wait');
      assert.ok(page.showsOutput);
    }
  });

  it('offers Restart and the terminal when the server failed', () => {
    const page = previewPage(web({ state: 'failed', reason: { code: 'crashLoop' } }), connected);
    assert.deepEqual(
      page.actions.map((action) => action.id),
      ['restart', 'showTerminal'],
    );
    assert.ok(page.showsOutput);
  });

  it('offers Start when the server is stopped, but not where it can not start', () => {
    assert.deepEqual(
      previewPage(web(), connected).actions.map((action) => action.id),
      ['start'],
    );
    const app = anApp({ problem: { code: 'noPackageJson', facts: {} } });
    const page = previewPage({ app, session: undefined }, connected);
    assert.equal(page.kind, 'failed');
    assert.deepEqual(page.actions, []);
  });

  it('says of an app on another machine that it starts here when it ends there, and offers it now', () => {
    const facts = { machine: 'box-7', url: 'http://box-7:3000' };
    const page = previewPage(web({ state: 'waiting', reason: { code: 'runsElsewhere', facts } }), connected);
    assert.equal(page.kind, 'wait');
    assert.equal(page.showsOutput, false);
    assert.equal(page.sentence, 'Web runs on box-7, at http://box-7:3000. It starts here when it ends there.');
    assert.deepEqual(page.actions, [{ id: 'startHere', label: 'Start Here Anyway' }]);
    const starting = previewPage(web({ state: 'waiting', reason: { code: 'startingElsewhere' } }), connected);
    assert.equal(starting.sentence, 'Web is being started on another machine.');
    assert.deepEqual(
      starting.actions.map(({ id }) => id),
      ['startHere'],
    );
  });

  it('offers the choices for a taken port, and says that it may be waited for', () => {
    const blocked = previewPage(web({ state: 'blocked', reason: { code: 'portTaken' } }), connected);
    assert.match(blocked.sentence, /starts by itself as soon as the port is free/);
    const taken = (facts: Record<string, number | boolean>): string[] =>
      previewPage(web({ state: 'blocked', reason: { code: 'portTaken', facts } }), connected).actions.map(
        ({ id }) => id,
      );
    assert.deepEqual(taken({ port: 3000, pid: 42 }), ['useNextPort', 'stopOther']);
    assert.deepEqual(taken({ port: 3000, hidden: true }), ['useNextPort']);
  });

  it('waits without an output of ours for a server that another tool starts', () => {
    const app = anApp({ declared: { ...anApp().declared, managed: 'external' } });
    const session = aSession({ state: 'waiting', managed: 'external', reason: { code: 'managedElsewhere' } });
    const page = previewPage({ app, session }, connected);
    assert.equal(page.kind, 'wait');
    assert.equal(page.showsOutput, false);
    assert.deepEqual(page.actions, []);
  });

  it('shows the app with a word of warning while its server uses too much memory', () => {
    const page = previewPage(web({ warning: { code: 'memoryHigh', facts: { mb: 3500, limitMb: 3000 } } }), connected);
    assert.equal(page.kind, 'app');
    assert.match(page.warning ?? '', /3500 MB/);
  });

  it('points a mobile app to its QR code', () => {
    assert.equal(previewPage(mobile({}), connected).kind, 'mobile');
    assert.equal(previewPage(mobile({}), { ...connected, showsWebBuild: true }).kind, 'app');
    assert.equal(previewPage(mobile({ state: 'starting' }), { ...connected, showsWebBuild: true }).kind, 'wait');
  });
});

describe('finding an app', () => {
  it('takes the innermost folder that holds the file', () => {
    const outer = anApp({ key: 'outer', folder: '/w' });
    const inner = anApp({ key: 'inner', folder: '/w/cheatcode-app' });
    assert.equal(appOfFile([outer, inner], '/w/cheatcode-app/app/page.tsx')?.key, 'inner');
    assert.equal(appOfFile([outer, inner], '/w/cheatcode-app-2/page.tsx')?.key, 'outer');
    assert.equal(appOfFile([inner], '/w/readme.md'), undefined);
    assert.equal(appOfFile([inner], '/w/cheatcode-app/..data/file')?.key, 'inner');
  });

  it('understands key, session, name, label and type, but not a word that means several', () => {
    const views = [web({}), mobile({})];
    for (const word of ['1:2:cheatcode-app', 'dev_server_web', 'cheatcode-app', 'Web', 'web'])
      assert.equal(appByWord(views, word)?.name, 'cheatcode-app', word);
    assert.equal(appByWord(views, 'desktop'), undefined);
    const twins = [web({}), { app: anApp({ key: '9', name: 'other', label: 'other' }), session: undefined }];
    assert.equal(appByWord(twins, 'web')?.name, 'cheatcode-app', 'the label wins over the type');
    const nameless = twins.map((view) => ({ ...view, app: { ...view.app, label: view.app.name } }));
    assert.equal(appByWord(nameless, 'web'), undefined);
  });
});

describe('clock times', () => {
  it('carry the date only when it is not today', () => {
    const at = new Date(2026, 10, 23, 9, 5, 7).getTime();
    assert.equal(clockTime(at, at + 1000), '09:05:07');
    assert.equal(clockTime(at, at + 86_400_000), '2026-11-23 09:05:07');
  });
});
