import assert from 'node:assert/strict';
import { attentions, type AttentionPolicy } from '../../src/sessions/attention';
import type { AppView } from '../../src/sessions/appView';
import type { ReasonCode, SessionSnapshot, SessionState } from '../../src/sessions/protocol';
import { anApp, aSession } from './samples';

const policy: AttentionPolicy = { portConflict: 'ask', restartOnChange: 'offer' };
const web = (session: Partial<SessionSnapshot> = {}, of: Partial<AppView> = {}): AppView => ({
  app: anApp(),
  session: aSession(session),
  ...of,
});
const taken = (facts: Record<string, string | number | boolean>): AppView =>
  web({ state: 'blocked', reason: { code: 'portTaken', facts } });
const titles = (view: AppView): string[][] =>
  attentions(view, policy).map(({ message }) => message.buttons.map(({ title }) => title));

describe('what interrupts a person', () => {
  it('is a session that failed or is blocked, with at most two buttons; other states are not by themselves', () => {
    const of = (state: SessionState, code: ReasonCode) => attentions(web({ state, reason: { code } }), policy);
    for (const state of ['stopped', 'waiting', 'installing', 'starting', 'running', 'unhealthy', 'stopping'] as const)
      assert.deepEqual(of(state, 'crashed'), [], state);
    assert.deepEqual(attentions({ app: anApp(), session: undefined }, policy), []);
    for (const [state, code] of [
      ['failed', 'crashLoop'],
      ['failed', 'commandNotFound'],
      ['failed', 'spawnFailed'],
      ['failed', 'unknownProcesses'],
      ['failed', 'notListening'],
      ['blocked', 'portTaken'],
      ['blocked', 'appLockHeld'],
      ['blocked', 'unknownProcesses'],
    ] as const) {
      const [one, ...others] = of(state, code);
      assert.ok(one, code);
      assert.deepEqual(others, []);
      assert.ok(one.message.buttons.length >= 1 && one.message.buttons.length <= 2, code);
    }
  });

  it('offers the doctor where a program is missing', () => {
    assert.deepEqual(titles(web({ state: 'failed', reason: { code: 'commandNotFound' } })), [
      ['Run Doctor', 'Restart'],
    ]);
  });

  it('is not what goes on by itself or was declared so', () => {
    for (const code of ['installerAtWork', 'managedElsewhere', 'folderLocked'] as const)
      assert.deepEqual(attentions(web({ state: 'blocked', reason: { code } }), policy), [], code);
    for (const state of ['running', 'unhealthy'] as const)
      assert.deepEqual(attentions(web({ state, adopted: true, reason: { code: 'adopted' } }), policy), []);
  });

  it('fault 23: names what holds the port, and offers the next port and to stop the other', () => {
    const [one] = attentions(taken({ port: 3000, pid: 42, command: 'ruby app.rb', folder: '/home/ann' }), policy);
    assert.equal(
      one?.message.text,
      "Web can't start: port 3000 is taken by pid 42, `ruby app.rb`, in /home/ann. It starts by itself as soon as the port is free.",
    );
    assert.deepEqual(
      one.message.buttons.map(({ title, action, appKey }) => [title, action, appKey]),
      [
        ['Use Next Free Port', 'useNextPort', '1:2:cheatcode-app'],
        ['Stop the Other…', 'stopOther', '1:2:cheatcode-app'],
      ],
    );
  });

  it('fault 23: offers no end of a process that can not be seen', () => {
    assert.deepEqual(titles(taken({ port: 3000, hidden: true, uid: 0 })), [['Use Next Free Port', 'Change Port']]);
  });

  it('is no taken port where the setting has answered already', () => {
    for (const portConflict of ['wait', 'useNext'] as const)
      assert.deepEqual(attentions(taken({ port: 3000 }), { ...policy, portConflict }), []);
    const locked = web({ state: 'blocked', reason: { code: 'appLockHeld' } });
    assert.equal(attentions(locked, { ...policy, portConflict: 'wait' }).length, 1, 'that is no port');
  });

  it('has one cause as long as the trouble lasts, and another when it comes back', () => {
    const cause = (session: Partial<SessionSnapshot>): string | undefined =>
      attentions(web({ state: 'blocked', reason: { code: 'portTaken' }, ...session }), policy)[0]?.cause;
    assert.equal(cause({ revision: 1 }), cause({ revision: 9, windows: 3 }));
    assert.notEqual(cause({ sinceMs: 1 }), cause({ sinceMs: 2 }));
  });

  it('fault 21: is a second server, once each', () => {
    const secondServers = [
      { port: 3001, pid: 7, command: 'next-server' },
      { port: 3002, command: '' },
    ];
    const found = attentions(web({ secondServers }), policy);
    assert.match(found[0]?.message.text ?? '', /second dev server of Web runs on port 3001 \(pid 7/);
    assert.deepEqual(titles(web({ secondServers })), [['Stop It…', 'Leave It'], ['Leave It']]);
    assert.equal(new Set(found.map(({ cause }) => cause)).size, 2);
  });

  it('fault 36: is a changed lock file, with the choice to install', () => {
    const restartOffer = { code: 'dependenciesChanged', facts: { files: 'pnpm-lock.yaml' } } as const;
    assert.deepEqual(titles(web({ restartOffer })), [['Install and Restart', 'Not Now']]);
    assert.deepEqual(titles(web({ restartOffer, state: 'stopping' })), []);
  });

  it('is a changed file that is read at the start only, and again when another has changed', () => {
    const of = (files: string) => web({ restartOffer: { code: 'filesChanged', facts: { files } } });
    assert.deepEqual(titles(of('app.json')), [['Restart', 'Not Now']]);
    assert.notEqual(attentions(of('app.json'), policy)[0]?.cause, attentions(of('.env, app.json'), policy)[0]?.cause);
  });

  it('fault 34: is a server that runs by other settings, done at once only where this window changed them', () => {
    const of = (changedHere: boolean, restartOnChange: AttentionPolicy['restartOnChange']) =>
      attentions(web({}, { otherSettings: { digest: 'b2', changedHere } }), { ...policy, restartOnChange })[0];
    assert.match(of(false, 'offer')?.message.text ?? '', /other settings than this window's/);
    assert.equal(of(true, 'offer')?.instead, undefined);
    assert.equal(of(false, 'restart')?.instead, undefined, 'two windows would restart it by turns');
    assert.equal(of(true, 'restart')?.instead?.action, 'restart');
  });

  it('is a tunnel that could not be had', () => {
    const [one] = attentions(web({ reason: { code: 'tunnelUnavailable' } }), policy);
    assert.match(one?.message.text ?? '', /no tunnel/);
  });
});
