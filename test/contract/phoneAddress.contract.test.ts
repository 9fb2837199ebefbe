import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { phoneAddress } from '../../src/sessions/phoneAddress';
import { inSandbox } from '../hosts/paths.mjs';
import { copyWorkspace, ensureWorkspace } from '../hosts/workspace.mjs';
import { AppServers } from './support/appServers';
import { freePort } from './support/hostRig';
import { waitUntil } from './support/waitUntil';

const SETUP_MS = 240_000;
const EXPO_MS = 120_000;

/**
 * Asks a real Expo. The witness is Expo's own redirect for phones: it forwards to the link that its terminal shows, made by the
 * same code.
 */
describe('the address for a phone, of a real Expo', function () {
  this.timeout(2 * EXPO_MS + 30_000); // One test starts it twice.
  const servers = new AppServers();
  let root: string;
  let folder: string;

  before(async function () {
    this.timeout(SETUP_MS);
    await ensureWorkspace();
    // Not in /tmp: packages are hard links, and those stay within one file system.
    root = await mkdtemp(inSandbox('phone-'));
    await copyWorkspace(path.join(root, 'w'), { only: ['cheatcode-mobile'] });
    folder = path.join(root, 'w', 'cheatcode-mobile');
  });
  afterEach(() => servers.endAll());
  after(() => rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

  /** Starts it, and returns its port once it answers. */
  async function startExpo(connection: string, env: Readonly<Record<string, string>> = {}): Promise<number> {
    const port = await freePort();
    await servers.start(
      'npx',
      ['expo', 'start', '--max-workers', '1', connection, '--port', String(port)],
      folder,
      env,
    );
    await waitUntil(
      'Expo answers',
      async () => (await fetch(`http://localhost:${port}/status`).catch(() => undefined))?.ok,
      EXPO_MS,
    );
    return port;
  }

  const ownLink = async (port: number, choice: 'expo' | 'expo-dev-client') => {
    const url = `http://localhost:${port}/_expo/link?platform=android&choice=${choice}`;
    return (await fetch(url, { redirect: 'manual' })).headers.get('location');
  };

  it('is the one in the local network, though Expo tells an asker of localhost another', async () => {
    const port = await startExpo('--lan');
    const address = await phoneAddress(port, {});
    assert.equal(address?.url, await ownLink(port, 'expo'));
    const own = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
    const host = new URL(address?.url ?? '').hostname;
    const isReachable = own.some(({ internal, address: ip }) => !internal && ip === host);
    assert.equal(address?.kind, isReachable ? 'lan' : 'localhost');

    // What the manifest is asked for where nobody is forwarded: only without a host does it name the same.
    assert.equal(`exp://${await hostUri(port, '')}`, address?.url);
    assert.equal(await hostUri(port, `localhost:${port}`), `127.0.0.1:${port}`);
  });

  it('is of this machine only when Expo was told so', async () => {
    const port = await startExpo('--localhost');
    assert.deepEqual(await phoneAddress(port, {}), { url: await ownLink(port, 'expo'), kind: 'localhost' });
  });

  it('is the proxy’s, in the scheme that means https, and the link of the app’s own build when it has one', async () => {
    const env = { EXPO_PACKAGER_PROXY_URL: 'https://preview.example.com' };
    const port = await startExpo('--lan', env);
    assert.equal(await ownLink(port, 'expo'), 'exp://preview.example.com');
    assert.deepEqual(await phoneAddress(port, env), { url: 'exps://preview.example.com', kind: 'proxy' });
    await servers.endAll();

    await addDevClient(folder);
    const devPort = await startExpo('--lan', env);
    const link = await ownLink(devPort, 'expo-dev-client');
    assert.deepEqual(await phoneAddress(devPort, env), { url: link, kind: 'proxy' });
    assert.match(link ?? '', /^exp\+[\w-]+:\/\/expo-development-client\/\?url=https%3A%2F%2Fpreview\.example\.com$/);
  });
});

/** Of the manifest, asked for by this name. */
async function hostUri(port: number, host: string): Promise<string> {
  const headers = { 'expo-platform': 'ios', accept: 'application/expo+json', host };
  const request = http.get({ host: 'localhost', port, agent: false, setHost: false, headers });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  assert.equal(response.headers['content-type'], 'application/expo+json');
  const { extra } = (await json(response)) as { extra: { expoClient: { hostUri: string } } };
  return extra.expoClient.hostUri;
}

/** What Expo's command line looks at in `expo-dev-client`: the dependency, and the scheme that the package makes of the slug. */
async function addDevClient(folder: string): Promise<void> {
  const file = path.join(folder, 'package.json');
  const packageJson = JSON.parse(await readFile(file, 'utf8')) as { dependencies: Record<string, string> };
  packageJson.dependencies['expo-dev-client'] = '6.0.0';
  await writeFile(file, JSON.stringify(packageJson));
  const dir = path.join(folder, 'node_modules', 'expo-dev-client');
  await mkdir(dir);
  await writeFile(path.join(dir, 'package.json'), '{ "name": "expo-dev-client", "version": "6.0.0" }');
  await writeFile(path.join(dir, 'getDefaultScheme.js'), 'module.exports = ({ slug }) => `exp+${slug}`;\n');
}
