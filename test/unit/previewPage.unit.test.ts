import assert from 'node:assert/strict';
import { FakePanel } from './previewFakePanel';

const loading = { type: 'liveness', state: 'loading' };
const hydrated = { type: 'liveness', state: 'hydrated' };
const error = { type: 'error', message: 'boom' };

describe('the page of the preview, of what its frame reports,', () => {
  let panel: FakePanel;
  beforeEach(() => (panel = new FakePanel()));

  it('sends the last of each kind, with how often it came', () => {
    for (const report of [hydrated, error, error, { type: 'hotReload', state: 'lost' }]) panel.hear(report);
    assert.deepEqual(panel.reports, []);
    panel.elapse();
    assert.deepEqual(panel.reports, ['liveness hydrated', 'error x2', 'hotReload lost']);
  });

  it('sends the beginning of a document at once, for in a hidden tab the time to wait may be long', () => {
    panel.hear(loading);
    assert.deepEqual(panel.reports, ['liveness loading']);
  });

  it('keeps what the old document reported out of the new one, however long it waited', () => {
    for (const report of [hydrated, error, error]) panel.hear(report);
    for (const report of [loading, hydrated, error]) panel.hear(report);
    panel.elapse();
    assert.deepEqual(panel.reports, ['liveness loading', 'liveness hydrated', 'error']);
  });

  it('keeps the word of the shell around the documents', () => {
    panel.hear({ type: 'shell', state: 'ready' });
    panel.hear(loading);
    assert.deepEqual(panel.reports, ['shell ready', 'liveness loading']);
  });

  it('is not made to send more by a page that begins again and again', () => {
    for (let time = 0; time < 1000; time++) for (const report of [error, loading, hydrated]) panel.hear(report);
    panel.elapse();
    assert.deepEqual(panel.reports, ['liveness loading', 'liveness loading', 'liveness hydrated']);
  });

  it('sends what waits when the tab comes to the front or goes behind', () => {
    panel.hear(hydrated);
    panel.fireVisibilityChange();
    assert.deepEqual(panel.reports, ['liveness hydrated']);
    panel.elapse();
    assert.deepEqual(panel.reports, ['liveness hydrated']);
  });
});

describe('the page of the preview, asked for a window of its own by the app,', () => {
  let panel: FakePanel;
  beforeEach(() => {
    panel = new FakePanel();
    panel.focusApp(true);
  });
  const opened = () => panel.sent.filter(({ type }) => type === 'open');

  it('asks the editor for it, right after a person did something in the app', () => {
    panel.hear({ type: 'open', path: '/help?x#y', url: 'https://evil.example.com' });
    assert.deepEqual(opened(), [{ type: 'open', load: 1, path: '/help?x#y' }]);
    panel.elapse();
    assert.deepEqual(panel.reports, []);
  });

  it('asks for a page of another site by its whole address', () => {
    panel.hear({ type: 'open', url: 'https://example.com/' });
    assert.deepEqual(panel.sent, [{ type: 'openUrl', load: 1, url: 'https://example.com/' }]);
  });

  it('does not, when nobody did, or did something elsewhere', () => {
    panel.isActivated = false;
    panel.hear({ type: 'open', path: '/help' });
    panel.isActivated = true;
    panel.focusApp(false);
    panel.hear({ type: 'open', path: '/help' });
    assert.deepEqual(opened(), []);
  });

  it('opens one at a time', () => {
    for (let time = 0; time < 100; time++) panel.hear({ type: 'open', path: `/${time}` });
    assert.equal(opened().length, 1);
    panel.nowMs += 1000;
    panel.hear({ type: 'open', path: '/later' });
    assert.equal(opened().length, 2);
  });

  it('takes no path that is none', () => {
    for (const path of [undefined, 1, {}, `/${'x'.repeat(5000)}`]) panel.hear({ type: 'open', path });
    assert.deepEqual(opened(), []);
  });
});
