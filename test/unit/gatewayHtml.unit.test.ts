import assert from 'node:assert/strict';
import { HELD_BYTES, HtmlInjection } from '../../src/gateway/htmlInjection';
import { escapeHtml, inlineScript } from '../../src/gateway/inlineScript';

const mark = '<script>ours</script>';

/** What comes out of the injection for these pieces. */
function through(...pieces: readonly Buffer[]): Buffer {
  const injection = new HtmlInjection(mark);
  const out: Buffer[] = [];
  injection.on('data', (part: Buffer) => out.push(part));
  for (const piece of pieces) injection.write(piece);
  injection.end();
  // It reads and writes in the same turn.
  for (let part: unknown; (part = injection.read() as unknown) !== null;) out.push(part as Buffer);
  return Buffer.concat(out);
}

describe('the script in a page', () => {
  /** `|` is where the script goes. */
  const places: readonly (readonly [what: string, page: string])[] = [
    ['first in the head', '<!DOCTYPE html><html lang="en"><head>|<meta charset="utf-8"></head>'],
    ['after attributes of the head', '<!doctype html>\n<HTML>\n<HEAD data-x="a>b" y=\'>\'>|<title>'],
    ['where a quote begins no value', '<html a"b><head c\'d>|<title>'],
    ['after attributes without quotes', '<html lang=en data-a = "x>y"><head>|'],
    ['before a body without a head', '<!DOCTYPE html><html>|<body>Hi</body></html>'],
    ['before a title without html or head', '<!DOCTYPE html>\n|<title>x</title>'],
    ['before text', '  |Hello'],
    ['before an element that only begins like one', '<!DOCTYPE html>|<header>x</header>'],
    ['before another that does', '|<htmlx>'],
    ['after comments, and not in them', '<!-- <head> --><!DOCTYPE html><!-- -- > --><html><!----><head>|<!-- x -->'],
    ['after a comment for old browsers', '<!--[if !IE]><!--><html><!--<![endif]--><head>|'],
    ['after a comment that closes at once', '<!--><html><head>|'],
    ['after an XML declaration', '<?xml version="1.0"?><!DOCTYPE html><html><head>|'],
    ['behind a byte order mark', '\ufeff<!DOCTYPE html><html><head>|<title>é'],
    ['into a page of nothing', '|'],
    ['at the end of a page that ends too soon', '<!DOCTYPE html>\n<html>\n|'],
    ['before a beginning that stays one', '<!DOCTYPE html>|<he'],
  ];
  for (const [what, page] of places)
    it(`goes ${what}, however the page is cut`, () => {
      const [before = '', after = ''] = page.split('|');
      const whole = Buffer.from(before + after);
      const wanted = before + mark + after;
      assert.equal(through(whole).toString(), wanted);
      for (let cut = 1; cut < whole.length; cut++)
        assert.equal(through(whole.subarray(0, cut), whole.subarray(cut)).toString(), wanted, `cut at ${cut}`);
      assert.equal(through(...[...whole].map((byte) => Buffer.from([byte]))).toString(), wanted);
    });

  it('does not go where it would be text', () => {
    for (const page of ['<!-- never closed', '<!DOCTYPE html', '<html lang="en'])
      assert.equal(through(Buffer.from(page)).toString(), page);
  });

  it('leaves a page in UTF-16 alone, and every byte of any other', () => {
    const wide = Buffer.from('\ufeff<html><head>', 'utf16le');
    assert.deepEqual(through(wide), wide);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const head = Buffer.from('<head>');
    assert.deepEqual(through(head, bytes), Buffer.concat([head, Buffer.from(mark), bytes]));
  });

  it('holds back no more than a few bytes at any time', () => {
    const page = Buffer.from(`<!-- ${'x'.repeat(100_000)} --><!DOCTYPE html><html><head><title>`);
    const injection = new HtmlInjection(mark);
    let out = 0;
    for (let at = 0; at < page.length; at++) {
      injection.write(page.subarray(at, at + 1));
      for (let part: unknown; (part = injection.read() as unknown) !== null;) out += (part as Buffer).length;
      assert.ok(at + 1 - out <= HELD_BYTES, `holds ${at + 1 - out} bytes at ${at}`);
    }
  });

  it('is one text with one hash, whatever page and app it is for', () => {
    const one = inlineScript("a='</script><!--'", 'one');
    const form = /^<script data-cheatcode data-path="([^"]*)" data-app="([^"]*)">(.*)<\/script>$/s;
    const [, path, app, text] = form.exec(one.tag('/"é>?&')) ?? [];
    assert.deepEqual([path, app, text], ['/&#34;&#233;&#62;?&#38;', 'one', "a='<\\/script><\\!--'"]);
    assert.equal(one.source, inlineScript("a='</script><!--'", 'two').source);
  });

  it('is told in ASCII', () => {
    assert.equal(escapeHtml('a\tb\nc \u0000<é😀>'), 'a\tb\nc &#0;&#60;&#233;&#128512;&#62;');
  });
});
