import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import http from 'node:http';
import net from 'node:net';
import type { Writable } from 'node:stream';
import zlib from 'node:zlib';
import { GATEWAY_HEADER, type GatewayUpstream } from '../../src/sessions/gatewayProtocol';
import { ask, DevServer, GatewayRig, navigation, open, say, type Question } from './support/gatewayRig';
import { waitUntil } from './support/waitUntil';
import { skipBecause } from '../support/skip';

const MB = 1024 * 1024;
/** Listens, and then does nothing any more: whoever connects waits in the kernel's queue. */
const stuckServer = `require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, function () {
  require('node:fs').writeSync(1, String(this.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;
const id = '64:1:web';
const page = '<!DOCTYPE html><html><head><title>App</title></head><body>Hi</body></html>';
const tagForm = /<script data-cheatcode data-path="([^"]*)" data-app="([^"]*)">([^]*?)<\/script>/;

function html(response: ServerResponse, body: string | Buffer = page, headers: OutgoingHttpHeaders = {}): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length, ...headers });
  response.end(body);
}

/** Waits until no more can be sent because nobody reads, and gives how much there was. */
const standsStill = (sent: () => number) => {
  let last = -1;
  let times = 0;
  return waitUntil('the sender stands still', () => {
    times = sent() === last ? times + 1 : 0;
    last = sent();
    return times > 50 && last;
  });
};
/** Writes `total` bytes as fast as they are taken. */
const pour = (into: Writable, total: number): (() => number) => {
  let sent = 0;
  const piece = Buffer.alloc(64 * 1024, 7);
  const more = () => {
    while (sent < total) {
      sent += piece.length;
      if (!into.write(piece)) return void into.once('drain', more);
    }
    into.end();
  };
  more();
  return () => sent;
};
const inMb = (bytes: number) => (bytes / MB).toFixed(1);

describe('the preview gateway', () => {
  let gateway: GatewayRig;
  let server: DevServer;
  let port: number;
  const upstream = (serverPort: number | undefined, sentence = 'The server is starting.'): GatewayUpstream => ({
    port: serverPort,
    sentence,
    label: 'Web',
  });
  const navigate = (question: Question = {}) =>
    ask(port, { ...question, headers: { ...navigation, ...question.headers } });
  const state = async () =>
    JSON.parse((await ask(port, { path: '/__cheatcode/state' })).body) as Record<string, unknown>;

  beforeEach(async () => {
    gateway = new GatewayRig();
    server = new DevServer();
    await server.start();
    port = await gateway.serve(id, undefined, upstream(server.port));
  });
  afterEach(async () => {
    if (gateway.isRunning) gateway.kill();
    await waitUntil('the gateway is gone', () => !gateway.isRunning);
    await server.stop();
  });

  describe('as a proxy', () => {
    it('sends method, path, body and headers on, with its own host and origin', async () => {
      let asked: { line: string; headers: IncomingHttpHeaders; body: string } | undefined;
      server.handle = (request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (text: string) => (body += text));
        request.on('end', () => {
          asked = { line: `${request.method} ${request.url}`, headers: request.headers, body };
          response.writeHead(201, 'Made', { 'x-app': ['1', '2'] }).end('done');
        });
      };
      const answer = await ask(port, {
        method: 'PUT',
        path: '/a//b/../c?x=1&y=%20?z',
        body: 'hello',
        headers: {
          host: `localhost:${port}`,
          origin: `http://localhost:${port}`,
          referer: `http://localhost:${port}/from?here`,
          'x-forwarded-proto': 'https',
          'x-own': 'kept',
        },
      });
      assert.deepEqual([answer.status, answer.body, answer.headers['x-app']], [201, 'done', '1, 2']);
      assert.equal(answer.headers[GATEWAY_HEADER], id);
      const origin = `http://localhost:${server.port}`;
      assert.equal(asked?.line, 'PUT /a//b/../c?x=1&y=%20?z');
      assert.equal(asked.body, 'hello');
      const { host, origin: sentOrigin, referer, 'x-own': own, 'x-forwarded-proto': proto } = asked.headers;
      assert.deepEqual(
        { host, sentOrigin, referer, own, proto, added: asked.headers['x-forwarded-for'] },
        {
          host: `localhost:${server.port}`,
          sentOrigin: origin,
          referer: `${origin}/from?here`,
          own: 'kept',
          proto: 'https',
          added: undefined,
        },
      );
    });

    it('leaves the origin of a foreign page as it is, for the server to refuse', async () => {
      server.handle = (request, response) => response.end(request.headers.origin);
      assert.equal((await ask(port, { headers: { origin: 'https://evil.example' } })).body, 'https://evil.example');
    });

    it('listens on both addresses of localhost', async function () {
      const answer = await ask(port, { address: '::1' }).catch(
        (error: unknown) => (error as NodeJS.ErrnoException).code,
      );
      if (answer === 'EADDRNOTAVAIL' || answer === 'EAFNOSUPPORT') skipBecause(this, 'this machine has no IPv6');
      assert.equal(typeof answer === 'object' && answer.status, 200);
    });

    it('finds a server that listens on ::1 alone', async () => {
      const six = new DevServer();
      try {
        await six.start(0, '::1');
        gateway.tell({ type: 'upstream', id, upstream: upstream(six.port) });
        await waitUntil('the gateway asks the other', async () => (await state())['ready'] === true);
        assert.equal((await ask(port)).status, 200);
      } finally {
        await six.stop();
      }
    });

    it('hands on the first byte before the server has said the last', async () => {
      let finish: (() => void) | undefined;
      server.handle = (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.write('<!DOCTYPE html><html><head><title>1</title>');
        finish = () => response.end('</head><body>the last words</body></html>');
      };
      const answer = await open(port, { headers: navigation });
      answer.setEncoding('utf8');
      let body = '';
      answer.on('data', (text: string) => (body += text));
      await waitUntil('the start of the page is there', () => body.includes('<title>1</title>'));
      assert.match(body, tagForm);
      assert.ok(!body.includes('the last words'));
      finish?.();
      await waitUntil('the page is whole', () => body.endsWith('the last words</body></html>'));
    });

    it('holds no body in memory: a browser that does not read stops the server', async function () {
      if (process.platform !== 'linux') skipBecause(this, 'the memory of a process is read as Linux tells it');
      const total = 200 * MB;
      let sent = () => 0;
      server.handle = (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': total });
        sent = pour(response, total);
      };
      const before = gateway.memory();
      const answer = await open(port);
      const stoodAt = await standsStill(() => sent());
      const held = gateway.memory() - before;
      let received = 0;
      let peak = 0;
      for await (const part of answer) {
        received += (part as Buffer).length;
        peak = Math.max(peak, gateway.memory() - before);
      }
      console.log(
        `      stood at ${inMb(stoodAt)} of 200 MB, +${inMb(held)} MB in memory; later at most +${inMb(peak)} MB`,
      );
      assert.equal(received, total);
      assert.ok(stoodAt < 25 * MB, `the server could send ${stoodAt} bytes to nobody`);
      assert.ok(held < 16 * MB, `the gateway holds ${held} bytes`);
      // Buffers that were passed on wait for a collection, which comes after some 64 MB of them (45 to 85 measured).
      assert.ok(peak < 150 * MB, `the gateway grew by ${peak} bytes`);
    });

    it('takes a body from a browser as fast as the server reads it', async function () {
      if (process.platform !== 'linux') skipBecause(this, 'the memory of a process is read as Linux tells it');
      const total = 50 * MB;
      let received = 0;
      let read: (() => void) | undefined;
      server.handle = (request, response) => {
        read = () => {
          request.on('data', (part: Buffer) => (received += part.length));
          request.on('end', () => response.end(String(received)));
        };
      };
      const before = gateway.memory();
      const upload = http.request({ host: '127.0.0.1', port, method: 'POST', agent: false });
      const answered = new Promise<IncomingMessage>((resolve) => upload.once('response', resolve));
      const stoodAt = await standsStill(pour(upload, total));
      const held = gateway.memory() - before;
      console.log(`      stood at ${inMb(stoodAt)} of 50 MB, +${inMb(held)} MB in memory`);
      assert.ok(stoodAt < 25 * MB, `the browser could send ${stoodAt} bytes to nobody`);
      assert.ok(held < 16 * MB, `the gateway holds ${held} bytes`);
      read?.();
      (await answered).resume();
      assert.equal(received, total);
    });

    it('sends the body of a DELETE in pieces as a body, and not as the next request', async () => {
      const lines: string[] = [];
      server.handle = (request, response) => {
        lines.push(`${request.method} ${request.url}`);
        let body = '';
        request.setEncoding('utf8').on('data', (text: string) => (body += text));
        request.on('end', () => response.end(body));
      };
      const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
      const answer = await ask(port, {
        method: 'DELETE',
        path: '/thing',
        headers: { 'transfer-encoding': 'chunked' },
        body: smuggled,
      });
      assert.equal(answer.body, smuggled);
      assert.deepEqual(lines, ['DELETE /thing']);
    });

    it('answers 100 requests at once', async () => {
      const waiting: (() => void)[] = [];
      server.handle = (request, response) => {
        waiting.push(() => response.end(request.url));
        if (waiting.length === 100) for (const answerOne of waiting) answerOne();
      };
      const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => ask(port, { path: `/${index}` })));
      assert.deepEqual(
        answers.map(({ body }) => body),
        answers.map((_, index) => `/${index}`),
      );
    });

    it('opens an event stream before its first event, and keeps the pieces apart', async () => {
      let emit: ((text: string) => void) | undefined;
      server.handle = (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        emit = (text) => void response.write(text);
      };
      const answer = await open(port, { headers: { accept: 'text/event-stream' } });
      assert.equal(answer.headers['content-type'], 'text/event-stream');
      let heard = '';
      answer.setEncoding('utf8').on('data', (text: string) => (heard += text));
      for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
        emit?.(event);
        await waitUntil('the event is there', () => heard.endsWith(event));
      }
      answer.destroy();
      await waitUntil('the server is told that nobody listens', () => server.connections === 0);
    });

    it('breaks off where the server breaks off, and hurts no other request', async () => {
      let breakOff: (() => void) | undefined;
      let finish: (() => void) | undefined;
      server.handle = (request, response) => {
        response.writeHead(200, { 'content-type': 'text/plain' });
        response.write('half');
        if (request.url === '/broken') breakOff = () => void request.socket.destroy();
        else finish = () => response.end('-whole');
      };
      const broken = ask(port, { path: '/broken' });
      const whole = ask(port, { path: '/whole' });
      await waitUntil('both were asked', () => breakOff && finish);
      breakOff?.();
      await assert.rejects(broken, { code: 'ECONNRESET' });
      finish?.();
      assert.equal((await whole).body, 'half-whole');
    });

    it('takes a request that offers another protocol for what it is without the offer', async () => {
      const asked: unknown[] = [];
      server.handle = (request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (text: string) => (body += text));
        request.on('end', () => {
          const { upgrade, 'http2-settings': settings, 'x-own': own } = request.headers;
          asked.push([request.method, request.url, upgrade, settings, own, body]);
          response.end(`answer ${asked.length}.`);
        });
      };
      const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'];
      const host = `Host: localhost:${port}`;
      // The next request on the same connection comes along with it.
      const heard = await say(port, [
        ...['POST /a?b HTTP/1.1', host, ...offer, 'X-Own: \xe9', 'Content-Length: 4', '', 'body'],
        ...['GET /next HTTP/1.1', host, 'Connection: close'],
      ]);
      assert.match(heard, /^HTTP\/1\.1 200 [^]*answer 1\.HTTP\/1\.1 200 [^]*answer 2\.$/);
      assert.deepEqual(asked, [
        ['POST', '/a?b', undefined, undefined, '\xc3\xa9', 'body'],
        ['GET', '/next', undefined, undefined, undefined, ''],
      ]);
    });

    it('asks again where a connection that it kept was closed in the same moment, and never twice for what may change something', async () => {
      const asked: string[] = [];
      const sockets = new Set<net.Socket>();
      let isClosing = false;
      server.handle = (request, response) => {
        asked.push(`${request.method} ${request.url}`);
        // What a server does whose time for an idle connection is just over: it reads no more of it.
        if (isClosing && sockets.has(request.socket)) request.socket.resetAndDestroy();
        else response.end('ok');
        sockets.add(request.socket);
      };
      await ask(port, { path: '/1' });
      await ask(port, { path: '/2' });
      assert.equal(sockets.size, 1, 'it keeps no connection');
      isClosing = true;
      const answer = await ask(port, { path: '/3' });
      assert.deepEqual([answer.status, answer.body], [200, 'ok']);
      assert.equal(sockets.size, 2);
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
        assert.equal((await ask(port, { method })).status, 200);
      assert.deepEqual(asked, [
        'GET /1',
        'GET /2',
        'GET /3',
        'GET /3',
        'POST /',
        'PUT /',
        'DELETE /',
        'PATCH /',
        'OPTIONS /',
      ]);
      // A new connection that breaks means trouble, and is not tried again.
      server.handle = (request) => {
        asked.push('broken');
        request.socket.resetAndDestroy();
      };
      gateway.tell({ type: 'upstream', id, upstream: upstream(server.port, 'Anew.') });
      await waitUntil('it knows', async () => (await state())['sentence'] === 'Anew.');
      assert.equal((await ask(port)).status, 503);
      assert.equal(asked.filter((line) => line === 'broken').length, 1);
    });

    it('uses no connection of before once the host has said anything new of the server', async () => {
      await ask(port);
      assert.equal(server.connections, 1);
      gateway.tell({ type: 'upstream', id, upstream: upstream(undefined) });
      await waitUntil('the kept connection is closed', () => server.connections === 0);
    });

    it('waits for a server that thinks for longer than an unused connection is kept', async () => {
      await ask(port);
      server.handle = (_request, response) => void setTimeout(() => response.end('at last'), 2500);
      assert.equal((await ask(port)).body, 'at last');
      await waitUntil('what nobody uses is closed', () => server.connections === 0);
    });

    it('passes HEAD, 204 and 304 on without a body', async () => {
      server.handle = (request, response) => {
        if (request.method === 'HEAD') {
          response.writeHead(200, { 'content-type': 'text/css', 'content-length': 123 }).end();
        } else if (request.url === '/204') response.writeHead(204, { 'x-app': '1' }).end();
        else response.writeHead(304, { etag: '"a"' }).end();
      };
      const head = await ask(port, { method: 'HEAD' });
      assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '123', '']);
      const empty = await ask(port, { path: '/204' });
      assert.deepEqual([empty.status, empty.headers['x-app'], empty.body], [204, '1', '']);
      const same = await ask(port, { path: '/304', headers: { 'if-none-match': '"a"' } });
      assert.deepEqual([same.status, same.headers.etag, same.body], [304, '"a"', '']);
    });
  });

  describe('with WebSockets', () => {
    const handshake = (headers: readonly string[] = []) => [
      'GET /_next/hmr?x HTTP/1.1',
      `Host: localhost:${port}`,
      'Connection: keep-alive, Upgrade',
      'Upgrade: websocket',
      `Origin: http://localhost:${port}`,
      ...headers,
    ];
    const accept = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket', '', ''].join(
      '\r\n',
    );

    /** A connection past the handshake. */
    async function connect(): Promise<{ socket: net.Socket; heard: () => string }> {
      const socket = net.connect(port, '127.0.0.1');
      let heard = '';
      socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
      socket.on('error', () => undefined);
      socket.write(`${handshake().join('\r\n')}\r\n\r\n`);
      await waitUntil('the protocol is switched', () => heard.includes('\r\n\r\n'));
      return { socket, heard: () => heard };
    }

    it('switches with its own host and origin, and echoes both ways', async () => {
      let asked: IncomingMessage | undefined;
      server.upgrade = (request, socket) => {
        asked = request;
        socket.write(`${accept}first`);
        socket.pipe(socket);
      };
      const { socket, heard } = await connect();
      await waitUntil('what came with the switch is there', () => heard().endsWith('first'));
      socket.write('over and back');
      await waitUntil('the echo is there', () => heard().endsWith('over and back'));
      socket.destroy();
      assert.match(heard(), /^HTTP\/1\.1 101 /);
      assert.ok(heard().includes(`${GATEWAY_HEADER}: ${id}\r\n`));
      assert.deepEqual(
        [asked?.url, asked?.headers.host, asked?.headers.origin],
        ['/_next/hmr?x', `localhost:${server.port}`, `http://localhost:${server.port}`],
      );
    });

    it('ends at the server when the browser goes', async () => {
      server.upgrade = (_request, socket) => {
        socket.on('error', () => undefined).once('end', () => socket.end());
        socket.write(accept);
        socket.resume();
      };
      const { socket } = await connect();
      assert.equal(server.connections, 1);
      socket.resetAndDestroy();
      await waitUntil('the server has no connection', () => server.connections === 0);
    });

    it('ends at the server when the browser goes before the answer', async () => {
      let isAsked = false;
      server.upgrade = (_request, socket) => {
        isAsked = true;
        socket.on('error', () => undefined).once('end', () => socket.end());
        socket.resume();
      };
      const socket = net.connect(port, '127.0.0.1');
      socket.write(`${handshake().join('\r\n')}\r\n\r\n`);
      await waitUntil('the server is asked', () => isAsked);
      socket.destroy();
      await waitUntil('the server has no connection', () => server.connections === 0);
    });

    it('ends at the browser when the server goes', async () => {
      let atServer: net.Socket | undefined;
      server.upgrade = (_request, socket) => {
        atServer = socket;
        socket.write(accept);
      };
      const { socket } = await connect();
      atServer?.destroy();
      await waitUntil('the browser hears the end', () => socket.closed);
    });

    it('hands a refusal on as it is', async () => {
      server.upgrade = (_request, socket) => {
        socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-Frame-Options: DENY\r\n\r\nno');
      };
      const answer = await say(port, handshake());
      assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/);
      assert.ok(answer.endsWith('\r\n\r\nno'));
      assert.ok(answer.toLowerCase().includes(`${GATEWAY_HEADER}: ${id}\r\n`));
      assert.ok(!/x-frame-options/i.test(answer));
    });

    it('refuses one that does not begin with GET', async () => {
      const [first = '', ...rest] = handshake();
      assert.match(await say(port, [first.replace('GET', 'POST'), ...rest]), /^HTTP\/1\.1 400 /);
    });

    it('says 503 while there is no server', async () => {
      await server.stop();
      assert.match(await say(port, handshake()), /^HTTP\/1\.1 503 /);
      gateway.tell({ type: 'upstream', id, upstream: upstream(undefined, 'Stopped.') });
      await waitUntil('it knows', async () => (await state())['sentence'] === 'Stopped.');
      assert.match(await say(port, handshake()), /^HTTP\/1\.1 503 [^]*Stopped\./);
    });

    it('lets a browser that does not read stop the server', async () => {
      let sent = () => 0;
      server.upgrade = (_request, socket) => {
        socket.on('error', () => undefined);
        socket.write(accept);
        sent = pour(socket, 50 * MB);
      };
      const { socket } = await connect();
      socket.pause();
      const stoodAt = await standsStill(() => sent());
      socket.destroy();
      assert.ok(stoodAt < 25 * MB, `the server could send ${stoodAt} bytes to nobody`);
    });
  });

  describe('with pages', () => {
    it('puts the script first into the head, with the path that was asked for', async () => {
      server.handle = (_request, response) => html(response);
      const { headers, body } = await navigate({ path: '/a%20b?x="<&>\'' });
      const [tag, path, app, script = ''] = tagForm.exec(body) ?? [];
      assert.ok(tag !== undefined && script !== '');
      assert.deepEqual([path, app], ['/a%20b?x=&#34;&#60;&#38;&#62;&#39;', id]);
      assert.equal(
        body,
        page.replace('<head>', () => `<head>${tag}`),
      );
      assert.equal(headers['content-length'], undefined);
    });

    it('touches neither what a page fetches nor what is no page', async () => {
      server.handle = (request, response) =>
        request.url === '/data'
          ? response.writeHead(200, { 'content-type': 'application/json' }).end(page)
          : html(response);
      const fetched = { accept: '*/*', 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' };
      const answer = await ask(port, { headers: fetched });
      assert.deepEqual([answer.body, answer.headers['content-length']], [page, String(page.length)]);
      assert.equal((await navigate({ path: '/data' })).body, page);
    });

    it('knows a navigation that a service worker passed on', async () => {
      server.handle = (_request, response) => html(response);
      for (const mode of ['navigate', 'same-origin']) {
        const headers = { accept: navigation.accept, 'sec-fetch-dest': 'empty', 'sec-fetch-mode': mode };
        assert.match((await ask(port, { headers })).body, tagForm, mode);
      }
    });

    it('asks for them uncompressed, and undoes what is compressed all the same', async () => {
      let wanted: string | undefined;
      const ways: Record<string, (text: string) => Buffer> = {
        gzip: zlib.gzipSync,
        deflate: zlib.deflateSync,
        br: zlib.brotliCompressSync,
      };
      server.handle = (request, response) => {
        wanted = request.headers['accept-encoding'];
        const encoding = request.url?.slice(1) ?? '';
        html(response, ways[encoding]?.(page), { 'content-encoding': encoding });
      };
      for (const encoding of Object.keys(ways)) {
        const { headers, body } = await navigate({ path: `/${encoding}`, headers: { 'accept-encoding': 'gzip, br' } });
        assert.equal(wanted, 'identity');
        assert.equal(headers['content-encoding'], undefined);
        assert.equal(body.replace(tagForm, ''), page, encoding);
        assert.match(body, tagForm);
      }
    });

    it('leaves compressed assets compressed', async () => {
      const packed = zlib.gzipSync('body {}');
      let wanted: string | undefined;
      server.handle = (request, response) => {
        wanted = request.headers['accept-encoding'];
        response.writeHead(200, { 'content-type': 'text/css', 'content-encoding': 'gzip' }).end(packed);
      };
      const answer = await open(port, { headers: { 'accept-encoding': 'gzip, br', 'sec-fetch-dest': 'style' } });
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      assert.deepEqual([wanted, answer.headers['content-encoding']], ['gzip, br', 'gzip']);
      assert.deepEqual(Buffer.concat(parts), packed);
    });

    it('never lets a browser keep a page with another script', async () => {
      let conditional: string | undefined;
      server.handle = (request, response) => {
        conditional = request.headers['if-none-match'];
        html(response, page, {
          etag: '"1"',
          'last-modified': new Date(0).toUTCString(),
          'cache-control': 'max-age=99',
        });
      };
      const { headers } = await navigate({ headers: { 'if-none-match': '"1"' } });
      assert.equal(conditional, undefined);
      assert.deepEqual(
        [headers.etag, headers['last-modified'], headers['cache-control']],
        [undefined, undefined, 'no-cache'],
      );
    });

    it('says of a HEAD what it says of the page', async () => {
      server.handle = (_request, response) => html(response, page, { etag: '"1"' });
      const { status, headers, body } = await navigate({ method: 'HEAD' });
      assert.deepEqual([status, headers['content-length'], headers.etag, body], [200, undefined, undefined, '']);
    });

    it('allows its script, and to be framed, and nothing else', async () => {
      server.handle = (_request, response) =>
        html(response, page, {
          'x-frame-options': 'DENY',
          'content-security-policy': "default-src 'self'; script-src 'nonce-a'; frame-ancestors 'none'",
          'content-security-policy-report-only': "script-src 'unsafe-inline'",
        });
      const { headers, body } = await navigate();
      const hash = createHash('sha256')
        .update(tagForm.exec(body)?.[3] ?? '')
        .digest('base64');
      assert.equal(headers['x-frame-options'], undefined);
      assert.equal(headers['content-security-policy'], `default-src 'self'; script-src 'nonce-a' 'sha256-${hash}'`);
      assert.equal(headers['content-security-policy-report-only'], "script-src 'unsafe-inline'");
    });

    it('makes redirects to the server or to itself redirects under whatever prefix the browser has', async () => {
      let location = '';
      server.handle = (_request, response) => response.writeHead(307, { location }).end();
      for (const [from, to] of [
        [`http://localhost:${server.port}/a?b#c`, '../a?b#c'],
        [`http://127.0.0.1:${server.port}/`, '../'],
        [`https://localhost:${port}/a`, '../a'],
        [`http://localhost:${server.port}//evil.example/`, '.././/evil.example/'],
        ['/plain', '../plain'],
        ['https://login.example/x', 'https://login.example/x'],
      ] as const) {
        location = from;
        assert.equal((await navigate({ path: '/shop/cart' })).headers.location, to);
      }
    });

    it('lets a cookie come back to the path that the app set it for, whatever lies before that', async () => {
      server.handle = (_request, response) =>
        html(response, page, { 'set-cookie': ['a=1; Path=/shop; HttpOnly', 'b=2'] });
      const set = (await navigate({ path: '/shop/cart' })).headers['set-cookie'];
      // The browser asks for /proxy/3100/shop, which /shop is no beginning of. What has no path is the browser's matter.
      assert.deepEqual(set, ['a=1; Path=/; HttpOnly', 'b=2']);
    });

    it('lets cookies live in the frame that they are set in', async () => {
      server.handle = (_request, response) =>
        html(response, page, { 'set-cookie': ['a=1; Path=/; Domain=localhost; HttpOnly; SameSite=Lax', 'b=2'] });
      const framed = { 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' };
      const marks = 'SameSite=None; Secure; Partitioned';
      assert.deepEqual((await navigate()).headers['set-cookie'], ['a=1; Path=/; HttpOnly; SameSite=Lax', 'b=2']);
      const inFrame = [`a=1; Path=/; HttpOnly; ${marks}`, `b=2; ${marks}`];
      assert.deepEqual((await navigate({ headers: framed })).headers['set-cookie'], inFrame);
      const fetched = {
        'sec-fetch-dest': 'empty',
        'sec-fetch-site': 'same-origin',
        'sec-fetch-storage-access': 'none',
      };
      assert.deepEqual((await ask(port, { headers: fetched })).headers['set-cookie'], inFrame);
    });
  });

  describe('guarding the door', () => {
    it('serves localhost by all its names, and the hosts that clients registered', async () => {
      for (const host of ['localhost', 'LOCALHOST:1', 'a.b.localhost:9', '127.0.0.1', '[::1]:8080'])
        assert.equal((await ask(port, { headers: { host } })).status, 200, host);
      assert.equal((await ask(port, { headers: { host: 'code.example:8443' } })).status, 421);
      gateway.tell({ type: 'hosts', hosts: ['Code.example:8443'] });
      await waitUntil(
        'the host is known',
        async () => (await ask(port, { headers: { host: 'code.EXAMPLE:8443' } })).status === 200,
      );
      assert.equal((await ask(port, { headers: { host: 'code.example' } })).status, 421);
    });

    it('refuses every other host before it asks the server or says anything', async () => {
      let asked = 0;
      server.handle = (_request, response) => response.end(String(++asked));
      for (const host of ['evil.example', 'localhost.evil.example', `localhost:${port}@evil.example`, 'localhost.']) {
        for (const path of ['/', '/__cheatcode/state']) {
          const { status, headers, body } = await ask(port, { path, headers: { ...navigation, host } });
          assert.deepEqual([status, headers[GATEWAY_HEADER]], [421, id], host);
          assert.ok(!body.includes('Web') && body.length < 100);
        }
      }
      const none = await say(port, ['GET / HTTP/1.1', 'Connection: close']);
      assert.match(none, /^HTTP\/1\.1 421 /);
      const upgrade = ['GET / HTTP/1.1', 'Host: evil.example', 'Connection: Upgrade', 'Upgrade: websocket'];
      assert.match(await say(port, upgrade), /^HTTP\/1\.1 421 /);
      assert.equal(asked, 0);
    });

    it('is no proxy to elsewhere', async () => {
      let asked = 0;
      const elsewhere = new DevServer();
      try {
        await elsewhere.start();
        elsewhere.handle = (_request, response) => response.end(String(++asked));
        const there = `localhost:${elsewhere.port}`;
        const absolute = await say(port, [`GET http://${there}/ HTTP/1.1`, `Host: ${there}`, 'Connection: close']);
        assert.match(absolute, /^HTTP\/1\.1 400 /);
        assert.match(await say(port, [`CONNECT ${there} HTTP/1.1`, `Host: ${there}`]), /^HTTP\/1\.1 405 /);
        server.handle = (request, response) => response.end(request.url);
        assert.equal((await ask(port, { path: `//${there}/x` })).body, `//${there}/x`);
        assert.equal(asked, 0);
      } finally {
        await elsewhere.stop();
      }
    });

    it('survives what is no HTTP, from either side', async () => {
      assert.match(await say(port, ['\u0016\u0003\u0001 hello']), /^HTTP\/1\.1 400 /);
      const garbage = net.createServer((socket) =>
        socket
          .on('error', () => undefined)
          .resume()
          .end('what is this?\r\n\r\n'),
      );
      try {
        await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve));
        const { port: garbagePort } = garbage.address() as net.AddressInfo;
        gateway.tell({ type: 'upstream', id, upstream: upstream(garbagePort, 'Garbage.') });
        await waitUntil('it knows', async () => (await state())['sentence'] === 'Garbage.');
        const { status, headers, body } = await navigate();
        assert.deepEqual([status, headers[GATEWAY_HEADER]], [502, id]);
        assert.match(body, /role="alert"/);
      } finally {
        await new Promise((resolve) => garbage.close(resolve));
      }
      assert.ok(gateway.isRunning);
    });
  });

  describe('while the server is not ready', () => {
    it('shows people a page that waits, tells programs, and is the app when it is there', async () => {
      server.handle = (_request, response) => html(response);
      const serverPort = server.port;
      await server.stop();
      assert.deepEqual(await state(), { id, ready: false, sentence: 'The server is starting.', label: 'Web' });
      const waiting = await navigate({ path: '/deep/page?x=1' });
      const { headers } = waiting;
      assert.deepEqual(
        [waiting.status, headers['cache-control'], headers['retry-after'], headers[GATEWAY_HEADER]],
        [503, 'no-store', '1', id],
      );
      assert.match(waiting.body, /<p role="status">The server is starting\.<\/p>/);
      const [, path, , script = ''] =
        /data-path="([^"]*)" data-app="([^"]*)" data-method="GET" data-patience="0">([^]*?)<\/script>/.exec(
          waiting.body,
        ) ?? [];
      assert.equal(path, '/deep/page?x=1');
      const hash = createHash('sha256').update(script).digest('base64');
      assert.ok(String(headers['content-security-policy']).includes(`script-src 'sha256-${hash}'`));
      const program = await ask(port, { path: '/api', headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } });
      assert.equal(program.status, 503);
      assert.deepEqual(JSON.parse(program.body), {
        error: 'not ready',
        sentence: 'The server is starting.',
        label: 'Web',
      });
      server = new DevServer();
      server.handle = (_request, response) => html(response);
      await server.start(serverPort);
      assert.equal((await state())['ready'], true);
      const { status, body } = await navigate();
      assert.equal(status, 200);
      assert.match(body, tagForm);
    });

    it('takes a large body that nobody wants, and the next request on the same connection', async () => {
      const serverPort = server.port;
      await server.stop();
      // By hand: Node's client forgets the rest of a body that is answered before its end.
      const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
      let heard = '';
      socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
      try {
        for (const count of [1, 2]) {
          socket.write(`POST /${count} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${4 * MB}\r\n\r\n`);
          socket.write(Buffer.alloc(4 * MB, 7));
          await waitUntil(`answer ${count}`, () => heard.match(/HTTP\/1\.1 503 /g)?.length === count);
        }
        assert.equal(socket.destroyed || socket.readableEnded, false);
      } finally {
        socket.destroy();
        await server.start(serverPort);
      }
    });

    it('says the sentence of the host while there is no port, as text', async () => {
      gateway.tell({ type: 'upstream', id, upstream: upstream(undefined, 'It <b>failed</b> & ended: é.') });
      await waitUntil('it knows', async () => (await state())['ready'] === false);
      const { status, body } = await navigate();
      assert.equal(status, 503);
      assert.match(body, /It &#60;b&#62;failed&#60;\/b&#62; &#38; ended: &#233;\./);
    });

    it('waits when the server hangs up before it answers', async () => {
      server.handle = (request) => void request.socket.destroy();
      assert.equal((await navigate()).status, 503);
      assert.equal((await ask(port, { method: 'POST', body: 'x'.repeat(MB) })).status, 503);
    });

    it('lets the page wait longer each time when the server hangs up, until it answers', async () => {
      const patience = async () => Number(/data-patience="(\d+)"/.exec((await navigate()).body)?.[1]);
      server.handle = (request) => void request.socket.destroy();
      assert.deepEqual([await patience(), await patience(), await patience()], [0, 1000, 2000]);
      server.handle = (_request, response) => html(response);
      assert.equal((await navigate()).status, 200);
      server.handle = (request) => void request.socket.destroy();
      assert.deepEqual([await patience(), await patience()], [0, 1000]);
      gateway.tell({ type: 'upstream', id, upstream: upstream(server.port, 'Anew.') });
      await waitUntil('it knows', async () => (await state())['sentence'] === 'Anew.');
      assert.equal(await patience(), 0);
    });

    it('waits, after ten seconds, for a server that takes no connection', async function () {
      if (process.platform !== 'linux') skipBecause(this, 'a full queue lets a connection hang as Linux does it');
      const stuck = spawn(process.execPath, ['-e', stuckServer], { stdio: ['ignore', 'pipe', 'inherit'] });
      const waiting: net.Socket[] = [];
      try {
        const [line] = (await once(stuck.stdout, 'data')) as [Buffer];
        const stuckPort = Number(line.toString());
        // The kernel completes as many as its queue takes, one more than was asked for, and lets the others try.
        for (let i = 0; i < 8; i++) waiting.push(net.connect(stuckPort, '127.0.0.1').on('error', () => undefined));
        await waitUntil('the queue is full', () => waiting.filter(({ connecting }) => !connecting).length === 2);
        gateway.tell({ type: 'upstream', id, upstream: upstream(stuckPort, 'Stuck.') });
        await waitUntil('it knows', async () => (await state())['sentence'] === 'Stuck.');
        const began = performance.now();
        const [page, program, socket] = await Promise.all([
          navigate(),
          ask(port),
          say(port, ['GET / HTTP/1.1', `Host: localhost:${port}`, 'Connection: Upgrade', 'Upgrade: websocket']),
        ]);
        console.log(`      answered after ${Math.round(performance.now() - began)} ms`);
        assert.deepEqual([page.status, program.status], [503, 503]);
        assert.match(page.body, /<p role="status">Stuck\.<\/p>/);
        assert.match(socket, /^HTTP\/1\.1 503 /);
        assert.equal((await state())['ready'], false);
      } finally {
        for (const socket of waiting) socket.destroy();
        stuck.kill('SIGKILL');
      }
    });
  });

  describe('in its own name', () => {
    it('serves shell and worker, and nothing else below its path', async () => {
      const shell = await navigate({ path: '/__cheatcode/' });
      assert.deepEqual([shell.status, shell.headers[GATEWAY_HEADER]], [200, id]);
      assert.match(shell.headers['content-type'] ?? '', /^text\/html/);
      const worker = await ask(port, { path: `/__cheatcode-worker.js?app=${id}` });
      assert.equal(worker.status, 200);
      assert.match(worker.headers['content-type'] ?? '', /^text\/javascript/);
      const head = await ask(port, { method: 'HEAD', path: '/__cheatcode/' });
      assert.deepEqual([head.status, head.body], [200, '']);
      assert.equal((await ask(port, { path: '/__cheatcode/other' })).status, 404);
      assert.equal((await ask(port, { method: 'POST', path: '/__cheatcode/state' })).status, 405);
    });
  });

  describe('as a process', () => {
    it('takes the port that the app had, and another one if it is taken', async () => {
      const free = await gateway.serve('again', undefined, upstream(undefined));
      gateway.tell({ type: 'close', id: 'again' });
      assert.equal(await gateway.serve('again', free, upstream(undefined)), free);
      const other = await gateway.serve('other', server.port, upstream(undefined));
      assert.notEqual(other, server.port);
      assert.equal((await ask(other)).headers[GATEWAY_HEADER], 'other');
    });

    it('takes no port that somebody else has on ::1', async function () {
      const squatter = net.createServer();
      const taken = await new Promise<number | undefined>((resolve) => {
        squatter.once('error', () => resolve(undefined));
        squatter.listen(0, '::1', () => resolve((squatter.address() as net.AddressInfo).port));
      });
      if (taken === undefined) skipBecause(this, 'this machine has no IPv6');
      try {
        assert.notEqual(await gateway.serve('other', taken, upstream(undefined)), taken);
      } finally {
        await new Promise((resolve) => squatter.close(resolve));
      }
    });

    it('keeps its port and connections when it is told the same again', async () => {
      assert.equal(await gateway.serve(id, undefined, upstream(server.port)), port);
    });

    it('frees port and connections of an app that is closed', async () => {
      server.handle = (_request, response) => response.writeHead(200).flushHeaders();
      const hanging = await open(port);
      const broken = new Promise((resolve) => hanging.once('error', resolve));
      gateway.tell({ type: 'close', id });
      await broken;
      await assert.rejects(ask(port), { code: 'ECONNREFUSED' });
      await waitUntil('the server has no connection', () => server.connections === 0);
    });

    it('goes on after an order that it does not understand, and says so', async () => {
      for (const line of ['nonsense', '{"type":"serve","id":"a\\r\\nb"}', '{"type":"hosts","hosts":[1]}'])
        gateway.tellLine(line);
      await waitUntil(
        'all three are told',
        () => gateway.messages.filter((message) => message.type === 'log' && message.level === 'error').length === 3,
      );
      assert.equal((await ask(port)).status, 200);
    });

    it('ends with its input, and its port is free', async () => {
      server.handle = (_request, response) => response.writeHead(200).flushHeaders();
      const hanging = await open(port);
      hanging.on('error', () => undefined);
      assert.equal(await gateway.end(), 0);
      const next = net.createServer();
      await new Promise<void>((resolve, reject) => next.once('error', reject).listen(port, '127.0.0.1', resolve));
      await new Promise((resolve) => next.close(resolve));
    });
  });
});
