import assert from 'node:assert/strict';
import { isForEditor, isTakenFromBrowser, type KeyFacts } from '../../src/gateway/browser/keys';
import { asCommand, isReport, marked } from '../../src/gateway/browser/messages';
import { PREVIEW_MARK } from '../../src/sessions/gatewayProtocol';

describe('a message to the page in the preview', () => {
  it('is a command when it has the mark and a known type', () => {
    for (const type of ['back', 'forward', 'reload'])
      assert.deepEqual(asCommand({ mark: PREVIEW_MARK, type, more: 1 }), { mark: PREVIEW_MARK, type });
    const go = { mark: PREVIEW_MARK, type: 'go', path: '/about?a=1#b' };
    assert.deepEqual(asCommand(go), go);
  });

  const none: readonly unknown[] = [
    undefined,
    null,
    'back',
    [],
    { type: 'back' },
    { mark: 'other', type: 'back' },
    { mark: PREVIEW_MARK },
    { mark: PREVIEW_MARK, type: 'page' },
    { mark: PREVIEW_MARK, type: 'go' },
    { mark: PREVIEW_MARK, type: 'go', path: 7 },
    { mark: PREVIEW_MARK, type: 'go', path: 'javascript:alert(1)' },
    { mark: PREVIEW_MARK, type: 'go', path: 'https://other.example/' },
  ];
  for (const data of none)
    it(`is no command as ${JSON.stringify(data)}`, () => {
      assert.equal(asCommand(data), undefined);
    });
});

describe('a message of the page', () => {
  it('is passed on when it is a report', () => {
    assert.ok(isReport(marked({ type: 'overlay', text: 'Build Error' })));
    assert.ok(isReport(marked({ type: 'liveness', state: 'hydrated' })));
  });

  it('is not passed on without the mark, as a command, or in the name of the shell', () => {
    assert.ok(!isReport({ type: 'overlay', text: '' }));
    assert.ok(!isReport({ mark: PREVIEW_MARK, type: 'back' }));
    assert.ok(!isReport(marked({ type: 'shell', state: 'ready' })));
    assert.ok(!isReport(null));
  });
});

describe('a key that is pressed in the app', () => {
  const key = (name: string, held: Partial<KeyFacts> = {}): KeyFacts => ({
    key: name,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    shiftKey: false,
    isAltGraph: false,
    isTyping: false,
    ...held,
  });
  const ctrl = { ctrlKey: true };

  const editors: readonly (readonly [what: string, facts: KeyFacts, isTaken: boolean])[] = [
    ['F1', key('F1'), true],
    ['Ctrl+P', key('p', ctrl), true],
    ['Cmd+B', key('b', { metaKey: true }), true],
    ['Ctrl+Shift+P', key('P', { ...ctrl, shiftKey: true }), true],
    ['Ctrl+Shift+C', key('C', { ...ctrl, shiftKey: true }), true],
    ['Ctrl+`', key('`', ctrl), false],
    ['Alt+ArrowLeft', key('ArrowLeft', { altKey: true, isTyping: true }), false],
    ['Escape', key('Escape'), false],
  ];
  for (const [what, facts, isTaken] of editors)
    it(`is told to the editor as ${what}, and ${isTaken ? 'kept from' : 'left to'} the browser`, () => {
      assert.ok(isForEditor(facts));
      assert.equal(isTakenFromBrowser(facts), isTaken);
    });

  const browsers: readonly (readonly [what: string, facts: KeyFacts])[] = [
    ['a letter', key('p')],
    ['Ctrl alone', key('Control', ctrl)],
    ['F5', key('F5')],
    ['F12', key('F12')],
    ['Ctrl+C', key('c', ctrl)],
    ['Cmd+V', key('v', { metaKey: true })],
    ['Ctrl+Shift+Z', key('Z', { ...ctrl, shiftKey: true })],
    ['AltGr+Q', key('@', { ...ctrl, altKey: true, isAltGraph: true })],
    ['Alt+L in a field, which types on a Mac', key('@', { altKey: true, isTyping: true })],
  ];
  for (const [what, facts] of browsers)
    it(`is the page's and the browser's as ${what}`, () => {
      assert.ok(!isForEditor(facts));
      assert.ok(!isTakenFromBrowser(facts));
    });
});
