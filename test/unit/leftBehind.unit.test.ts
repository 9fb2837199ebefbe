import assert from 'node:assert/strict';
import { leftBehind } from '../../src/sessions/leftBehind';
import { anApp, aSession } from './samples';
import { skipOnWindows } from '../support/skip';

describe('a server whose app is not declared any more', () => {
  const shop = anApp({ key: 'k', name: 'shop', folder: '/w/shop' });
  const session = aSession({ appKey: 'k', appName: 'shop', folder: '/w/shop', state: 'running', windows: 0 });
  const look = { apps: [], before: [shop], sessions: [session], workspaceFolders: ['/w'] };

  it('stays in sight while it runs, and can only be stopped', () => {
    assert.deepEqual(leftBehind(look), [{ ...shop, problem: { code: 'undeclared', facts: {} } }]);
  });

  it('is known after a reload by its folder, unless another window has it', function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const [app] = leftBehind({ ...look, before: [] });
    assert.deepEqual([app?.key, app?.name, app?.problem?.code], ['k', 'shop', 'undeclared']);
    const elsewhere = { ...look, before: [] };
    assert.deepEqual(leftBehind({ ...elsewhere, sessions: [{ ...session, windows: 1 }] }), []);
    assert.deepEqual(leftBehind({ ...elsewhere, workspaceFolders: ['/w/sho', '/other'] }), []);
  });

  it('goes when it has ended, is declared again, or was never ours', () => {
    assert.deepEqual(leftBehind({ ...look, apps: [shop] }), []);
    for (const of of [{ state: 'stopped' }, { state: 'failed' }, { adopted: true }, { managed: 'external' }] as const)
      assert.deepEqual(leftBehind({ ...look, sessions: [{ ...session, ...of }] }), [], JSON.stringify(of));
  });
});
