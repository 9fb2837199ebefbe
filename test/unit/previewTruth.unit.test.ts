import assert from 'node:assert/strict';
import { PREVIEW_MARK } from '../../src/sessions/gatewayProtocol';
import { truthNotice, truthWords } from '../../src/sessions/previewSentences';
import {
  afterEvent,
  newFrame,
  truthOf,
  type FrameEvent,
  type FrameReport,
  type PreviewTruth,
} from '../../src/sessions/previewTruth';

type Unmarked<R = FrameReport> = R extends FrameReport ? Omit<R, 'mark'> : never;

const says = (report: Unmarked): FrameEvent => ({ mark: PREVIEW_MARK, ...report });
const after = (...events: readonly FrameEvent[]): PreviewTruth =>
  truthOf(events.reduce((facts, event) => afterEvent(facts, event), newFrame));

const loading = says({ type: 'liveness', state: 'loading' });
const hydrated = says({ type: 'liveness', state: 'hydrated' });
const error = says({ type: 'error', message: 'boom' });
const overlay = says({ type: 'overlay', text: 'Syntax error' });
const lost = says({ type: 'hotReload', state: 'lost' });
const ready = says({ type: 'shell', state: 'ready' });
const noWorker = says({ type: 'shell', state: 'noWorker', detail: 'http' });

describe('the truth of a preview', () => {
  it('is that it loads, until the page has said more', () => {
    assert.deepEqual(after(), { kind: 'loading' });
    assert.deepEqual(after(ready), { kind: 'loading' });
    assert.deepEqual(after(loading, { type: 'frameLoaded' }), { kind: 'loading' });
  });

  it('is that it is loaded, and then silent, when the page never speaks', () => {
    assert.deepEqual(after({ type: 'frameLoaded' }), { kind: 'loaded' });
    assert.deepEqual(after({ type: 'frameLoaded' }, { type: 'silence' }), { kind: 'silent' });
    assert.deepEqual(after({ type: 'frameLoaded' }, { type: 'silence' }, loading, hydrated), { kind: 'alive' });
  });

  it('is that it is alive once hydrated, or loaded without need of it', () => {
    assert.deepEqual(after(loading, hydrated), { kind: 'alive' });
    assert.deepEqual(after(loading, says({ type: 'liveness', state: 'loaded' })), { kind: 'alive' });
    assert.deepEqual(after(hydrated, says({ type: 'hotReload', state: 'connected' })), { kind: 'alive' });
  });

  it('is that hot reload is lost, until it is connected again', () => {
    assert.deepEqual(after(hydrated, lost), { kind: 'hotReloadLost' });
    assert.deepEqual(after(hydrated, lost, says({ type: 'hotReload', state: 'connected' })), { kind: 'alive' });
  });

  it('names why a page is not hydrated, with the requests that failed', () => {
    const failed = says({ type: 'request', url: '/a.js', status: 404 });
    assert.deepEqual(after(loading, failed, failed, says({ type: 'liveness', state: 'notHydrated', detail: 'no' })), {
      kind: 'notHydrated',
      detail: 'no',
      failed: { count: 2, lastUrl: '/a.js', lastStatus: 404 },
    });
  });

  it('counts uncaught errors of a page, and forgets them with the next document', () => {
    assert.deepEqual(after(hydrated, error, error), { kind: 'error', count: 2, message: 'boom' });
    assert.deepEqual(truthOf(afterEvent(afterEvent(newFrame, hydrated), error, 7)), {
      kind: 'error',
      count: 7,
      message: 'boom',
    });
    assert.deepEqual(after(hydrated, error, loading, hydrated), { kind: 'alive' });
  });

  it('is the overlay while it is shown, whatever else is known', () => {
    assert.deepEqual(after(hydrated, error, lost, overlay), { kind: 'compileError', text: 'Syntax error' });
    assert.deepEqual(after(hydrated, overlay, says({ type: 'overlay', text: '' })), { kind: 'alive' });
  });

  it('is the shell that can not let a page live, before all else and over documents', () => {
    assert.deepEqual(after(hydrated, overlay, noWorker), { kind: 'noWorker', detail: 'http' });
    assert.deepEqual(after(noWorker, loading), { kind: 'noWorker', detail: 'http' });
    assert.deepEqual(after(noWorker, ready, loading, hydrated), { kind: 'alive' });
  });
});

describe('the words for it', () => {
  const proxied = { via: 'gateway', isPathProxied: true } as const;
  const truths: readonly PreviewTruth[] = [
    { kind: 'loading' },
    { kind: 'loaded' },
    { kind: 'silent' },
    { kind: 'alive' },
    { kind: 'notHydrated', detail: undefined, failed: undefined },
    { kind: 'notHydrated', detail: 'Why.', failed: { count: 1, lastUrl: '/a.js', lastStatus: 0 } },
    { kind: 'hotReloadLost' },
    { kind: 'error', count: 1, message: 'boom' },
    { kind: 'compileError', text: 'a\n\n  b' },
    { kind: 'compileError', text: 'a', issue: { kind: 'build', message: 'Bad\n code', file: 'app/a.js', line: 3 } },
    { kind: 'compileError', text: 'a', issue: { kind: 'runtime', message: 'boom' } },
    { kind: 'noWorker', detail: undefined },
    { kind: 'noGateway', detail: 'x' },
  ];

  it('say in one short line how it is', () => {
    assert.deepEqual(truths.map(truthWords), [
      'loading',
      'loaded, has not reported yet',
      'loaded, does not report',
      'alive',
      'not hydrated',
      'not hydrated: Why.',
      'alive, but hot reload is lost',
      'An uncaught error: boom',
      'shows an error: a b',
      'compile error in app/a.js:3: Bad code',
      'error: boom',
      'not alive: no service worker',
      'not alive: the preview gateway does not answer',
    ]);
    assert.ok(truthWords({ kind: 'compileError', text: 'x'.repeat(5000) }).length < 150);
  });

  it('are whole sentences above the frame, and none while all is well', () => {
    for (const truth of truths) {
      const notice = truthNotice(truth, 'Web', proxied);
      if (['loading', 'loaded', 'alive'].includes(truth.kind)) assert.equal(notice, undefined, truth.kind);
      else assert.match(notice?.text ?? '', /^[A-Z][^]*[^.][.…]$/, truth.kind);
      assert.doesNotMatch(notice?.text ?? '', /undefined|\.\.|: \./, truth.kind);
    }
  });

  it('name the reason and what helps', () => {
    const failed = { count: 3, lastUrl: '/a.js', lastStatus: 404 };
    assert.deepEqual(truthNotice({ kind: 'notHydrated', detail: 'Why.', failed }, 'Web', proxied), {
      severity: 'warning',
      text: 'The page is shown but does not react: it was not hydrated: Why. 3 requests failed, the last: /a.js with 404. A reload may help; the terminal says more.',
      action: { id: 'reload', label: 'Reload' },
    });
  });

  it('do not blame an address of the settings for its silence, and do blame a path proxy without a gateway', () => {
    const silent: PreviewTruth = { kind: 'silent' };
    assert.equal(truthNotice(silent, 'Web', { via: 'template', isPathProxied: true }), undefined);
    assert.equal(truthNotice(silent, 'Web', { via: 'direct', isPathProxied: false }), undefined);
    for (const truth of [silent, { kind: 'loading' }] as const)
      assert.match(truthNotice(truth, 'Web', { via: 'direct', isPathProxied: true })?.text ?? '', /does not react/);
  });
});
