import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { networkProber } from '../../src/sessions/host/prober';
import { skipBecause } from '../support/skip';

const GET = { kind: 'http', method: 'GET', path: '/status' } as const;

describe('a probe', () => {
  const servers: net.Server[] = [];
  const sockets = new Set<net.Socket>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });
  const listen = async (server: net.Server, host = '127.0.0.1') => {
    servers.push(server);
    server.on('connection', (socket: net.Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    server.listen(0, host);
    await once(server, 'listening');
    return (server.address() as net.AddressInfo).port;
  };
  const answering = (status: number, seen: http.IncomingMessage[] = []) =>
    listen(
      http.createServer((request, response) => {
        seen.push(request);
        response.statusCode = status;
        response.end('body');
      }),
    );

  for (const status of [200, 204, 301, 404, 500, 503])
    it(`is answered by HTTP ${status}, since somebody lives there`, async () => {
      assert.deepEqual(await networkProber.probe(GET, await answering(status), 1000), {
        answered: true,
        httpStatus: status,
      });
    });

  it('asks what it was told to, by the name localhost and without an Origin', async () => {
    const seen: http.IncomingMessage[] = [];
    const port = await answering(200, seen);
    await networkProber.probe({ kind: 'http', method: 'HEAD', path: '/a/b?c=d' }, port, 1000);
    assert.equal(seen[0]?.method, 'HEAD');
    assert.equal(seen[0].url, '/a/b?c=d');
    assert.equal(seen[0].headers.host, `localhost:${port}`);
    assert.equal(seen[0].headers.origin, undefined);
    assert.equal(seen[0].headers.referer, undefined);
  });

  it('reaches a server that listens on IPv6 alone', async function () {
    const addresses = await lookup('localhost', { all: true });
    if (!addresses.some(({ family }) => family === 6)) skipBecause(this, 'localhost means IPv4 alone on this machine');
    const port = await listen(
      http.createServer((_request, response) => response.end()),
      '::1',
    );
    assert.equal((await networkProber.probe(GET, port, 1000)).answered, true);
    assert.equal((await networkProber.probe({ kind: 'tcp' }, port, 1000)).answered, true);
  });

  it('of a path with blanks and other letters is asked all the same', async () => {
    const seen: http.IncomingMessage[] = [];
    const result = await networkProber.probe({ ...GET, path: '/is it ü?a=%20b' }, await answering(200, seen), 1000);
    assert.equal(result.answered, true);
    assert.equal(seen[0]?.url, '/is%20it%20%C3%BC?a=%20b');
  });

  it('of a path that looks like an address goes to this machine', async () => {
    const seen: http.IncomingMessage[] = [];
    await networkProber.probe({ ...GET, path: '//example.com/x' }, await answering(200, seen), 1000);
    assert.equal(seen[0]?.url, '//example.com/x');
  });

  it('is not answered where nobody listens, and says why', async () => {
    const server = net.createServer();
    const port = await listen(server);
    server.close();
    await once(server, 'close');
    for (const spec of [GET, { kind: 'tcp' } as const]) {
      const { answered, error } = await networkProber.probe(spec, port, 1000);
      assert.equal(answered, false);
      assert.match(error ?? '', /ECONNREFUSED/);
    }
  });

  it('ends after its time when a server accepts and never answers', async () => {
    const port = await listen(net.createServer());
    const result = await networkProber.probe(GET, port, 50);
    assert.deepEqual(result, { answered: false, error: 'no answer in 50 ms' });
  });

  it('ends after its time when an answer never gets further than its first letters', async () => {
    const port = await listen(net.createServer((socket) => socket.write('HTTP/1.1 200 O')));
    assert.deepEqual(await networkProber.probe(GET, port, 50), { answered: false, error: 'no answer in 50 ms' });
  });

  it('does not wait for the rest of a page', async () => {
    const port = await listen(http.createServer((_request, response) => void response.write('first words')));
    assert.equal((await networkProber.probe(GET, port, 2000)).answered, true);
  });

  it('is not answered by something that speaks no HTTP, or hangs up', async () => {
    for (const greet of [
      (socket: net.Socket) => socket.end('220 mail ready\r\n'),
      (socket: net.Socket) => socket.destroy(),
    ]) {
      const { answered, error } = await networkProber.probe(GET, await listen(net.createServer(greet)), 1000);
      assert.equal(answered, false);
      assert.ok(error);
    }
  });

  it('by a mere connection is answered by whoever accepts', async () => {
    assert.deepEqual(await networkProber.probe({ kind: 'tcp' }, await listen(net.createServer()), 1000), {
      answered: true,
    });
  });

  it('never rejects, even of a port that can not be', async () => {
    for (const spec of [GET, { kind: 'tcp' } as const])
      for (const port of [-1, 65_536, Number.NaN])
        assert.equal((await networkProber.probe(spec, port, 100)).answered, false);
  });

  it('leaves no connection open', async () => {
    const port = await answering(200);
    for (let n = 0; n < 5; n++) await networkProber.probe(GET, port, 1000);
    const server = servers[0];
    await new Promise<void>((resolve) => server?.close(() => resolve()));
  });
});
