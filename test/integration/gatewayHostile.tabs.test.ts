import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { GATEWAY_HEADER, GATEWAY_PATH } from '../../src/sessions/gatewayProtocol';
import { HostileServer } from './support/gatewayHostile';
import { Preview } from './support/gatewayPreview';
import type { Way } from './support/gatewayRows';
import { upstreamAt } from './support/gatewayProcess';
import { GatewayStage } from './support/gatewayStage';
import { eventually } from './support/workbench';

const MB = 1024 * 1024;

describe('hostile pages behind the preview gateway', function () {
  this.timeout(120_000);
  let stage: GatewayStage;
  let server: HostileServer;
  let gatewayPort: number;
  before(async () => {
    stage = await GatewayStage.open('gatewayHostile');
    server = await HostileServer.open();
    gatewayPort = await stage.gateway.serve('hostile', server.port);
  });
  after(async () => {
    await stage.close();
    await server.close();
  });

  /** Runs `look` in a browser profile of its own; afterwards the next page must still live. */
  const inPreview = async (way: Way, look: (preview: Preview) => Promise<void>) => {
    const preview = await Preview.create(stage, { way, gatewayPort });
    try {
      await look(preview);
      await preview.open('/plain');
      await preview.says('h1', 'plain');
      await has(preview, 'alive', 'true');
      await preview.isAt('/plain');
    } catch (error) {
      throw new Error(`${String(error)}\n${preview.describe()}`, { cause: error });
    } finally {
      await preview.close();
    }
  };

  /** Waits until the body, or the whole document, has this in its data. */
  const has = (preview: Preview, name: string, value: string | RegExp) =>
    eventually(
      `data-${name}`,
      async () => {
        const found = await preview.app
          .locator(`[data-${name}]`)
          .first()
          .getAttribute(`data-${name}`, { timeout: 5000 });
        if (typeof value === 'string' ? found === value : value.test(found ?? '')) return true;
        throw new Error(`it is ${found}`);
      },
      30_000,
    );

  for (const [page, title] of [
    ['/top', 'sends the top window away'],
    ['/framebust', 'breaks out of its frames'],
  ] as const) {
    for (const way of ['panel', 'tab'] as const)
      it(`fault 44: a page that ${title} can't do so in a ${way}`, () =>
        inPreview(way, async (preview) => {
          await preview.open(page);
          await has(preview, 'refused', 'SecurityError');
          assert.match(new URL(preview.page.url()).pathname, way === 'panel' ? /\/panel$/ : /\/__cheatcode\/$/);
        }));
  }

  it("fault 44: a page whose policy is default-src 'none' is seen, speaks to the panel, and runs no script of its own", () =>
    inPreview('panel', async (preview) => {
      await preview.open('/csp-none');
      await preview.says('h1', 'csp-none');
      await preview.isAt('/csp-none');
      assert.equal(await preview.app.locator('[data-inline]').count(), 0);
    }));

  it('fault 44: a page whose policy wants a nonce runs the scripts that have it, and no others', () =>
    inPreview('panel', async (preview) => {
      await preview.open('/csp-nonce');
      await has(preview, 'nonce', 'ran');
      await preview.isAt('/csp-nonce');
      assert.equal(await preview.app.locator('[data-inline]').count(), 0);
    }));

  it('fault 44: a page that may not be framed is seen in the preview', () =>
    inPreview('panel', async (preview) => {
      await preview.open('/denied');
      await preview.says('h1', 'denied');
    }));

  it("fault 44: a page's own service worker takes over neither the editor nor the preview", () =>
    inPreview('tab', async (preview) => {
      await preview.open('/worker');
      await has(preview, 'worker', /registered|refused/);
      const scopes = await preview.page.evaluate<readonly string[]>(
        'navigator.serviceWorker.getRegistrations().then((all) => all.map(({ scope }) => new URL(scope).pathname))',
      );
      assert.deepEqual(scopes, [`${preview.prefix}/`]);
    }));

  it("fault 44: on localhost a page's own service worker is its own affair", () =>
    inPreview('localhost', async (preview) => {
      await preview.open('/worker');
      await has(preview, 'worker', 'registered');
      // What it answers now is its own doing; it must be free to go, too.
      await preview.page.evaluate(
        'navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((one) => one.unregister())))',
      );
    }));

  it('fault 44: 50 MB come whole through the service worker, and the gateway keeps none of it', () =>
    inPreview('tab', async (preview) => {
      await preview.open('/huge');
      await preview.says('#bytes', String(50 * MB), 60_000);
      assert.ok((await peakBytes(stage.gateway.pid)) < 160 * MB, 'the gateway has grown');
    }));

  it('fault 44: a client that does not read makes the server wait, and one that leaves ends its request', async () => {
    const [written, abandoned] = [server.bytesWritten, server.abandoned];
    const request = http.get(`http://127.0.0.1:${gatewayPort}/bytes?count=${500 * MB}`, { agent: false });
    const response = await new Promise<http.IncomingMessage>((resolve, reject) =>
      request.once('response', resolve).once('error', reject),
    );
    let [before, quiet] = [-1, 0];
    // A second without a byte more: it waits.
    await eventually('the server to wait', () => {
      quiet = server.bytesWritten === before ? quiet + 1 : 0;
      before = server.bytesWritten;
      return quiet >= 20;
    });
    assert.ok(before - written < 30 * MB, `${before - written} bytes were taken from the server`);
    response.destroy();
    await eventually('the end of the request', () => server.abandoned > abandoned, 10_000);
  });

  it('fault 44: a page that never ends is seen as far as it came', () =>
    inPreview('tab', async (preview) => {
      await preview.open('/slow');
      await preview.says('#first', 'first');
      assert.equal(await preview.app.locator('#second').count(), 0);
      server.releaseSlow();
      await preview.says('#second', 'second');
    }));

  it('fault 44: an endless redirect ends, and the preview goes on', () =>
    inPreview('tab', async (preview) => {
      let asked = 0;
      preview.context.on('request', (request) => (asked += request.url().endsWith('/loop') ? 1 : 0));
      const failed = new Promise<void>((resolve) =>
        preview.context.on('requestfailed', (request) => {
          if (request.url().endsWith('/loop')) resolve();
        }),
      );
      await preview.open('/loop');
      await failed;
      assert.ok(asked < 100, `${asked} requests`);
    }));

  it('fault 44: headers beyond all measure, from either side, end their request alone', async () => {
    const fromServer = await statusOf('/huge-header');
    assert.ok(fromServer >= 500, `status ${fromServer}`);
    const fromClient = await statusOf('/plain', { 'x-huge': 'x'.repeat(512 * 1024) });
    assert.ok(fromClient === 431 || fromClient === 0, `status ${fromClient}`);
    assert.equal(await statusOf('/plain'), 200);
  });

  it('fault 44: a connection that the server cuts is an answer, and the next one is fine', async () => {
    assert.ok((await statusOf('/reset')) >= 500);
    assert.equal(await statusOf('/plain'), 200);
  });

  it('fault 44: a page without doctype and head is what it is without us, and speaks to the panel', () =>
    inPreview('panel', async (preview) => {
      await preview.open('/headless');
      await has(preview, 'mode', 'BackCompat');
      await preview.isAt('/headless');
      await preview.says('b', 'at its end');
    }));

  it('fault 44: tags in comments and scripts of a page are not taken for its head', () =>
    inPreview('panel', async (preview) => {
      await preview.open('/commented');
      await has(preview, 'mode', 'CSS1Compat');
      await preview.isAt('/commented');
    }));

  it('fault 44: a foreign Host header is refused, with and without a path that is ours', async () => {
    for (const path of ['/plain', GATEWAY_PATH]) {
      const status = await statusOf(path, { host: 'evil.example:80' });
      assert.ok([400, 403, 421].includes(status), `status ${status}`);
    }
    assert.equal(await statusOf('/plain', { host: new URL(stage.editor.url).host }), 200);
  });

  it('fault 44: it is no open proxy: an address of another host as the path reaches the one server alone', async () => {
    const other = await HostileServer.open();
    try {
      const status = await statusOf(`http://127.0.0.1:${other.port}/bytes?count=1000`);
      assert.equal(other.bytesWritten, 0);
      assert.ok(status > 0);
    } finally {
      await other.close();
    }
  });

  it('fault 44: where its port is taken it serves at another one', async () => {
    const blocker = await HostileServer.open();
    try {
      const port = await stage.gateway.serve('elsewhere', server.port, blocker.port);
      assert.notEqual(port, blocker.port);
      assert.equal((await fetch(`http://localhost:${port}/plain`)).headers.get(GATEWAY_HEADER), 'elsewhere');
    } finally {
      stage.gateway.send({ type: 'close', id: 'elsewhere' });
      await blocker.close();
    }
  });

  it('fault 44: a page comes by itself when its server has come back', async () => {
    const first = await HostileServer.open();
    const { port } = first;
    const restarted = await stage.gateway.serve('restarted', port);
    const preview = await Preview.create(stage, { way: 'tab', gatewayPort: restarted });
    let second: HostileServer | undefined;
    try {
      await first.close();
      stage.gateway.send({ type: 'upstream', id: 'restarted', upstream: upstreamAt(undefined) });
      await preview.open('/plain');
      await eventually('the waiting page', async () =>
        (await preview.app.locator('body').innerText({ timeout: 5000 })).includes('The dev server is starting.'),
      );
      second = await HostileServer.open(port);
      stage.gateway.send({ type: 'upstream', id: 'restarted', upstream: upstreamAt(port) });
      await preview.says('h1', 'plain');
      await preview.isAt('/plain');
    } finally {
      await preview.close();
      await second?.close();
      stage.gateway.send({ type: 'close', id: 'restarted' });
    }
  });

  it('fault 44: a service worker removes itself when its port serves another app', async () => {
    const port = await stage.gateway.serve('before', server.port);
    const preview = await Preview.create(stage, { way: 'tab', gatewayPort: port });
    try {
      await preview.open('/plain');
      await preview.says('h1', 'plain');
      stage.gateway.send({ type: 'close', id: 'before' });
      await eventually('the port to be free', async () => (await statusOf('/', {}, port)) === 0);
      assert.equal(await stage.gateway.serve('after', server.port, port), port);
      await preview.open('/denied');
      await preview.says('h1', 'denied');
      const scripts = await eventually('one worker, of the other app', () =>
        preview.page.evaluate<readonly string[]>(
          `navigator.serviceWorker.getRegistrations().then((all) => {
            const scripts = all.map(({ active }) => active?.scriptURL ?? '');
            return scripts.every((url) => url.includes('after')) && scripts.length > 0 ? scripts : undefined;
          })`,
        ),
      );
      assert.equal(scripts.length, 1);
    } finally {
      await preview.close();
      stage.gateway.send({ type: 'close', id: 'after' });
    }
  });

  it('fault 44: a service worker removes itself when there is no gateway any more', async () => {
    const port = await stage.gateway.serve('gone', server.port);
    const preview = await Preview.create(stage, { way: 'tab', gatewayPort: port });
    try {
      await preview.open('/plain');
      await preview.says('h1', 'plain');
      stage.gateway.send({ type: 'close', id: 'gone' });
      await eventually('the port to be free', async () => (await statusOf('/', {}, port)) === 0);
      await preview.page.goto(`${stage.editor.url}/proxy/${port}/`, { waitUntil: 'commit' });
      // The page is an error of the editor's proxy: what is still registered is asked from another page of the editor.
      await preview.page.goto(`${stage.editor.url}/healthz`);
      await eventually('no worker of a gateway', () =>
        preview.page.evaluate<boolean>(
          `navigator.serviceWorker.getRegistrations().then((all) => !all.some(({ scope }) => scope.includes('/proxy/${port}/')))`,
        ),
      );
    } finally {
      await preview.close();
    }
  });

  it('the gateway ends with the process that has started it, and has complained of nothing', async () => {
    stage.gateway.hangUp();
    await eventually('its end', () => stage.gateway.hasEnded, 10_000);
    assert.equal(stage.gateway.errors, '');
    assert.deepEqual(
      stage.gateway.messages.filter((message) => message.type === 'log' && message.level === 'error'),
      [],
    );
  });

  /** The status of a request to the gateway; 0 when it is cut off or refused. */
  function statusOf(path: string, headers: http.OutgoingHttpHeaders = {}, port = gatewayPort): Promise<number> {
    return new Promise((resolve) => {
      http
        .get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
        .on('error', () => resolve(0));
    });
  }
});

/** The most memory that a process has had. */
async function peakBytes(pid: number): Promise<number> {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) * 1024;
}
