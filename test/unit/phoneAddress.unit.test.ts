import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { hasWebBuild } from '../../src/sessions/expoWeb';
import { phoneAddress, phoneSentence, type PhoneConnection } from '../../src/sessions/phoneAddress';
import { skipBecause } from '../support/skip';
import { tempFolders, writeTree } from './support/tempFolders';

const NO_ENV = {};
const newFolder = tempFolders();

/** The sockets of a test's servers, all gone after it. */
const servers: net.Server[] = [];
const sockets = new Set<net.Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: net.Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

interface Metro {
  readonly port: number;
  /** Every request, oldest first. */
  readonly seen: readonly http.IncomingMessage[];
}

/**
 * A dev server that says what Expo's would, by the rules of its `UrlCreator`: its links name `address`, its manifest the host by
 * which it was asked. `forwards: false` is one that knows no links.
 */
async function startMetro(of: {
  readonly address: string;
  readonly forwards?: boolean;
  readonly folder?: string;
  /** Where it forwards a phone with the app's own build. */
  readonly ownBuild?: string;
}): Promise<Metro> {
  const seen: http.IncomingMessage[] = [];
  const port = await listen(
    http.createServer((request, response) => {
      seen.push(request);
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
      if (pathname !== '/' && request.headers.host === '') {
        response.writeHead(500).end('No host header was found.'); // Metro itself.
      } else if (pathname === '/status') {
        response.setHeader('x-react-native-project-root', encodeURI(of.folder ?? '/nowhere'));
        response.end('packager-status:running');
      } else if (pathname === '/') {
        const asked = (request.headers.host ?? '').replace(/:\d+$/, '');
        const host = asked === '' ? of.address : `${asked === 'localhost' ? '127.0.0.1' : asked}:8081`;
        response.setHeader('content-type', 'application/expo+json');
        response.end(manifestOf(host));
      } else {
        const link = searchParams.get('choice') === 'expo' ? `exp://${of.address}` : of.ownBuild;
        const isForwarded = pathname === '/_expo/link' && of.forwards !== false && link !== undefined;
        response.writeHead(isForwarded ? 307 : 404, isForwarded ? { location: link } : {}).end();
      }
    }),
  );
  return { port, seen };
}

/** As SDK 54 answers, cut short. */
function manifestOf(hostUri: string): string {
  return JSON.stringify({
    id: '1',
    launchAsset: { key: 'bundle', url: `http://${hostUri}/index.bundle` },
    extra: { expoClient: { name: 'mobile', slug: 'mobile', hostUri }, expoGo: { debuggerHost: hostUri } },
  });
}

