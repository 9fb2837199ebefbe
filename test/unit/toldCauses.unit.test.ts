import assert from 'node:assert/strict';
import { ToldCauses } from '../../src/providers/toldCauses';

describe('causes that were told', () => {
  let kept: Map<string, unknown>;
  const aWindow = () =>
    new ToldCauses({
      get: <T>(key: string) => kept.get(key) as T | undefined,
      update: (key, value) => Promise.resolve(void kept.set(key, value)),
    });
  beforeEach(() => (kept = new Map()));

  it('are told once, and once more in the next window while nobody has answered', () => {
    for (const may of [true, true, false]) {
      const one = aWindow();
      assert.equal(one.mayTell('a'), may);
      if (may) one.noteTold('a');
    }
    assert.ok(aWindow().mayTell('b'));
  });

  it('are told in no other window when they were answered in one', () => {
    const first = aWindow();
    first.noteTold('a');
    first.noteAnswered('a');
    assert.equal(aWindow().mayTell('a'), false);
  });

  it('are news again when they have passed, and only they', () => {
    aWindow().noteAnswered('settings x');
    aWindow().noteAnswered('settingsOf y');
    aWindow().forget('settings ');
    assert.ok(aWindow().mayTell('settings x'));
    assert.equal(aWindow().mayTell('settingsOf y'), false);
  });

  it('are forgotten when a hundred newer ones came', () => {
    aWindow().noteAnswered('old');
    for (let n = 0; n < 100; n++) aWindow().noteAnswered(`new ${n}`);
    assert.ok(aWindow().mayTell('old'));
    assert.equal(aWindow().mayTell('new 0'), false);
  });
});
