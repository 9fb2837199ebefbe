import assert from 'node:assert/strict';
import { Notices, type NoticeWindow } from '../../src/sessions/host/notices';

const APP = '1:2:web';

describe('what needs a person', () => {
  let notices: Notices;
  const aWindow = (...apps: string[]): NoticeWindow => ({
    kind: 'window',
    apps: new Set(apps.length > 0 ? apps : [APP]),
  });
  const ask = (window: NoticeWindow, cause = 'a') => notices.ask(window, APP, cause);
  beforeEach(() => (notices = new Notices()));

  it('is told by the window with the latest input, where two browsers claim the focus', () => {
    const [one, two] = [aWindow(), aWindow()];
    notices.attend(one, true);
    notices.attend(two, true);
    assert.equal(ask(one), 'later');
    assert.equal(ask(two), 'tell');
    assert.equal(ask(one), 'later', 'nobody has come here since');
  });

  it('is told by the window that has the focus, whoever was the last to leave one', () => {
    const [one, two] = [aWindow(), aWindow()];
    notices.attend(one, true);
    notices.attend(two, true);
    notices.attend(two, false);
    assert.equal(ask(one), 'tell');
  });

  it('is not left to a window that does not show the app, or is gone', () => {
    const [one, other, gone] = [aWindow(), aWindow('1:9:other'), aWindow()];
    for (const window of [one, gone, other]) notices.attend(window, true);
    notices.left(gone);
    assert.equal(ask(one), 'tell');
  });

  it('is told once more where a person goes next without an answer, and then never again', () => {
    const [one, two, three] = [aWindow(), aWindow(), aWindow()];
    for (const window of [one, two, three]) {
      notices.attend(window, true);
      assert.equal(ask(window), window === three ? 'never' : 'tell');
    }
  });

  it('is told again in no window of the same person’s before they have gone to another', () => {
    const one = aWindow();
    notices.attend(one, true);
    assert.equal(ask(one), 'tell');
    notices.attend(one, true);
    assert.equal(ask(one), 'later');
  });

  it('is told in no other window once it was answered, but as another cause it is news', () => {
    const [one, two] = [aWindow(), aWindow()];
    notices.attend(one, true);
    assert.equal(ask(one), 'tell');
    notices.answered('a');
    notices.attend(two, true);
    assert.equal(ask(two), 'never');
    assert.equal(ask(two, 'b'), 'tell');
  });

  it('is told by a window that has said nothing of a person, where no other has', () => {
    assert.equal(ask(aWindow()), 'tell');
    const [silent, attended] = [aWindow(), aWindow()];
    notices.attend(attended, true);
    assert.equal(ask(silent, 'b'), 'later');
  });

  it('is forgotten when two hundred newer causes came', () => {
    const one = aWindow();
    notices.answered('old');
    for (let n = 0; n < 200; n++) notices.answered(`new ${n}`);
    notices.attend(one, true);
    assert.equal(ask(one, 'old'), 'tell');
    assert.equal(ask(one, 'new 199'), 'never');
  });
});
