import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { elsewhereCommands, elsewhereHtml } from '../../src/providers/previewElsewhere';

describe('the view of an app that has a panel', () => {
  const key = '1:2:cheatcode-app';
  const html = elsewhereHtml({ key, label: 'Web' }, true, 'en');

  it('leads to the panel, or brings the app here', () => {
    const links = [...html.matchAll(/href="command:([\w.]+)\?([^"]+)"/g)];
    assert.deepEqual(
      links.map(([, command]) => command),
      elsewhereCommands,
    );
    for (const [, , argument = ''] of links) assert.deepEqual(JSON.parse(decodeURIComponent(argument)), [key]);
    assert.match(html, /The preview of Web is open among the editors\./);
  });

  it('offers to open a preview that is closed', () => {
    const closed = elsewhereHtml({ key, label: 'Web' }, false, 'en');
    assert.match(closed, /The preview of Web is closed\./);
    assert.deepEqual(
      [...closed.matchAll(/href="command:([\w.]+)\?/g)].map(([, command]) => command),
      ['cheatcode.openPreviewInView'],
    );
  });

  it('runs no script and loads nothing', () => {
    const [, policy = ''] = /Content-Security-Policy" content="([^"]+)"/.exec(html) ?? [];
    const [, style = ''] = /<style>(.*)<\/style>/.exec(html) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    assert.equal(policy, `default-src 'none'; style-src 'sha256-${hash}'`);
    assert.doesNotMatch(html, /<script|src=/);
  });

  it('takes a name for a text', () => {
    const hostile = elsewhereHtml({ key: `"><script>`, label: `<img src=x onerror='alert("1")'> & co` }, true, 'en');
    assert.doesNotMatch(hostile, /<img|<script|"><s/);
    assert.match(hostile, /&#60;img src=x onerror=&#39;alert\(&#34;1&#34;\)&#39;&#62; &#38; co/);
  });
});
