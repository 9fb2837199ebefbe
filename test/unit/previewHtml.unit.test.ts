import assert from 'node:assert/strict';
import { previewHtml } from '../../src/providers/previewHtml';
import { pageWords } from '../../src/providers/previewWords';

describe('the html of a preview', () => {
  const html = (frameOrigin: string | undefined): string =>
    previewHtml({
      cspSource: 'https://csp.example',
      scriptUri: 'https://csp.example/p.js',
      styleUri: 'https://csp.example/p.css',
      frameOrigin,
      loading: 3,
      language: 'en',
    });
  const policy = (frameOrigin: string | undefined): string =>
    /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html(frameOrigin))?.[1] ?? '';

  it('allows no frame before there is an address, and never a connection', () => {
    assert.match(policy(undefined), /^default-src 'none'; /);
    assert.match(policy(undefined), /; frame-src 'none'; connect-src 'none'; /);
  });

  it('allows exactly the one origin to be framed', () => {
    assert.match(policy('https://box.example.com'), /; frame-src https:\/\/box\.example\.com; connect-src 'none'; /);
  });

  it('has a nonce that nobody can guess', () => {
    const nonces = Array.from({ length: 20 }, () => /'nonce-([^']+)'/.exec(html(undefined))?.[1] ?? '');
    assert.equal(new Set(nonces).size, 20);
    assert.ok(nonces.every((nonce) => nonce.length >= 24));
  });

  it('names every control, with a word that the page is given', () => {
    const controls = [...html(undefined).matchAll(/<(button|input)\b([^>]*)>/g)];
    assert.ok(controls.length >= 12);
    for (const [all, , attributes = ''] of controls) assert.match(attributes, /data-(?:label|text)="\w+"/, all);
    const words = pageWords();
    const named = [...html(undefined).matchAll(/data-(?:label|title|text)="(\w+)"/g)].map(([, word = '']) => word);
    for (const word of named) assert.ok(word in words, word);
  });

  it('gives the page its words as data, and none by itself', () => {
    const [, data = ''] = /data-words="([^"]*)"/.exec(html(undefined)) ?? [];
    const plain = data.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    assert.deepEqual(JSON.parse(plain), pageWords());
    const body = html(undefined).replace(/<[^>]*>/g, '');
    assert.equal(body.trim(), '');
  });

  it('says in which language its words are', () => {
    assert.match(html(undefined), /<html lang="en">/);
  });
});
