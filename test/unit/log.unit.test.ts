import assert from 'node:assert/strict';
import { errorCode, errorMessage, formatLogLine } from '../../src/sessions/log';

describe('a line of the log', () => {
  it('is the sentence, then the facts', () => {
    assert.equal(
      formatLogLine('session changed', { session: 'dev_server_web', port: 3000, adopted: false }),
      'session changed session=dev_server_web port=3000 adopted=false',
    );
  });

  it('leaves out what is undefined', () => {
    assert.equal(formatLogLine('client left', { error: undefined, pid: 7 }), 'client left pid=7');
  });

  it('quotes what would be read as several words or as nothing', () => {
    assert.equal(
      formatLogLine('x', { a: 'two words', b: '', c: 'a=b', d: 'say "hi"' }),
      'x a="two words" b="" c="a=b" d="say \\"hi\\""',
    );
  });

  it('stays one line without control characters, whatever a program printed', () => {
    let nasty = '';
    for (let code = 0; code < 0xa0; code++) nasty += String.fromCharCode(code);
    const line = formatLogLine('x', { nasty: `${nasty}\u2028\u2029` });

    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  });
});

describe('whatever was thrown', () => {
  it('has a readable part', () => {
    assert.equal(errorMessage(new Error('no')), 'no');
    assert.equal(errorMessage('text'), 'text');
    assert.equal(errorMessage(undefined), 'undefined');
    assert.equal(errorMessage(null), 'null');
  });

  it('has a code only if the system gave one', () => {
    assert.equal(errorCode(Object.assign(new Error('x'), { code: 'ENOENT' })), 'ENOENT');
    assert.equal(errorCode(Object.assign(new Error('x'), { code: 7 })), undefined);
    for (const thrown of [undefined, null, 'text', 7]) assert.equal(errorCode(thrown), undefined);
  });
});
