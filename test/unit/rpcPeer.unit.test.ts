import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { MAX_MESSAGE_BYTES } from '../../src/sessions/protocol';
import { JSONRPCErrorException, RpcPeer } from '../../src/sessions/rpcPeer';
import { waitUntil } from '../contract/support/waitUntil';
import { aSession } from './samples';
import { socketOf, tempFolders } from './support/tempFolders';

describe('two peers on a socket', () => {
  const tempFolder = tempFolders();
  let server: net.Server;
  let client: RpcPeer;
  let host: RpcPeer;
  /** The client's end, to write what no peer would. */
  let raw: net.Socket;
  let faults: unknown[];
  let ends: { client: (Error | undefined)[]; host: (Error | undefined)[] };
  beforeEach(async () => {
    const file = socketOf(tempFolder());
    server = net.createServer().listen(file);
    await once(server, 'listening');
    raw = net.connect(file);
    const [[accepted]] = (await Promise.all([once(server, 'connection'), once(raw, 'connect')])) as [
      [net.Socket],
      unknown,
    ];
    faults = [];
    ends = { client: [], host: [] };
    client = new RpcPeer(raw, (error) => faults.push(error));
    host = new RpcPeer(accepted, (error) => faults.push(error));
    client.onDidClose((error) => ends.client.push(error));
    host.onDidClose((error) => ends.host.push(error));
  });
  afterEach(() => {
    client.dispose();
    host.dispose();
    server.close();
  });
  const hostEnds = () => waitUntil('the host has ended the connection', () => ends.host.length > 0);

  it('ask and answer', async () => {
    host.handle('lastOutput', ({ sessionId, lines }) => ({ lines: [sessionId, String(lines)] }));
    assert.deepEqual(await client.call('lastOutput', { sessionId: 'a', lines: 3 }), { lines: ['a', '3'] });
  });

  it('keep each answer to its question, in whatever order they come', async () => {
    const answers: (() => void)[] = [];
    host.handle(
      'lastOutput',
      ({ sessionId }) => new Promise((resolve) => answers.push(() => resolve({ lines: [sessionId] }))),
    );
    const asked = ['a', 'b', 'c'].map((sessionId) => client.call('lastOutput', { sessionId, lines: 1 }));
    await waitUntil('all questions have arrived', () => answers.length === 3);
    for (const answer of answers.reverse()) answer();
    assert.deepEqual(
      (await Promise.all(asked)).map(({ lines }) => lines[0]),
      ['a', 'b', 'c'],
    );
  });

  it('tell each other news in the order in which they were told', async () => {
    const heard: number[] = [];
    client.listen('sessionChanged', ({ revision }) => heard.push(revision));
    for (let revision = 0; revision < 500; revision++) host.notify('sessionChanged', aSession({ revision }));
    await waitUntil('all have arrived', () => heard.length === 500);
    assert.deepEqual(
      heard,
      Array.from({ length: 500 }, (_, n) => n),
    );
  });

  it('carry any text, in one line', async () => {
    const text = '\u0000\n\r\u2028"\\漢😀\x1b[31m';
    host.handle('lastOutput', ({ sessionId }) => ({ lines: [sessionId] }));
    assert.deepEqual((await client.call('lastOutput', { sessionId: text, lines: 1 })).lines, [text]);
  });

  it('refuse by an error that reaches the caller with code and data', async () => {
    host.handle('stop', () => {
      throw new JSONRPCErrorException('no such session', -32003, { id: 'x' });
    });
    await assert.rejects(client.call('stop', { sessionId: 'x' }), {
      message: 'no such session',
      code: -32003,
      data: { id: 'x' },
    });
    assert.deepEqual(faults, []);
  });

  it('say no more than "internal error" of a fault, and the owner hears the whole', async () => {
    host.handle('stop', () => {
      throw new Error('secret path /root/.x');
    });
    await assert.rejects(client.call('stop', { sessionId: 'x' }), { message: 'internal error' });
    assert.match(String(faults[0]), /secret path/);
  });

  it('answer a question that nobody handles with an error and stay connected', async () => {
    await assert.rejects(client.call('stop', { sessionId: 'x' }), { code: -32601 });
    for (const method of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
      await assert.rejects(client.call(method as 'stop', { sessionId: 'x' }), { code: -32601 }, method);
    host.handle('stop', () => aSession());
    await client.call('stop', { sessionId: 'x' });
    assert.deepEqual(faults, []);
  });

  it('stop waiting for an answer after the time that the caller gave', async () => {
    host.handle('stop', () => new Promise(() => undefined));
    await assert.rejects(client.call('stop', { sessionId: 'x' }, 20), /timeout/i);
  });

  it('end all that waits when the connection ends, once for each', async () => {
    host.handle('stop', () => new Promise(() => undefined));
    const waiting = [client.call('stop', { sessionId: 'a' }), client.call('stop', { sessionId: 'b' })];
    host.dispose();
    for (const call of waiting) await assert.rejects(call, /connection .* ended/);
    await waitUntil('both ends know', () => ends.client.length > 0 && ends.host.length > 0);
    await assert.rejects(client.call('stop', { sessionId: 'c' }), /connection .* ended/);
    client.notify('input', { sessionId: 'c', data: 'x' });
    client.dispose();
    client.close();
    assert.equal(ends.client.length, 1);
  });

  for (const [what, data] of Object.entries({
    'is no JSON': 'hello\n',
    'is binary': Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
    'is HTTP': 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'is an empty line': '\n',
    'is JSON but no JSON-RPC': '{"hello":1}\n',
    'is a mere number': '7\n',
    'is null': 'null\n',
    'is a list of nothing': '[]\n',
    'is a list of nulls': '[null,null]\n',
    'is an answer to nothing': '{"jsonrpc":"2.0","id":99,"result":1}\n',
    'has another method type': '{"jsonrpc":"2.0","id":4711,"method":{"a":1}}\n',
    'nests deeply': `${'['.repeat(100_000)}${']'.repeat(100_000)}\n`,
  }))
    it(`survive a message that ${what}: nothing is thrown and no handler runs`, async () => {
      let handled = 0;
      host.handle('stop', () => {
        handled++;
        return aSession();
      });
      raw.write(data);
      // Either the connection ends, or it still works.
      await client.call('stop', { sessionId: 'x' }, 1000).catch(() => hostEnds());
      assert.ok(handled === 1 || ends.host.length === 1);
      assert.deepEqual(faults, []);
    });

  it('end the connection at a message over the limit before all of it is there', async () => {
    const piece = Buffer.alloc(100_000, 0x61);
    raw.on('error', () => undefined);
    for (let sent = 0; sent <= MAX_MESSAGE_BYTES; sent += piece.length) raw.write(piece);
    await hostEnds();
    assert.match(String(ends.host[0]), /longer than/);
  });

  it('drop a peer that does not read, instead of keeping everything for it', async () => {
    raw.pause();
    const data = 'x'.repeat(500_000);
    for (let n = 0; n < 100 && !host.isClosed; n++) {
      host.notify('output', { sessionId: 'a', data, reset: false, cols: 80, rows: 24 });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await hostEnds();
    assert.match(String(ends.host[0]), /does not read/);
  });

  it('end without an error when one of them closes, after what it has said', async () => {
    const heard: string[] = [];
    host.listen('input', ({ data }) => heard.push(data));
    client.notify('input', { sessionId: 'a', data: 'last words' });
    client.close();
    await hostEnds();
    assert.deepEqual(heard, ['last words']);
    assert.deepEqual(ends.host, [undefined]);
  });

  it('tell the owner why when it was not the end that was wanted', async () => {
    host.close(new Error('wrong token'));
    await hostEnds();
    assert.match(String(ends.host[0]), /wrong token/);
    await waitUntil('the client knows', () => ends.client.length === 1);
  });
});
