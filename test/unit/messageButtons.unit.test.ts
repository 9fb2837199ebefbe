import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repoRoot } from '../hosts/paths.mjs';
import { commandOf } from '../../src/providers/buttonCommands';
import type { AppView } from '../../src/sessions/appView';
import { attentions } from '../../src/sessions/attention';
import { DevServerError, type DevServerErrorCode } from '../../src/sessions/errors';
import {
  errorToMessage,
  settingProblemsMessage,
  type Message,
  type MessageAction,
  type MessageButton,
} from '../../src/sessions/messages';
import type { ReasonCode, SessionSnapshot } from '../../src/sessions/protocol';
import { TELL_OF_SECOND_SERVER } from '../../src/sessions/secondServerNotice';
import { aMobileApp, anApp, aSession } from './samples';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly configuration: { readonly properties: object } | readonly { readonly properties: object }[];
  };
}
const { contributes } = JSON.parse(readFileSync(path.join(repoRoot, 'package.json'), 'utf8')) as Manifest;
const commands = new Set(contributes.commands.map(({ command }) => command));
const settings = new Set([contributes.configuration].flat().flatMap(({ properties }) => Object.keys(properties)));
/** The editor's own; a test in the extension host sees that it has them. */
const EDITORS_OWN = ['workbench.action.openSettings', 'workbench.trust.manage', 'workbench.action.reloadWindow'];

const KEY = anApp().key;
const button = (action: MessageAction, of: Partial<MessageButton> = {}): MessageButton => ({
  title: 'x',
  action,
  ...of,
});

/** What each action is done by; the compiler sees to it that none is missing. */
const expected: Readonly<Record<MessageAction, readonly unknown[] | undefined>> = {
  start: ['cheatcode.start', KEY],
  stop: ['cheatcode.stop', KEY],
  restart: ['cheatcode.restart', KEY],
  installAndRestart: ['cheatcode.installAndRestart', KEY],
  useNextPort: ['cheatcode.useNextPort', KEY],
  startHere: ['cheatcode.startHere', KEY],
  stopOther: ['cheatcode.stopOther', KEY],
  showTerminal: ['cheatcode.showTerminal', KEY],
  openPreview: ['cheatcode.openPreview', KEY],
  showLog: ['cheatcode.showLog'],
  doctor: ['cheatcode.doctor', KEY],
  openSettings: ['workbench.action.openSettings', 'cheatcode.web.port'],
  turnOff: undefined,
  manageTrust: ['workbench.trust.manage'],
  replaceHost: ['cheatcode.replaceHost'],
  reloadWindow: ['workbench.action.reloadWindow'],
  dismiss: undefined,
};

const codes: readonly DevServerErrorCode[] = [
  'appCannotStart',
  'packageManagerMissing',
  'stateFolderUnusable',
  'hostDidNotStart',
  'hostHangs',
  'hostNotReplaced',
  'hostLockHeld',
  'hostRetiring',
  'stateFolderTaken',
  'unknownProcesses',
  'hostRefused',
  'versionMismatch',
  'nodeMissing',
  'foreignHidden',
  'foreignAlive',
  'foreignChanging',
  'connectionLost',
  'workspaceUntrusted',
  'otherUsersFolder',
  'gatewayFailed',
  'stopFailed',
];
const reasons: readonly ReasonCode[] = [
  'crashLoop',
  'commandNotFound',
  'folderMissing',
  'spawnFailed',
  'installFailed',
  'noAnswer',
  'notListening',
  'portTaken',
  'appLockHeld',
  'leftovers',
  'unknownProcesses',
  'runsElsewhere',
  'tunnelUnavailable',
];

