import assert from 'node:assert/strict';
import { withAgentAdvice } from '../../src/sessions/agentAdvice';

describe('the advice for agents', () => {
  it('is all of an empty file', () => {
    const text = withAgentAdvice('');
    assert.match(text, /^<!-- cheatcode-dev[^]*cheatcode-dev ensure --json[^]*<!-- \/cheatcode-dev -->\n$/);
  });

  it('comes behind what a person has written', () => {
    const text = withAgentAdvice('# Rules\n\nBe kind.\n');
    assert.ok(text.startsWith('# Rules\n\nBe kind.\n\n<!-- cheatcode-dev'));
  });

  it('is there once, however often it is asked for, and what is around it stays', () => {
    const once = `${withAgentAdvice('before\n')}after\n`;
    const changed = once.replace('there must be one only', 'an older word');
    assert.equal(withAgentAdvice(changed), once);
    assert.equal(withAgentAdvice(once), once);
  });

  it('keeps the line ends of Windows', () => {
    const text = withAgentAdvice('# Rules\r\n');
    assert.doesNotMatch(text, /[^\r]\n/);
    assert.equal(withAgentAdvice(text), text);
  });
});
