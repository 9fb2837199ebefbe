import assert from 'node:assert/strict';
import type { PreviewAddress } from '../../src/providers/previewAddress';
import { PreviewFrame, SILENT_AFTER_MS, SILENT_IN_SHELL_AFTER_MS } from '../../src/providers/previewFrame';
import { PREVIEW_MARK } from '../../src/sessions/gatewayProtocol';
import type { FrameReport } from '../../src/sessions/previewTruth';
import { FakeClock } from './support/fakeClock';

const mark = PREVIEW_MARK;
const plain: PreviewAddress = {
  root: 'http://localhost:4000/',
  origin: 'http://localhost:4000',
  isPathProxied: false,
  via: 'gateway',
  appId: 'a',
};
const proxied: PreviewAddress = {
  ...plain,
  root: 'https://box.example.com/proxy/4000/',
  origin: 'https://box.example.com',
  isPathProxied: true,
};
const loading: FrameReport = { mark, type: 'liveness', state: 'loading' };
const hydrated: FrameReport = { mark, type: 'liveness', state: 'hydrated' };
const at = (path: string, canGoBack = false, canGoForward = false): FrameReport => ({
  mark,
  type: 'page',
  path,
  title: '',
  canGoBack,
  canGoForward,
});

describe('the frame of a preview', () => {
  let clock: FakeClock;
  let frame: PreviewFrame;
  let changes: number;
  const hear = (...reports: readonly FrameReport[]): void => {
    for (const report of reports) frame.heard(frame.place?.load ?? 0, report, 1);
  };
  const load = (): number | undefined => frame.place?.load;

  beforeEach(() => {
    clock = new FakeClock();
    changes = 0;
    frame = new PreviewFrame('/start?x=1', clock, () => changes++);
  });
  afterEach(() => frame.dispose());

  it('is made once for an address and a server', () => {
    assert.equal(load(), undefined);
    frame.show(plain, 7);
    frame.show(plain, 7);
    assert.deepEqual(frame.place, {
      url: 'http://localhost:4000/start?x=1',
      origin: plain.origin,
      load: 1,
      canGoBack: false,
      canGoForward: false,
    });
  });

  it('is made anew for another server, for another address and after the server was away', () => {
    frame.show(plain, 7);
    frame.show(plain, 8);
    assert.equal(load(), 2);
    frame.show(proxied, 8);
    assert.equal(load(), 3);
    assert.equal(frame.place?.url, 'https://box.example.com/proxy/4000/__cheatcode/#/start?x=1');
    frame.hide();
    assert.equal(load(), undefined);
    assert.equal(frame.truth, undefined);
    frame.show(proxied, 8);
    assert.equal(load(), 4);
  });

  it('is not made anew when the server only gets a name', () => {
    frame.show(plain, undefined);
    frame.show(plain, 7);
    assert.equal(load(), 1);
    frame.show(plain, 8);
    assert.equal(load(), 2);
  });

  it('follows the app, and begins where the app was when it must be made anew', () => {
    frame.show(plain, 7);
    hear(loading, at('/about', true));
    assert.equal(frame.path, '/about');
    assert.equal(load(), 1);
    assert.equal(frame.place?.url, 'http://localhost:4000/start?x=1');
    assert.equal(frame.place?.canGoBack, true);
    frame.show(plain, 8);
    assert.equal(frame.place?.url, 'http://localhost:4000/about');
    assert.equal(frame.place?.canGoBack, false);
  });

  it('asks a page that speaks, and replaces one that does not', () => {
    frame.show(plain, 7);
    assert.equal(frame.go('/mute'), undefined);
    assert.equal(load(), 2);
    hear(loading);
    assert.deepEqual(frame.go('/about'), { mark, type: 'go', path: '/about' });
    assert.deepEqual(frame.reload(), { mark, type: 'reload' });
    assert.equal(load(), 2);
  });

  it('is replaced when a page that was asked to reload does not', () => {
    frame.show(plain, 7);
    hear(loading, hydrated);
    frame.reload();
    assert.equal(frame.reload(), undefined);
    assert.equal(load(), 2);
    hear(loading, hydrated);
    assert.deepEqual(frame.reload(), { mark, type: 'reload' });
    hear(loading);
    assert.deepEqual(frame.reload(), { mark, type: 'reload' });
    assert.equal(load(), 2);
  });

  it('makes nothing while there is nothing to frame, but keeps the path', () => {
    assert.equal(frame.go('/later'), undefined);
    assert.equal(frame.reload(), undefined);
    assert.equal(load(), undefined);
    frame.show(plain, 7);
    assert.equal(frame.place?.url, 'http://localhost:4000/later');
  });

  it('steps only where the page says that it can', () => {
    frame.show(plain, 7);
    assert.equal(frame.step('back'), undefined);
    hear(loading, at('/b', true, false));
    assert.deepEqual(frame.step('back'), { mark, type: 'back' });
    assert.equal(frame.step('forward'), undefined);
  });

  it('does not listen to a frame that is no more', () => {
    frame.show(plain, 7);
    frame.show(plain, 8);
    frame.heard(1, hydrated, 1);
    frame.heard(1, at('/old'), 1);
    frame.loaded(1);
    assert.equal(changes, 0);
    assert.equal(frame.path, '/start?x=1');
    assert.deepEqual(frame.truth, { kind: 'loading' });
  });

  it('is silent when a loaded page says nothing in its time', async () => {
    frame.show(plain, 7);
    frame.loaded(1);
    assert.deepEqual(frame.truth, { kind: 'loaded' });
    await clock.advance(SILENT_AFTER_MS - 1);
    assert.deepEqual(frame.truth, { kind: 'loaded' });
    await clock.advance(1);
    assert.deepEqual(frame.truth, { kind: 'silent' });
    assert.equal(changes, 2);
    hear(loading);
    assert.deepEqual(frame.truth, { kind: 'loading' });
  });

  it('gives the page in a shell more time, for the shell is what was loaded', async () => {
    frame.show(proxied, 7);
    frame.loaded(1);
    hear({ mark, type: 'shell', state: 'ready' });
    await clock.advance(SILENT_IN_SHELL_AFTER_MS - 1);
    assert.deepEqual(frame.truth, { kind: 'loaded' });
    await clock.advance(1);
    assert.deepEqual(frame.truth, { kind: 'silent' });
  });

  it('waits for no word of a page that has spoken, nor of a frame that is gone', () => {
    frame.show(plain, 7);
    hear(loading);
    frame.loaded(1);
    assert.equal(clock.pending, 0);
    frame.show(plain, 8);
    frame.loaded(2);
    assert.equal(clock.pending, 1);
    frame.hide();
    assert.equal(clock.pending, 0);
  });

  it('does not keep the word of a page for the mute one that follows it', () => {
    frame.show(plain, 7);
    hear(loading);
    frame.loaded(1);
    hear(hydrated, at('/a', true));
    assert.deepEqual(frame.truth, { kind: 'alive' });
    frame.loaded(1);
    assert.deepEqual(frame.truth, { kind: 'loaded' });
    assert.equal(frame.step('back'), undefined);
    assert.equal(frame.reload(), undefined);
    assert.equal(load(), 2);
  });
});
