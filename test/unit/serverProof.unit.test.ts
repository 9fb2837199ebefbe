import assert from 'node:assert/strict';
import { isGoodAnswer, metroRoot } from '../../src/sessions/host/goodAnswer';
import { parseNextLock } from '../../src/sessions/nextLock';
import { projectPath } from '../../src/sessions/host/nextProject';
import type { LaunchSpec } from '../../src/sessions/protocol';

const answer = (status: number, body = '', headers: Readonly<Record<string, string>> = {}) =>
  ({ kind: 'answer', status, body, headers }) as const;

describe('the lock file of Next', () => {
  it('names process and port since 16.2', () => {
    const text =
      '{"pid":27652,"port":3000,"hostname":"localhost","appUrl":"http://localhost:3000","startedAt":1795442774402}';
    assert.deepEqual(parseNextLock(text), { kind: 'named', pid: 27652, port: 3000 });
  });

  it('says nothing when it is empty, cut short or of another kind', () => {
    for (const text of [
      '',
      '{"pid":276',
      'null',
      '[]',
      '{"pid":"1","port":3000}',
      '{"pid":0,"port":3000}',
      '{"pid":-5,"port":3000}',
      '{"pid":7,"port":65536}',
      '{"pid":7}',
    ])
      assert.deepEqual(parseNextLock(text), { kind: 'empty' }, text);
  });
});

describe('the project that a Next server names', () => {
  const reply = (text: string) =>
    JSON.stringify({ result: { content: [{ type: 'text', text }] }, jsonrpc: '2.0', id: 1 });

  it('is in an event of the stream, or in a bare answer', () => {
    const json = reply('{"projectPath":"/home/dev/app","devServerUrl":"http://localhost:3000"}');
    assert.equal(projectPath(answer(200, `event: message\ndata: ${json}\n\n`)), '/home/dev/app');
    assert.equal(projectPath(answer(200, json)), '/home/dev/app');
  });

  it('is not in anything else', () => {
    for (const body of ['', 'null', '{}', '{"result":null}', '{"result":{"content":[]}}', reply('none'), reply('null')])
      assert.equal(projectPath(answer(200, body)), undefined, body);
    assert.equal(projectPath(answer(404, reply('{"projectPath":"/home/dev/app"}'))), undefined);
    assert.equal(projectPath({ kind: 'silent' }), undefined);
  });
});

describe('a good answer', () => {
  const isGood = (path: string, given: ReturnType<typeof answer>, type: LaunchSpec['type'] = 'web') => {
    const probe = { kind: 'http', method: 'GET', path } as const;
    return isGoodAnswer({ appKey: '', appName: '', type, folder: '/', command: [], port: 1, env: {}, probe }, given);
  };
  const json = { 'content-type': 'application/json; charset=utf-8' };
  const html = { 'content-type': 'text/html' };

  it('of Next is its status, not any page', () => {
    assert.equal(isGood('/__nextjs_server_status', answer(200, '{"executionId":7752477190677450}', json)), true);
    assert.equal(isGood('/__nextjs_server_status', answer(200, '<html>', html)), false);
    assert.equal(isGood('/__nextjs_server_status', answer(404, '{"executionId":1}', json)), false);
  });

  it('of Next 14 is its manifest, or its own name where a base path hides that', () => {
    const path = '/_next/static/development/_devPagesManifest.json';
    assert.equal(isGood(path, answer(200, '', json)), true);
    assert.equal(isGood(path, answer(404, '', { ...html, 'x-powered-by': 'Next.js' })), true);
    assert.equal(isGood(path, answer(200, '', html)), false);
    assert.equal(isGood(path, answer(404, '', html)), false);
  });

  it('of Metro is its one sentence, and names its folder', () => {
    const root = { 'x-react-native-project-root': '/home/dev/app' };
    const metro = answer(200, 'packager-status:running', root);
    assert.equal(isGood('/status', metro, 'mobile'), true);
    assert.equal(metroRoot(metro), '/home/dev/app');
    // Expo sends it as `encodeURI` gives it.
    const spelled = { 'x-react-native-project-root': '/home/dev/m%C3%BCll%20app%25' };
    assert.equal(metroRoot(answer(200, 'packager-status:running', spelled)), '/home/dev/müll app%');
    const raw = { 'x-react-native-project-root': '/home/dev/100%' };
    assert.equal(metroRoot(answer(200, 'packager-status:running', raw)), '/home/dev/100%');
    assert.equal(isGood('/status', answer(200, 'ok', root), 'mobile'), false);
    assert.equal(metroRoot(answer(200, 'ok', root)), undefined);
  });

  it('of an app of any other kind is whatever it has at its path', () => {
    assert.equal(isGood('/status', answer(200, 'ok'), 'custom'), true);
    assert.equal(isGood('/api/health', answer(204)), true);
    assert.equal(isGood('/api/health', answer(404)), false);
    assert.equal(isGood('/', answer(404)), true);
    assert.equal(isGood('/', answer(500)), false);
  });
});
