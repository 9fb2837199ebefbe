import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseFromFrame } from '../../src/providers/previewFromFrame';
import { parseFromPage, parsePageView, parseSavedState } from '../../src/providers/previewMessages';
import { PREVIEW_MARK } from '../../src/sessions/gatewayProtocol';
import { repoRoot } from './support/repository';

const mark = PREVIEW_MARK;

describe('messages of the preview page', () => {
  it('are taken only when they are of a known kind and shape', () => {
    assert.deepEqual(parseFromPage({ type: 'ready', page: 'p1', loading: 3, extra: 1 }), {
      type: 'ready',
      page: 'p1',
      loading: 3,
    });
    for (const type of ['back', 'forward', 'reload', 'copyPhoneUrl'])
      assert.deepEqual(parseFromPage({ type, extra: 1 }), { type });
    for (const action of ['restart', 'useNextPort', 'stopOther', 'showTerminal'])
      assert.deepEqual(parseFromPage({ type: 'run', action }), { type: 'run', action });
    assert.deepEqual(parseFromPage({ type: 'go', path: '//x' }), { type: 'go', path: '/x' });
    assert.deepEqual(parseFromPage({ type: 'width', width: 'tablet', isLandscape: true }), {
      type: 'width',
      width: 'tablet',
      isLandscape: true,
    });
    assert.deepEqual(parseFromPage({ type: 'face', face: 'web' }), { type: 'face', face: 'web' });
    assert.deepEqual(parseFromPage({ type: 'open', load: 3, path: '//evil.example.com/x' }), {
      type: 'open',
      load: 3,
      path: '/evil.example.com/x',
    });
    assert.deepEqual(parseFromPage({ type: 'frameLoaded', load: 3 }), { type: 'frameLoaded', load: 3 });
    for (const bad of [
      undefined,
      null,
      'ready',
      {},
      { type: 'ready' },
      { type: 'ready', page: 'p1' },
      { type: 'ready', page: 'p1', loading: '3' },
      { type: 'ready', page: 'x'.repeat(100), loading: 3 },
      { type: 'run' },
      { type: 'run', action: 'stop' },
      { type: 'run', action: 'constructor' },
      { type: 'go', path: 1 },
      { type: 'go', path: 'x'.repeat(3000) },
      { type: 'open', path: '/' },
      { type: 'openUrl', load: 1, url: 'file:///etc/passwd' },
      { type: 'openUrl', load: 1, url: 'command:x' },
      { type: 'openUrl', load: 1, url: 'https://' },
      { type: 'open', load: 1 },
      { type: 'open', load: 1, path: 'x'.repeat(3000) },
      { type: 'frameLoaded', load: 0 },
      { type: 'frameLoaded', load: 1.5 },
      { type: 'frame', load: 1, times: -1, data: {} },
      { type: 'show' },
    ])
      assert.equal(parseFromPage(bad), undefined, JSON.stringify(bad));
  });

  it('carry what the frame reports, checked, or say that it was not understood', () => {
    const data = { mark, type: 'hotReload', state: 'lost' };
    assert.deepEqual(parseFromPage({ type: 'frame', load: 2, times: 5, data }), {
      type: 'frame',
      load: 2,
      times: 5,
      report: data,
    });
    assert.deepEqual(parseFromPage({ type: 'frame', load: 2, times: 5, data: { ...data, state: 'x' } }), {
      type: 'frame',
      load: 2,
      times: 5,
      report: undefined,
    });
  });

  it('and the state of a panel that comes back are checked alike', () => {
    const app = { key: 'k', name: 'n' };
    const view = { path: '/a', width: 'phone', isLandscape: true, face: 'web' };
    assert.deepEqual(parseSavedState({ app: { ...app, more: 1 }, view }), { app, view });
    assert.deepEqual(parseSavedState({ app }), { app, view: undefined });
    for (const bad of [undefined, null, {}, { app: 'x' }, { app: { key: 1, name: 'n' } }])
      assert.equal(parseSavedState(bad), undefined);
    assert.deepEqual(parsePageView({ path: 'a', width: 'huge', isLandscape: 1, face: 2 }), {
      path: '/a',
      width: 'full',
      isLandscape: false,
      face: 'phone',
    });
    assert.equal(parsePageView(undefined), undefined);
  });
});

describe('reports of the page in the frame', () => {
  const page = { mark, type: 'page', path: '/a?b#c', title: 'A', canGoBack: true, canGoForward: false };
  const good: readonly Readonly<Record<string, unknown>>[] = [
    page,
    { mark, type: 'liveness', state: 'hydrated' },
    { mark, type: 'liveness', state: 'notHydrated', detail: 'why' },
    { mark, type: 'hotReload', state: 'connected' },
    { mark, type: 'error', message: 'm' },
    { mark, type: 'error', message: 'm', source: 's' },
    { mark, type: 'request', url: '/x.js', status: 404 },
    { mark, type: 'overlay', text: '' },
    { mark, type: 'shell', state: 'noWorker', detail: 'why' },
  ];

  it('are taken as the contract has them, and nothing of them that it does not have', () => {
    for (const report of good) {
      assert.deepEqual(parseFromFrame(report), report);
      assert.deepEqual(parseFromFrame({ ...report, extra: 1 }), report);
    }
  });

  it('are none without the mark, and none with a field of another type', () => {
    for (const report of good) assert.equal(parseFromFrame({ ...report, mark: 'other' }), undefined);
    for (const report of good)
      for (const field of Object.keys(report).filter((name) => !['detail', 'source', 'title'].includes(name)))
        assert.equal(
          parseFromFrame({ ...report, [field]: { toString: () => 'x' } }),
          undefined,
          `${field} of ${JSON.stringify(report)}`,
        );
    for (const bad of [
      null,
      undefined,
      'x',
      1,
      [],
      { mark, type: 'run' },
      { mark, type: 'request', url: '/', status: -1 },
    ])
      assert.equal(parseFromFrame(bad), undefined, JSON.stringify(bad));
  });

  it('can not lead to another host, and are cut', () => {
    assert.deepEqual(parseFromFrame({ ...page, path: '//evil.example.com/x' }), {
      ...page,
      path: '/evil.example.com/x',
    });
    assert.equal(parseFromFrame({ ...page, path: `/${'x'.repeat(3000)}` }), undefined);
    const long = parseFromFrame({ mark, type: 'error', message: 'x'.repeat(100_000) });
    assert.ok(long?.type === 'error' && long.message.length === 2000);
  });

  it('are no keys and no wishes for a window: the page deals with those', () => {
    assert.equal(parseFromFrame({ mark, type: 'open', path: '/' }), undefined);
    assert.equal(parseFromFrame({ mark, type: 'key', key: 'p', code: 'KeyP', keyCode: 80, ctrlKey: true }), undefined);
  });

  it('have the same mark in the script of the page', () => {
    const script = readFileSync(path.join(repoRoot, 'media/preview.js'), 'utf8');
    assert.ok(script.includes(`const MARK = '${PREVIEW_MARK}';`));
  });
});