/** Every message that may interrupt a person, with where it comes from. */
function allMessages(): readonly (readonly [from: string, message: Message])[] {
  const policy = { portConflict: 'ask', restartOnChange: 'offer' } as const;
  const apps = [anApp(), aMobileApp(), anApp({ key: '1:4:api', type: 'custom', name: 'api', label: 'api' })];
  const views = apps.flatMap((app): AppView[] => {
    const of = (session: Partial<SessionSnapshot>, more: Partial<AppView> = {}): AppView => ({
      app,
      session: aSession({ appKey: app.key, type: app.type, pid: 7, ...session }),
      ...more,
    });
    const undeclared = { ...app, problem: { code: 'undeclared', facts: {} } } as const;
    return [
      of({}, { app: undeclared }),
      ...(['failed', 'blocked', 'waiting', 'running'] as const).flatMap((state) =>
        reasons.map((code) => of({ state, reason: { code, facts: { pid: 42, hidden: false } } })),
      ),
      of({ state: 'blocked', reason: { code: 'portTaken', facts: { hidden: true } } }),
      of({ state: 'blocked', reason: { code: 'folderLocked', facts: { hidden: true } } }),
      of({
        secondServers: [
          { port: 3001, pid: 9, command: 'next' },
          { port: 3002, command: '' },
        ],
      }),
      of({ restartOffer: { code: 'dependenciesChanged' } }),
      of({ restartOffer: { code: 'filesChanged', facts: { files: 'app.json' } } }),
      of({ acrossMachines: { code: 'redisUnavailable' } }),
      of({}, { otherSettings: { digest: 'b', changedHere: false } }),
      of({}, { app: { ...app, problem: { code: 'undeclared', facts: {} } } }),
    ];
  });
  const wrong = settingProblemsMessage([{ setting: 'cheatcode.web.port', value: 'x', expected: 'a number' }]);
  return [
    ...views.flatMap((view) =>
      attentions(view, policy).map(({ cause, message }) => [`${view.app.type} ${cause}`, message] as const),
    ),
    ...[undefined, ...apps].flatMap((app) => [
      ...codes.flatMap((code) =>
        [{}, { host: 'older' }].map(
          (facts) => [`${app?.type} ${code}`, errorToMessage(new DevServerError(code, facts), app)] as const,
        ),
      ),
      ['any error', errorToMessage(new Error('x'), app)] as const,
    ]),
    ...(wrong ? [['settings', wrong] as const] : []),
  ];
}

describe('a button under a message', () => {
  for (const [action, command] of Object.entries(expected))
    it(`does what it says: ${action}`, () => {
      const setting = action === 'openSettings' ? { setting: 'cheatcode.web.port' } : {};
      const isOfApp = command?.[1] === KEY;
      assert.deepEqual(
        commandOf(button(action as MessageAction, { ...setting, ...(isOfApp ? { appKey: KEY } : {}) })),
        command,
      );
      const id = command?.[0];
      if (typeof id === 'string') assert.ok(commands.has(id) || EDITORS_OWN.includes(id), id);
    });

  it('turns off a setting that there is', () => assert.ok(settings.has(TELL_OF_SECOND_SERVER)));

  it('has in every message a word of its own, an action, and the app or setting that this needs', () => {
    const messages = allMessages();
    assert.ok(messages.length > 100);
    for (const [from, { text, buttons }] of messages) {
      assert.ok(buttons.length <= 2, `${from}: ${text}`);
      assert.equal(new Set(buttons.map(({ title }) => title)).size, buttons.length, from);
      for (const { title, action, appKey, setting } of buttons) {
        assert.match(title, /^[A-Z]/, from);
        if (action === 'openSettings') assert.ok(setting !== undefined && settings.has(setting), `${from}: ${setting}`);
        // A command's own error is completed with its app where it is told.
        if (from.startsWith('undefined') || codes.some((code) => from.endsWith(code)) || from === 'any error') continue;
        if (expected[action]?.[1] === KEY) assert.ok(appKey !== undefined, `${from}: ${action}`);
      }
    }
  });

  it('is there for every action in one message or another, or under the notice of a second server', () => {
    const used = new Set(allMessages().flatMap(([, { buttons }]) => buttons.map(({ action }) => action)));
    const unused = (Object.keys(expected) as MessageAction[]).filter((action) => !used.has(action));
    assert.deepEqual(unused, ['openPreview', 'turnOff']);
  });
});
