import assert from 'node:assert/strict';
import { BrowserAddresses } from '../../src/providers/browserAddresses';
import type { App } from '../../src/sessions/apps';
import { DevServerError } from '../../src/sessions/errors';
import type { Settings } from '../../src/sessions/settings';
import { anApp, aSession } from './samples';

interface World {
  readonly app?: App;
  readonly gateway?: (hosts: readonly string[]) => Promise<{ port: number; id: string } | undefined>;
  /** Of the editor: what becomes of `http://localhost:<port>/`. */
  readonly external?: (url: string) => string;
  readonly settings?: { readonly web?: string; readonly mobile?: string; readonly sandboxId?: string };
}

describe('the addresses that a person gets', () => {
  let asked: (readonly string[])[];
  let externals: string[];
  let opened: string[];
  let integrated: string[];
  let copied: string[];
  let failures: (string | undefined)[];
  let errors: unknown[];
  beforeEach(() => {
    asked = [];
    externals = [];
    opened = [];
    integrated = [];
    copied = [];
    failures = [];
    errors = [];
  });

  const addresses = (world: World = {}): BrowserAddresses => {
    const app = world.app ?? anApp();
    const session = aSession({ appKey: app.key, type: app.type, port: 3000 });
    const { web, mobile, sandboxId } = world.settings ?? {};
    return new BrowserAddresses({
      servers: {
        apps: [app],
        session: () => session,
        gateway: (_app, hosts) => {
          asked.push(hosts);
          return world.gateway ? world.gateway(hosts) : Promise.resolve({ port: 40_123, id: 'id' });
        },
      },
      settings: () => ({ sandboxId, web: { previewUrl: web }, mobile: { previewUrl: mobile } }) as unknown as Settings,
      editor: {
        asExternalUrl: (url) => {
          externals.push(url);
          return Promise.resolve(world.external?.(url) ?? url);
        },
        open: (url) => Promise.resolve(void opened.push(url)),
        openIntegrated: (url) => Promise.resolve(void integrated.push(url)),
        copy: (url) => Promise.resolve(void copied.push(url)),
      },
      onGateway: (_app, failure) => failures.push(failure?.code),
      onError: (error) => errors.push(error),
    });
  };
  const proxied = (url: string) => `https://box.example.com/proxy/${new URL(url).port}/`;

  it('lead through the gateway', async () => {
    assert.equal(await addresses().url(anApp(), '/about'), 'http://localhost:40123/about');
    assert.deepEqual(asked, [[]], 'no host but localhost is needed');
    assert.deepEqual(externals, ['http://localhost:40123/']);
  });

  it('lead to its shell page behind a path proxy, whose host the gateway is told first', async () => {
    assert.equal(
      await addresses({ external: proxied }).url(anApp(), '/about?x=1'),
      'https://box.example.com/proxy/40123/__cheatcode/#/about?x=1',
    );
    assert.deepEqual(asked, [[], ['box.example.com']]);
  });

  it('are opened and copied as they are spelled', async () => {
    const of = addresses({ external: proxied });
    await of.open(anApp(), '/a%2Fb#c');
    await of.openIntegrated(anApp(), '/a%2Fb#c');
    await of.copy(anApp(), '/a%2Fb#c');
    assert.deepEqual(opened, ['https://box.example.com/proxy/40123/__cheatcode/#/a%2Fb#c']);
    assert.deepEqual([integrated, copied], [opened, opened]);
  });

  it('are the server’s own where the host is older than gateways', async () => {
    const of = addresses({ gateway: () => Promise.resolve(undefined), external: proxied });
    assert.equal(await of.url(anApp(), '/about'), 'https://box.example.com/proxy/3000/about');
    assert.deepEqual(externals, ['http://localhost:3000/']);
    assert.deepEqual(errors, []);
  });

  it('are the server’s own where the gateway can not be begun, which is told until it can', async () => {
    let isBroken = true;
    const of = addresses({
      gateway: () =>
        isBroken
          ? Promise.reject(new DevServerError('gatewayFailed', { detail: 'exit code 1' }))
          : Promise.resolve({ port: 40_123, id: 'id' }),
    });
    assert.equal(await of.url(anApp()), 'http://localhost:3000/');
    isBroken = false;
    assert.equal(await of.url(anApp()), 'http://localhost:40123/');
    assert.deepEqual(failures, ['gatewayFailed', undefined]);
  });

  it('are the server’s own, too, when the gateway could not be told of the host or the connection was lost', async () => {
    const lost = new DevServerError('connectionLost');
    const of = addresses({
      gateway: (hosts) => (hosts.length > 0 ? Promise.reject(lost) : Promise.resolve({ port: 40_123, id: 'id' })),
      external: proxied,
    });
    assert.equal(await of.url(anApp()), 'https://box.example.com/proxy/3000/');
    assert.deepEqual(errors, [lost]);
  });

  it('follow the template of the settings, which asks for no gateway', async () => {
    const settings = {
      web: 'https://{{port}}-{{sandboxId}}.example.com',
      mobile: 'https://m{{port}}.example.com',
      sandboxId: 'box1',
    };
    const custom = anApp({ type: 'custom' });
    for (const [app, url] of [
      [anApp({ type: 'web' }), 'https://3000-box1.example.com/x'],
      [custom, 'https://3000-box1.example.com/x'],
      [anApp({ type: 'mobile' }), 'https://m3000.example.com/x'],
    ] as const)
      assert.equal(await addresses({ app, settings }).url(app, '/x'), url);
    assert.deepEqual([asked, externals], [[], []]);
  });
});
