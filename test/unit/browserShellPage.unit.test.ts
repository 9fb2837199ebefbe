import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { shellPage } from '../../src/gateway/browser/shellPage';

const sha256 = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const textOf = (html: string, tag: string) => new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`).exec(html)?.[1] ?? '';
const policyOf = (html: string) => /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';

describe('the shell page', () => {
  it('allows its own script and style alone, by their checksums', () => {
    const html = shellPage('start(1 < 2)', 'web');
    const policy = policyOf(html);
    assert.ok(policy.startsWith("default-src 'none'; "));
    assert.ok(policy.includes(`script-src ${sha256('start(1 < 2)')};`));
    assert.ok(policy.includes(`style-src ${sha256(textOf(html, 'style'))};`));
    for (const name of ['frame-src', 'worker-src', 'connect-src']) assert.ok(policy.includes(`${name} 'self'`));
    assert.ok(!policy.includes('unsafe'));
  });

  it("asks for no icon, which would be the editor's", () => {
    const html = shellPage('', 'web');
    assert.ok(html.includes('<link rel="icon" href="data:,">'));
    assert.ok(policyOf(html).includes('img-src data:;'));
  });

  it('is not ended by what the script says', () => {
    const html = shellPage('const text = "</script><!--"', 'web');
    const script = textOf(html, 'script');
    assert.equal(script, 'const text = "<\\/script><\\!--"');
    assert.ok(policyOf(html).includes(sha256(script)));
  });

  it('holds the name of the app as text', () => {
    const html = shellPage('', '"><b>&');
    assert.ok(html.includes('<script data-app="&#34;&#62;&#60;b&#62;&#38;">'));
  });

  it('says to a screen reader at once why there is no app', () => {
    assert.match(shellPage('', 'web'), /role="alert" hidden/);
  });
});
