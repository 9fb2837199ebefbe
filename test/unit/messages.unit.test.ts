import assert from 'node:assert/strict';
import { DevServerError, type DevServerErrorCode } from '../../src/sessions/errors';
import { errorToMessage, settingProblemsMessage } from '../../src/sessions/messages';
import { appProblemSentence, sessionNotes, stateSentence } from '../../src/sessions/sessionSentences';
import type { ReasonCode, SessionSnapshot, SessionState } from '../../src/sessions/protocol';
import { anApp, aSession } from './samples';

describe('messages', () => {
  it('say something readable for every state and reason, with or without facts', () => {
    const states: SessionState[] = [
      'stopped',
      'waiting',
      'blocked',
      'installing',
      'starting',
      'running',
      'unhealthy',
      'stopping',
      'failed',
    ];
    const codes: ReasonCode[] = [
      'neverStarted',
      'requested',
      'autoStarted',
      'stoppedByUser',
      'stoppedByLastWindow',
      'exitedNormally',
      'interruptedInTerminal',
      'hostLost',
      'preparingTool',
      'dependenciesMissing',
      'waitingForAnswer',
      'answered',
      'answeredWithError',
      'otherPort',
      'tunnelUnavailable',
      'noAnswer',
      'crashed',
      'crashLoop',
      'installFailed',
      'commandNotFound',
      'folderMissing',
      'spawnFailed',
      'portTaken',
      'appLockHeld',
      'leftovers',
      'adopted',
      'adoptedEnded',
      'managedElsewhere',
      'unknownProcesses',
      'folderLocked',
      'installerAtWork',
      'notListening',
      'memoryHigh',
      'memoryRestart',
      'unresponsiveRestart',
      'dependenciesChanged',
      'filesChanged',
    ];
    for (const state of states)
      for (const code of codes) {
        const sentence = stateSentence('Web', aSession({ state, reason: { code } }));
        assert.match(sentence, /^[A-Z].*\.$/, `${state}/${code}: ${sentence}`);
        assert.doesNotMatch(sentence, /undefined|\(\)| {2}/, `${state}/${code}: ${sentence}`);
        assert.match(sentence, /Web/, `${state}/${code}: ${sentence}`);
      }
  });

  it('name who holds a taken port, as far as that is known', () => {
    const blocked = (facts: Record<string, string | number>): string =>
      stateSentence('Web', aSession({ state: 'blocked', reason: { code: 'portTaken', facts } }));
    assert.equal(
      blocked({ port: 3000, pid: 42, uid: 1000, command: 'python3 -m http.server' }),
      "Web can't start: port 3000 is taken by pid 42, uid 1000, `python3 -m http.server`.",
    );
    assert.equal(blocked({ port: 3000 }), "Web can't start: port 3000 is taken.");
    assert.equal(
      blocked({ port: 3000, pid: 42, user: 'ann', command: '/usr/local/bin/ruby app.rb', folder: '/home/ann/shop' }),
      "Web can't start: port 3000 is taken by pid 42, user ann, `ruby app.rb`, in /home/ann/shop.",
    );
  });

  it('fault 47: say that a taken port is held out of sight, by another container or user', () => {
    const of = (facts: Record<string, string | number | boolean>): string =>
      stateSentence('Web', aSession({ state: 'blocked', reason: { code: 'portTaken', facts } }));
    assert.equal(
      of({ port: 3000, hidden: true, uid: 0 }),
      "Web can't start: port 3000 is taken by another container or user (uid 0).",
    );
    assert.equal(of({ port: 3000, hidden: true }), "Web can't start: port 3000 is taken by another container or user.");
  });

  it('fault 14: tell a server that never listens from one that listens and never answers', () => {
    const of = (state: SessionState, listening: boolean): string =>
      stateSentence('Web', aSession({ state, reason: { code: 'notListening', facts: { port: 3000, listening } } }));
    assert.match(of('starting', false), /nothing listens on port 3000 yet/);
    assert.match(of('starting', true), /listens on port 3000, but has not answered yet/);
    assert.match(of('failed', false), /never listened on port 3000/);
    assert.match(of('failed', true), /listens on port 3000, but never answered/);
  });

  it('fault 14: name the port that a server took instead of the one it was told', () => {
    assert.equal(
      stateSentence(
        'Web',
        aSession({ port: 3005, reason: { code: 'otherPort', facts: { port: 3005, wanted: 3000 } } }),
      ),
      'Web runs on port 3005 instead of 3000.',
    );
  });

  it('fault 12: say of a server that hangs whether it still takes connections', () => {
    const of = (facts: Record<string, boolean>): string =>
      stateSentence('Web', aSession({ state: 'unhealthy', reason: { code: 'noAnswer', facts } }));
    assert.equal(of({ listening: true }), 'Web accepts connections on port 3000, but does not answer.');
    assert.equal(of({ listening: false }), 'Nothing listens on port 3000 any more, but the process of Web is alive.');
    assert.equal(of({}), 'Web does not answer on port 3000, but its process is alive.');
  });

  it('say why a machine restarted a server', () => {
    const of = (state: SessionState, code: ReasonCode, facts: Record<string, string | number>): string =>
      stateSentence('Web', aSession({ state, reason: { code, facts } }));
    assert.equal(
      of('running', 'memoryRestart', { mb: 4100, limitMb: 4000 }),
      'Web runs on port 3000. It was restarted: its memory grew too large (4100 MB, with a limit of 4000 MB).',
    );
    assert.equal(
      of('starting', 'unresponsiveRestart', { seconds: 60 }),
      'Web starts again: it did not answer for 60 s.',
    );
    assert.equal(
      of('starting', 'filesChanged', { files: '.env, app.json' }),
      'Web starts again: .env and app.json have changed.',
    );
    assert.equal(
      of('starting', 'dependenciesChanged', { files: '.env, pnpm-lock.yaml' }),
      'Web starts again: pnpm-lock.yaml has changed.',
    );
    assert.match(of('starting', 'adoptedEnded', {}), /^Web starts here, .* outside Cheatcode has ended\.$/);
  });

  it('say what a start waits for', () => {
    const of = (state: SessionState, code: ReasonCode, facts: Record<string, string | number>): string =>
      stateSentence('Web', aSession({ state, reason: { code, facts } }));
    for (const state of ['waiting', 'stopped'] as const)
      assert.equal(of(state, 'managedElsewhere', {}), 'Web is started by another tool; waiting for it.');
    assert.equal(
      of('installing', 'installerAtWork', { pid: 5, command: 'npm install' }),
      'Web waits until a package manager (pid 5, `npm install`) is done in its folder.',
    );
    assert.match(of('failed', 'unknownProcesses', { pids: '12, 34' }), /\(pid 12, 34\) may still be alive/);
    assert.equal(
      of('blocked', 'folderLocked', { pid: 5, port: 3001 }),
      'Web waits for another Next.js server (pid 5), which has its folder and does not answer yet.',
    );
    assert.equal(
      stateSentence(
        'Web',
        aSession({ state: 'blocked', reason: { code: 'folderLocked', facts: { hidden: true, port: 3001 } } }),
      ),
      "Web can't start: its Next.js server runs in another container, on port 3001.",
    );
    assert.match(of('blocked', 'appLockHeld', { pid: 9, uid: 1001 }), /another session host \(pid 9, uid 1001\)/);
  });

  it('note beside a running server its memory, a second server, and what a restart would change', () => {
    const notes = sessionNotes(
      'Web',
      aSession({
        warning: { code: 'memoryHigh', facts: { mb: 3500, limitMb: 3000 } },
        secondServers: [{ port: 3001, pid: 7, command: 'next-server (v16)' }],
        restartOffer: { code: 'dependenciesChanged', facts: { files: 'pnpm-lock.yaml' } },
      }),
    );
    assert.deepEqual(notes, [
      'Web uses 3500 MB of memory, above the limit of 3000 MB.',
      'A second dev server of Web runs on port 3001 (pid 7, `next-server (v16)`).',
      'The installed packages of Web are not those of pnpm-lock.yaml.',
    ]);
    const changed = (files: string): readonly string[] =>
      sessionNotes('Mobile', aSession({ restartOffer: { code: 'filesChanged', facts: { files } } }));
    assert.deepEqual(changed('app.json'), ['Mobile has read app.json at its start only, and it has changed.']);
    assert.deepEqual(changed('.env, app.json'), [
      'Mobile has read .env and app.json at its start only, and they have changed.',
    ]);
    assert.deepEqual(
      sessionNotes('Web', aSession({ restartOffer: { code: 'dependenciesChanged', facts: { files: '' } } })),
      ['The installed packages of Web are not those of its lock file.'],
      'they were others before the start already',
    );
    assert.deepEqual(
      sessionNotes('Web', aSession({ state: 'stopping', warning: { code: 'memoryHigh' } })),
      [],
      'nothing of a server that is on its way out',
    );
  });

  it('name the signal or the code of a crash, never signal 0', () => {
    const crashed = (facts: Record<string, string | number>): string =>
      stateSentence('Web', aSession({ state: 'starting', reason: { code: 'crashed', facts }, crashes: 2 }));
    assert.equal(crashed({ exitCode: 1, signal: 0 }), 'Web crashed (exit code 1) and starts again, attempt 2.');
    assert.equal(crashed({ exitCode: 0, signal: 9 }), 'Web crashed (signal 9) and starts again, attempt 2.');
  });

  it('say that an adopted server was started elsewhere, and which process it is', () => {
    const session = aSession({
      adopted: true,
      port: 3001,
      reason: { code: 'adopted', facts: { pid: 123, command: 'next dev', proof: 'nextLock' } },
    });
    assert.equal(
      stateSentence('Web', session),
      'Web runs on port 3001. It was started outside Cheatcode (pid 123, `next dev`).',
    );
    assert.equal(
      stateSentence('Web', aSession({ adopted: true, listenerPid: 5 })),
      'Web runs on port 3000. It was started outside Cheatcode (pid 5).',
    );
    assert.match(
      stateSentence('Web', aSession({ adopted: true, state: 'unhealthy', reason: { code: 'noAnswer' } })),
      /does not answer .* It was started outside Cheatcode\.$/,
    );
  });

  it('turn every error code into a sentence with at most two buttons', () => {
    const codes: DevServerErrorCode[] = [
      'appCannotStart',
      'packageManagerMissing',
      'stateFolderUnusable',
      'hostDidNotStart',
      'hostHangs',
      'hostRefused',
      'versionMismatch',
      'nodeMissing',
      'connectionLost',
      'workspaceUntrusted',
      'otherUsersFolder',
      'stopFailed',
      'hostLockHeld',
      'hostNotReplaced',
      'hostRetiring',
      'stateFolderTaken',
      'unknownProcesses',
      'foreignHidden',
      'foreignAlive',
      'foreignChanging',
      'gatewayFailed',
    ];
    for (const code of codes)
      for (const app of [anApp(), undefined]) {
        const message = errorToMessage(new DevServerError(code), app);
        assert.match(message.text, /^[A-Z].*\.$/, `${code}: ${message.text}`);
        assert.doesNotMatch(message.text, /undefined|\(\)| {2}/, `${code}: ${message.text}`);
        assert.ok(message.buttons.length >= 1 && message.buttons.length <= 2, code);
      }
  });

  it('fault 11, 33: offer to replace a session host that hangs or is older, never one that is newer', () => {
    const actions = (error: DevServerError): string[] => errorToMessage(error).buttons.map(({ action }) => action);
    assert.deepEqual(actions(new DevServerError('hostHangs', { pid: 5, seconds: 10 })), ['replaceHost', 'showLog']);
    const older = new DevServerError('versionMismatch', { host: 'older', hostVersion: '0.1.0' });
    assert.deepEqual(actions(older), ['replaceHost', 'showLog']);
    for (const host of ['newer', 'unknown'])
      assert.deepEqual(actions(new DevServerError('versionMismatch', { host })), ['reloadWindow', 'showLog']);
  });

  it('fault 48: name who holds the lock of the session host', () => {
    const { text } = errorToMessage(new DevServerError('hostLockHeld', { pid: 77, uid: 1001 }));
    assert.match(text, /another process \(pid 77, uid 1001\) holds the session host's lock/);
    assert.match(text, /goes on by itself/);
  });

  it('know an error of ours from the other bundle, which has a class of its own', () => {
    const fromElsewhere = Object.assign(new Error('hostLockHeld pid=7'), {
      name: 'DevServerError',
      code: 'hostLockHeld',
      facts: { pid: 7 },
    });
    assert.ok(fromElsewhere instanceof DevServerError);
    assert.match(errorToMessage(fromElsewhere).text, /another process \(pid 7\) holds/);
    assert.ok(!(new Error('x') instanceof DevServerError));
  });

  it('show what was thrown when it is no error of ours', () => {
    assert.equal(errorToMessage(new Error('out of cheese'), anApp()).text, 'Web: out of cheese');
  });

  it('tell what an app lacks instead of the code of the error', () => {
    const app = anApp({ problem: { code: 'noDevScript', facts: { folder: '/w/cheatcode-app' } } });
    const message = errorToMessage(
      new DevServerError('appCannotStart', { app: 'cheatcode-app', problem: 'noDevScript' }),
      app,
    );
    assert.match(message.text, /no "dev" script/);
    assert.equal(
      appProblemSentence('Web', { code: 'noPackageJson', facts: { folder: '/w/a' } }),
      "Web can't start: there is no package.json in its folder /w/a.",
    );
  });

  it('put all wrong settings into one message that opens the first', () => {
    const message = settingProblemsMessage([
      { setting: 'cheatcode.web.port', value: 70_000, expected: 'a whole number from 1 to 65535' },
      { setting: 'cheatcode.lastWindow', value: 'never', expected: 'one of auto, keep, stop' },
    ]);
    assert.equal(
      message?.text,
      'cheatcode.web.port is 70000 but must be a whole number from 1 to 65535; cheatcode.lastWindow is "never" but must be one of auto, keep, stop. Their defaults are used.',
    );
    assert.deepEqual(message?.buttons, [
      { title: 'Open Settings', action: 'openSettings', setting: 'cheatcode.web.port' },
    ]);
    assert.equal(settingProblemsMessage([]), undefined);
  });

  it('use the status of the last probe when the reason names none', () => {
    const session: SessionSnapshot = aSession({
      state: 'unhealthy',
      reason: { code: 'answeredWithError' },
      lastProbe: { atMs: 0, ok: false, durationMs: 3, httpStatus: 500 },
    });
    assert.match(stateSentence('Web', session), /HTTP 500/);
  });
});
