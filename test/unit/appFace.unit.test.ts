import assert from 'node:assert/strict';
import { appFace, terminalName } from '../../src/sessions/appFace';
import type { SessionSnapshot } from '../../src/sessions/protocol';
import { aSession, anApp } from './samples';

describe('the name of a terminal', () => {
  const names: readonly (readonly [session: Partial<SessionSnapshot>, name: string])[] = [
    [{ state: 'running' }, 'dev_server_web'],
    [{ state: 'starting' }, 'dev_server_web'],
    [{ state: 'installing' }, 'dev_server_web'],
    [{ state: 'stopping' }, 'dev_server_web'],
    [{ state: 'stopped' }, 'dev_server_web (stopped)'],
    [{ state: 'failed' }, 'dev_server_web (failed)'],
    [{ state: 'blocked' }, 'dev_server_web (blocked)'],
    [{ state: 'waiting' }, 'dev_server_web (waiting)'],
    [{ state: 'unhealthy', reason: { code: 'noAnswer' } }, 'dev_server_web (no answer)'],
    [{ state: 'unhealthy', reason: { code: 'answeredWithError' } }, 'dev_server_web (error)'],
  ];
  for (const [session, name] of names)
    it(`is ${name} of a server that is ${session.state}${session.reason ? ` (${session.reason.code})` : ''}`, () =>
      assert.equal(terminalName(aSession(session)), name));
});

describe('the face of an app in a workspace that is not trusted', () => {
  const window = { connection: { kind: 'idle' }, trusted: false } as const;

  it('says so, and is no trouble', () => {
    const { icon, background, sentence } = appFace({ app: anApp(), session: undefined }, window);
    assert.deepEqual([icon, background], ['shield', 'none']);
    assert.match(sentence, /not trusted/);
  });

  it('is the same when the host is gone that told of a server: nobody connects again', () =>
    assert.equal(appFace({ app: anApp(), session: aSession({ state: 'running' }) }, window).icon, 'shield'));
});
