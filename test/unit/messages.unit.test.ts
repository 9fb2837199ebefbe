import assert from 'node:assert/strict';
import { DevServerError, type DevServerErrorCode } from '../../src/sessions/errors';
import {
  appProblemSentence,
  attentionMessage,
  errorToMessage,
  settingProblemsMessage,
  stateSentence,
} from '../../src/sessions/messages';
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
      'slowStart',
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
      "Web can't start: port 3000 is taken by pid 42, uid 1000, python3 -m http.server.",
    );
    assert.equal(blocked({ port: 3000 }), "Web can't start: port 3000 is taken.");
  });

  it('name the signal or the code of a crash, never signal 0', () => {
    const crashed = (facts: Record<string, string | number>): string =>
      stateSentence('Web', aSession({ state: 'starting', reason: { code: 'crashed', facts }, crashes: 2 }));
    assert.equal(crashed({ exitCode: 1, signal: 0 }), 'Web crashed (exit code 1) and starts again, attempt 2.');
    assert.equal(crashed({ exitCode: 0, signal: 9 }), 'Web crashed (signal 9) and starts again, attempt 2.');
  });

  it('say that an adopted server was started elsewhere', () => {
    assert.match(stateSentence('Web', aSession({ adopted: true })), /started outside Cheatcode/);
  });

  it('interrupt a person only for a session that failed or is blocked, with at most two buttons', () => {
    const of = (state: SessionState, code: ReasonCode): ReturnType<typeof attentionMessage> =>
      attentionMessage(anApp(), aSession({ state, reason: { code } }));
    for (const state of ['stopped', 'waiting', 'installing', 'starting', 'running', 'unhealthy', 'stopping'] as const)
      assert.equal(of(state, 'crashed'), undefined);
    for (const [state, code] of [
      ['failed', 'crashLoop'],
      ['failed', 'commandNotFound'],
      ['failed', 'spawnFailed'],
      ['blocked', 'portTaken'],
      ['blocked', 'appLockHeld'],
    ] as const) {
      const message = of(state, code);
      assert.ok(message, code);
      assert.ok(message.buttons.length >= 1 && message.buttons.length <= 2, code);
    }
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
      'stopFailed',
    ];
    for (const code of codes)
      for (const app of [anApp(), undefined]) {
        const message = errorToMessage(new DevServerError(code), app);
        assert.match(message.text, /^[A-Z].*\.$/, `${code}: ${message.text}`);
        assert.doesNotMatch(message.text, /undefined|\(\)| {2}/, `${code}: ${message.text}`);
        assert.ok(message.buttons.length >= 1 && message.buttons.length <= 2, code);
      }
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