describe('the address for a phone', () => {
  it('is the one that Expo shows in its terminal, without a manifest, which would cost and warn', async () => {
    const { port, seen } = await startMetro({ address: '192.168.1.5:8081' });
    assert.deepEqual(await phoneAddress(port, NO_ENV), { url: 'exp://192.168.1.5:8081', kind: 'lan' });
    assert.deepEqual(
      seen.map(({ method, url }) => `${method} ${url}`),
      ['GET /_expo/link?choice=expo&platform=ios', 'GET /status'],
    );
  });

  it('is the manifest’s of an Expo that forwards nobody, and not the one that we ask by', async () => {
    const { port, seen } = await startMetro({ address: '192.168.1.5:8081', forwards: false });
    assert.deepEqual(await phoneAddress(port, NO_ENV), { url: 'exp://192.168.1.5:8081', kind: 'lan' });
    const asked = seen.find(({ url }) => url === '/')?.headers;
    assert.equal(asked?.['expo-platform'], 'ios');
    assert.equal(asked.accept, 'application/expo+json');
  });

  it('is asked for without an Origin', async () => {
    const { port, seen } = await startMetro({ address: '192.168.1.5:8081', forwards: false });
    await phoneAddress(port, NO_ENV);
    assert.equal(seen.length, 3);
    for (const { headers } of seen) assert.deepEqual([headers.origin, headers.referer], [undefined, undefined]);
  });

  const proxied = (url: string) => ({ EXPO_PACKAGER_PROXY_URL: url });
  const cases: readonly (readonly [
    address: string,
    env: Readonly<Record<string, string>>,
    url: string,
    PhoneConnection,
  ])[] = [
    ['abc-anonymous-8081.exp.direct', {}, 'exp://abc-anonymous-8081.exp.direct', 'tunnel'],
    ['1a2b.ngrok.io:80', {}, 'exp://1a2b.ngrok.io:80', 'tunnel'],
    ['1a2b.ngrok.io:443', {}, 'exps://1a2b.ngrok.io:443', 'tunnel'],
    ['abcde.boltexpo.dev', proxied('https://preview.example.com'), 'exp://abcde.boltexpo.dev', 'tunnel'],
    ['abcde.boltexpo.dev', proxied('no url'), 'exp://abcde.boltexpo.dev', 'tunnel'],
    ['preview.example.com', proxied('http://preview.example.com'), 'exp://preview.example.com', 'proxy'],
    [
      'preview.example.com:9000',
      proxied('http://Preview.example.com:9000/'),
      'exp://preview.example.com:9000',
      'proxy',
    ],
    ['preview.example.com', proxied('https://preview.example.com'), 'exps://preview.example.com', 'proxy'],
    [
      'preview.example.com:8443',
      proxied('https://preview.example.com:8443'),
      'exps://preview.example.com:8443',
      'proxy',
    ],
    ['127.0.0.1:9000', proxied('http://127.0.0.1:9000'), 'exp://127.0.0.1:9000', 'proxy'],
    ['192.168.1.5:8081', proxied('http://preview.example.com'), 'exp://192.168.1.5:8081', 'lan'],
    ['my-desk.local:8081', {}, 'exp://my-desk.local:8081', 'lan'],
    ['[fd00::5]:8081', {}, 'exp://[fd00::5]:8081', 'lan'],
    ['127.0.0.1:8081', {}, 'exp://127.0.0.1:8081', 'localhost'],
    ['localhost:8081', {}, 'exp://localhost:8081', 'localhost'],
    ['[::1]:8081', {}, 'exp://[::1]:8081', 'localhost'],
    ['0.0.0.0:8081', {}, 'exp://0.0.0.0:8081', 'localhost'],
  ];
  for (const [address, env, url, kind] of cases)
    it(`${address} is of kind ${kind} with ${JSON.stringify(env)}`, async () => {
      const { port } = await startMetro({ address });
      assert.deepEqual(await phoneAddress(port, env), { url, kind });
    });

  it('is no tunnel when it is of this machine, whatever its port', async function () {
    const own = Object.values(os.networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => address)[0];
    if (own === undefined) skipBecause(this, 'this machine has no address but the loopback');
    for (const address of [own, `${own}:80`, os.hostname(), `${os.hostname()}.local`]) {
      const { port } = await startMetro({ address });
      assert.deepEqual(await phoneAddress(port, NO_ENV), { url: `exp://${address}`, kind: 'lan' });
    }
  });

  describe('of an app with a development build', () => {
    const address = '192.168.1.5:8081';
    const ownBuild = `exp+mobile://expo-development-client/?url=${encodeURIComponent(`http://${address}`)}`;
    const expoGo = { url: `exp://${address}`, kind: 'lan' };
    const appWith = (names: readonly string[], name = 'app') => {
      const folder = path.join(newFolder(), name);
      const dependencies = Object.fromEntries(names.map((one) => [one, '*']));
      writeTree(folder, { 'package.json': { name: 'mobile', dependencies } });
      return folder;
    };

    // As Expo's header writes them: encoded, and with a percent sign that is one.
    for (const name of ['app', 'my app', 'büro', '50%'])
      it(`in a folder ${name} is the link that Expo itself would forward to`, async () => {
        const folder = appWith(['expo', 'expo-dev-client'], name);
        const { port } = await startMetro({ address, folder, ownBuild });
        assert.deepEqual(await phoneAddress(port, NO_ENV), { url: ownBuild, kind: 'lan' });
      });

    it('is Expo Go’s where Expo knows no scheme of the build', async () => {
      const { port } = await startMetro({ address, folder: appWith(['expo', 'expo-dev-client']) });
      assert.deepEqual(await phoneAddress(port, NO_ENV), expoGo);
    });

    it('is not asked for without one: Expo would warn in the terminal', async () => {
      const { port, seen } = await startMetro({ address, folder: appWith(['expo']), ownBuild });
      assert.deepEqual(await phoneAddress(port, NO_ENV), expoGo);
      assert.ok(seen.every(({ url }) => url?.includes('expo-dev-client') === false));
    });

    for (const other of ['https://example.com/', 'javascript:alert(1)', '/expo-development-client/'])
      it(`is never ${other}`, async () => {
        const folder = appWith(['expo', 'expo-dev-client']);
        const { port } = await startMetro({ address, folder, ownBuild: other });
        assert.deepEqual(await phoneAddress(port, NO_ENV), expoGo);
      });
  });

  describe('is none', () => {
    const answering = (status: number, body: string) =>
      listen(http.createServer((_request, response) => void response.writeHead(status).end(body)));

    for (const [what, status, body] of [
      ['the page of another server', 200, '<!DOCTYPE html><title>x</title>'],
      ['an error', 500, manifestOf('192.168.1.5:8081')],
      ['a manifest without an address', 200, '{"extra":{"expoClient":{"name":"mobile"}}}'],
      ['a manifest with another kind of address', 200, '{"extra":{"expoClient":{"hostUri":8081}}}'],
      ['JSON of another kind', 200, '[null]'],
      ['null', 200, 'null'],
      ['nothing', 200, ''],
      ['a path for an address', 200, manifestOf('example.com:80/../x')],
      ['markup for an address', 200, manifestOf('"><script>')],
      ['a user in the address', 200, manifestOf('user@example.com:80')],
      ['more than 1 MB', 200, manifestOf('192.168.1.5:8081') + ' '.repeat(1024 * 1024)],
    ] as const)
      it(`when the answer is ${what}`, async () => {
        assert.equal(await phoneAddress(await answering(status, body), NO_ENV), undefined);
      });

    for (const location of ['https://example.com/', 'exp://', 'exp://a/../b', 'exp://a b', 'javascript:alert(1)'])
      it(`when everybody is sent to ${location}`, async () => {
        const server = http.createServer((_request, response) => void response.writeHead(307, { location }).end());
        assert.equal(await phoneAddress(await listen(server), NO_ENV), undefined);
      });

    it('when nobody listens', async () => {
      const server = net.createServer();
      const port = await listen(server);
      server.close();
      await once(server, 'close');
      assert.equal(await phoneAddress(port, NO_ENV), undefined);
    });

    it('when what answers speaks no HTTP', async () => {
      const port = await listen(net.createServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
      assert.equal(await phoneAddress(port, NO_ENV), undefined);
    });

    it('when no answer comes in time', async () => {
      assert.equal(await phoneAddress(await listen(net.createServer()), NO_ENV, 50), undefined);
    });

    it('when the answer begins in time and does not end', async () => {
      const server = http.createServer((_request, response) => void response.write(manifestOf('192.168.1.5:8081')));
      assert.equal(await phoneAddress(await listen(server), NO_ENV, 50), undefined);
    });

    it('when the connection is lost within the answer', async () => {
      const server = http.createServer((request, response) => {
        response.writeHead(200, { 'content-length': 10_000 });
        response.write(manifestOf('192.168.1.5:8081'), () => request.socket.destroy());
      });
      assert.equal(await phoneAddress(await listen(server), NO_ENV), undefined);
    });
  });
});

describe('the sentence about it', () => {
  const kinds: readonly PhoneConnection[] = ['tunnel', 'proxy', 'lan', 'localhost'];
  for (const kind of kinds)
    it(`says why it is of kind ${kind}`, () => {
      const sentence = phoneSentence({ url: 'exp://x:1', kind });
      assert.match(sentence, /^[A-Z].*\.$/);
      assert.doesNotMatch(sentence, /undefined| {2}|development build/);
      for (const other of kinds)
        if (other !== kind) assert.notEqual(sentence, phoneSentence({ url: 'exp://x:1', kind: other }));
    });

  it('names the setting that helps where a phone may not get through', () => {
    for (const kind of ['lan', 'localhost'] as const)
      assert.match(phoneSentence({ url: 'exp://x:1', kind }), /`cheatcode\.mobile\.connection` to `tunnel`/);
  });

  it('says which app it opens where that is not Expo Go', () => {
    const url = 'exp+mobile://expo-development-client/?url=x';
    assert.match(phoneSentence({ url, kind: 'lan' }), /own development build, not Expo Go\.$/);
    assert.doesNotMatch(phoneSentence({ url: 'exps://x:443', kind: 'proxy' }), /development build/);
  });
});

describe('the web build of an Expo app', () => {
  const appWith = (dependencies: Readonly<Record<string, string>>, others: Readonly<Record<string, unknown>> = {}) => {
    const folder = newFolder();
    writeTree(folder, { 'package.json': { name: 'mobile', dependencies, ...others } });
    return folder;
  };
  const web = { 'react-native-web': '^0.21.0', 'react-dom': '19.1.0' };
  const cases: readonly (readonly [
    title: string,
    dependencies: Readonly<Record<string, string>>,
    expected: boolean,
  ])[] = [
    ['SDK 54 with the packages for the web', { expo: '~54.0.0', ...web }, true],
    ['SDK 58 with the packages for the web', { expo: '58.0.0', ...web }, true],
    ['an SDK that is not told by a number', { expo: 'latest', ...web }, true],
    ['SDK 49 with the packages for the web', { expo: '^49.0.0', ...web }, true],
    ['no packages for the web', { expo: '~54.0.0' }, false],
    ['React DOM alone', { expo: '~54.0.0', 'react-dom': '19.1.0' }, false],
    ['React Native for the web alone', { expo: '~54.0.0', 'react-native-web': '*' }, false],
    ['SDK 53 without Metro’s run time', { expo: '~53.0.0', ...web }, false],
    ['SDK 53 with Metro’s run time', { expo: '~53.0.0', ...web, '@expo/metro-runtime': '*' }, true],
    ['SDK 50 with Expo Router, which brings it', { expo: '~50.0.0', ...web, 'expo-router': '*' }, true],
    ['webpack, which serves it elsewhere', { expo: '~49.0.0', ...web, '@expo/webpack-config': '*' }, false],
  ];
  for (const [title, dependencies, expected] of cases)
    it(`${expected ? 'is there' : 'is not there'} with ${title}`, async () => {
      assert.equal(await hasWebBuild(appWith(dependencies)), expected);
    });

  it('is there with packages that are development dependencies', async () => {
    assert.equal(await hasWebBuild(appWith({ expo: '~54.0.0' }, { devDependencies: web })), true);
  });

  it('is not there where app.json names other platforms only', async () => {
    const appJsons: readonly (readonly [content: unknown, expected: boolean])[] = [
      [{ expo: { platforms: ['ios', 'android'] } }, false],
      [{ expo: { platforms: ['ios', 'android', 'web'] } }, true],
      [{ expo: { platforms: [] } }, true],
      [{ expo: { platforms: 'ios' } }, true],
      [{ expo: {} }, true],
      [null, true],
      ['{ // no JSON', true],
    ];
    for (const [content, expected] of appJsons) {
      const folder = appWith({ expo: '~54.0.0', ...web });
      writeTree(folder, { 'app.json': typeof content === 'string' ? content : JSON.stringify(content) });
      assert.equal(await hasWebBuild(folder), expected, JSON.stringify(content));
    }
  });

  it('is not there without a package.json, or with a broken one', async () => {
    const folder = newFolder();
    assert.equal(await hasWebBuild(folder), false);
    writeTree(folder, { 'package.json': '{' });
    assert.equal(await hasWebBuild(folder), false);
  });
});
