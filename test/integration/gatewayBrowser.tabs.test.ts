import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { FrameLocator, Page } from 'playwright-core';
import { GATEWAY_PATH } from '../../src/sessions/gatewayProtocol';
import { launchChromium } from '../hosts/chromium.mjs';
import { PlainApp } from './support/gatewayPlainApp';
import { Preview } from './support/gatewayPreview';
import { GatewayStage } from './support/gatewayStage';
import { eventually } from './support/workbench';

describe('the scripts of the preview gateway, behind the path proxy of a real code-server', () => {
  let stage: GatewayStage;
  let plain: PlainApp;
  let port: number;
  let preview: Preview;
  before(async () => {
    [stage, plain] = await Promise.all([GatewayStage.open('gatewayBrowser'), PlainApp.open('plain')]);
    port = await stage.gateway.serve('plain', plain.port);
  });
  after(() => Promise.all([stage.close(), plain.close()]));
  beforeEach(async () => {
    preview = await Preview.create(stage, { way: 'tab', gatewayPort: port });
    plain.seen.length = 0;
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.log(preview.describe());
    await preview.close();
  });

  const opened = async (path: string) => {
    await preview.open(path);
    await preview.says('h1', 'plain');
  };
  const shows = (url: string) => preview.says('#url', url);

  describe('a page', () => {
    it('reads its own path from the first script on, hash and all, and finds nothing of ours in its head', async () => {
      await opened('/second?a=1#part');
      assert.deepEqual(await preview.inApp('window.first'), { path: '/second?a=1#part', scripts: 1 });
    });

    it('is asked for under the prefix whatever way it asks', async () => {
      await opened('/');
      const echo = await preview.inApp<{ method: string; headers: Record<string, string>; body: string }>(
        `fetch('/echo?fetch', { method: 'POST', headers: { 'next-action': 'x' }, body: 'text' }).then((r) => r.json())`,
      );
      assert.equal(echo.method, 'POST');
      assert.equal(echo.body, 'text');
      assert.equal(echo.headers['next-action'], 'x');
      await preview.inApp(`navigator.sendBeacon('/echo?beacon', 'left')`);
      await preview.inApp(`Object.assign(new Image(), { src: '/echo?image' })`);
      await preview.inApp(
        `document.head.append(Object.assign(document.createElement('script'), { src: '/echo?script' }))`,
      );
      await preview.inApp(
        `document.head.append(Object.assign(document.createElement('script'), { type: 'module', src: '/app-worker.js?m' }))`,
      );
      await preview.inApp(`new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.open('PUT', 'echo?relative');
        request.onload = resolve;
        request.send('put');
      }).then(() => undefined)`);
      for (const url of ['/echo?beacon', '/echo?image', '/echo?script', '/app-worker.js?m', '/echo?relative'])
        await eventually(url, () => plain.askedFor(url).length === 1);
      assert.equal(plain.askedFor('/echo?beacon')[0]?.body, 'left');
      assert.equal(plain.askedFor('/echo?relative')[0]?.body, 'put');
      assert.deepEqual(preview.astray, []);
    });

    it('reads its own path where a redirect led', async () => {
      await opened('/');
      const read = await preview.inApp<unknown>(
        `fetch('/moved').then(({ url, redirected, status }) => ({ path: url.slice(location.origin.length), redirected, status }))`,
      );
      assert.deepEqual(read, { path: '/echo?moved', redirected: true, status: 200 });
    });

    it('has workers, workers of blobs and streams of events', async () => {
      await opened('/');
      const said = (code: string) =>
        preview.inApp<string>(`new Promise((resolve) => { ${code}.onmessage = ({ data }) => resolve(data) })`);
      assert.equal(await said(`new Worker('/worker.js')`), '/echo?worker');
      assert.equal(
        await said(`new Worker(URL.createObjectURL(new Blob(['postMessage("blob")'], { type: 'text/javascript' })))`),
        'blob',
      );
      assert.equal(await said(`new EventSource('/events')`), 'one');
    });

    it('may not register a worker that would control the editor', async () => {
      await opened('/');
      const why = await preview.inApp<string>(
        `navigator.serviceWorker.register('/app-worker.js').then(() => 'registered', (error) => error.name)`,
      );
      assert.equal(why, 'SecurityError');
      assert.deepEqual(plain.askedFor('/app-worker.js'), []);
    });

    it('leads its own frames to the gateway', async () => {
      await opened('/');
      await preview.inApp(`document.body.append(Object.assign(document.createElement('iframe'), { src: '/inner' }))`);
      const inner = (preview.app as FrameLocator).frameLocator('iframe');
      await eventually(
        'the inner page',
        async () => (await inner.locator('#url').innerText({ timeout: 5000 })) === '/inner',
      );
      await preview.isAt('/');
    });

    it('does not take the place of the shell', async () => {
      await opened('/');
      await preview.inApp(`(() => { try { top.location.href = '/second'; } catch {} })()`);
      await preview.click('#top');
      await shows('/second?top');
      assert.ok(new URL(preview.page.url()).pathname.endsWith(GATEWAY_PATH));
    });
  });

  describe('a navigation', () => {
    it('by a link, a script, a form and a reload asks the gateway alone', async () => {
      await opened('/');
      await preview.click('#hard');
      await shows('/second?hard');
      await preview.inApp(`void (location.href = '/?script')`);
      await shows('/?script');
      await preview.click('#getting button');
      await shows('/second?q=x');
      await preview.mark();
      await preview.inApp('location.reload()');
      await eventually('another document', async () => !(await preview.isMarked()));
      await shows('/second?q=x');
      await preview.isAt('/second?q=x');
      await preview.click('#posting button');
      await preview.says('h1', 'Posted a=1&action=2');
      await preview.isAt('/posted');
      assert.deepEqual(preview.astray, []);
    });

    it('by submit() of a script posts the form', async () => {
      await opened('/');
      await preview.inApp(`HTMLFormElement.prototype.submit.call(document.getElementById('posting'))`);
      await preview.says('h1', 'Posted a=1&action=2');
      assert.equal(plain.askedFor('/posted')[0]?.headers['content-type'], 'application/x-www-form-urlencoded');
    });

    it('back over pages that are gone asks the gateway alone', async () => {
      await opened('/');
      await preview.inApp(`history.pushState({ n: 1 }, '', '/second?pushed')`);
      await preview.isAt('/second?pushed');
      await preview.click('#hard');
      await shows('/second?hard');
      await preview.back();
      await shows('/second?pushed');
      assert.deepEqual(await preview.inApp('history.state'), { n: 1 });
      // These two were one document once, and to the browser they still are.
      await preview.mark();
      await preview.back();
      await preview.isAt('/');
      await preview.forward();
      await preview.isAt('/second?pushed');
      assert.ok(await preview.isMarked());
      await preview.forward();
      await shows('/second?hard');
      assert.deepEqual(preview.astray, []);
    });

    it('back to an entry that got lost is led to the gateway', async () => {
      await opened('/');
      await preview.click('#part');
      await preview.isAt('/#part');
      await preview.click('#hard');
      await shows('/second?hard');
      await preview.back();
      await preview.isAt('/#part');
      await preview.back();
      await preview.isAt('/');
      await shows('/');
      await preview.isAt('/');
    });

    it('that becomes a download leaves the page and its address', async () => {
      await opened('/');
      for (const id of ['#download', '#attachment']) {
        const [download] = await Promise.all([preview.page.waitForEvent('download'), preview.click(id)]);
        assert.equal(await readFile(await download.path(), 'utf8'), 'a,b\n');
      }
      await preview.click('h1');
      assert.equal(await preview.inApp('location.pathname'), '/');
      await preview.isAt('/');
    });

    it('to a new tab leads to a shell of its own', async () => {
      await opened('/');
      for (const [code, path] of [
        [`document.getElementById('blank').click()`, '/second?blank'],
        [`void window.open('/second?opened')`, '/second?opened'],
      ] as const) {
        const [page] = await Promise.all([preview.context.waitForEvent('page'), preview.inApp(code)]);
        await page.waitForURL(preview.address(path), { waitUntil: 'commit' });
        await page.frameLocator('iframe').locator('#url', { hasText: path }).waitFor();
        await page.close();
      }
    });

    it('to another site is not shown, and is told with a way back', async () => {
      await opened('/');
      await preview.click('#out');
      await preview.page.getByRole('alert').waitFor();
      await preview.page.getByRole('button', { name: 'Back to the App' }).click();
      await shows('/');
    });

    it('to what is no page is followed by the address', async () => {
      await opened('/');
      await preview.inApp(`void (location.href = '/data.json')`);
      await preview.isAt('/data.json');
      await preview.back();
      await shows('/');
      await preview.isAt('/');
    });
  });

  describe('the address of the tab', () => {
    it('without the shell becomes the shell of the same page', async () => {
      await preview.open('/');
      await preview.page.goto(`${stage.editor.url}${preview.prefix}/second?typed`, { waitUntil: 'commit' });
      await preview.page.waitForURL(preview.address('/second?typed'), { waitUntil: 'commit' });
      await shows('/second?typed');
    });

    it('leads the app when a person changes its hash', async () => {
      await opened('/');
      await preview.page.evaluate(`void (location.hash = '#/second?typed')`);
      await shows('/second?typed');
      await preview.back();
      await shows('/');
    });

    it('lives through a forced reload, which goes past all workers', async () => {
      await opened('/second?forced');
      const session = await preview.context.newCDPSession(preview.page);
      await preview.mark();
      await session.send('Page.reload', { ignoreCache: true });
      await eventually('another document', async () => !(await preview.isMarked()));
      await shows('/second?forced');
      const status = await eventually('an answer to the page', () =>
        preview.inApp<number>(`fetch('/echo').then((r) => r.status)`),
      );
      assert.equal(status, 200);
    });
  });

  describe('the service worker', () => {
    const workers = (page: Page) =>
      page.evaluate<string[]>(
        `navigator.serviceWorker.getRegistrations().then((all) => all.map(({ scope }) => new URL(scope).pathname))`,
      );
    let other: PlainApp;
    let otherPort: number;
    beforeEach(async () => {
      other = await PlainApp.open('other');
      otherPort = await stage.gateway.serve('before', plain.port);
      await preview.close();
      preview = await Preview.create(stage, { way: 'tab', gatewayPort: otherPort });
      await opened('/');
    });
    afterEach(async () => {
      stage.gateway.send({ type: 'close', id: 'before' });
      stage.gateway.send({ type: 'close', id: 'after' });
      await other.close();
    });

    it('has the prefix as its scope, and no other', async () => {
      const scopes = await workers(preview.page);
      assert.ok(scopes.includes(`/proxy/${otherPort}/`), scopes.join(' '));
      assert.ok(!scopes.includes('/'), scopes.join(' '));
    });

    it('removes itself when the gateway is gone, and the shell says so', async () => {
      stage.gateway.send({ type: 'close', id: 'before' });
      await eventually('the port to be free', () =>
        fetch(`http://127.0.0.1:${otherPort}/`).then(
          () => false,
          () => true,
        ),
      );
      await preview.click('#hard');
      await preview.page.getByRole('alert').waitFor();
      assert.ok(!(await workers(preview.page)).includes(`/proxy/${otherPort}/`));
    });

    it('removes itself when the gateway of another app has the port, whose shell then shows that app', async () => {
      stage.gateway.send({ type: 'close', id: 'before' });
      await eventually('the other app at the port', async () => {
        const now = await stage.gateway.serve('after', other.port, otherPort);
        if (now === otherPort) return true;
        stage.gateway.send({ type: 'close', id: 'after' });
        return false;
      });
      await preview.click('#hard');
      await preview.page.getByRole('alert').waitFor();
      await preview.page.getByRole('button').click();
      await preview.says('h1', 'other');
      assert.deepEqual(
        (await workers(preview.page)).filter((scope) => scope === `/proxy/${otherPort}/`),
        [`/proxy/${otherPort}/`],
      );
    });
  });

  it('say what helps where the browser takes the page for insecure', async () => {
    const { port: editorPort } = new URL(stage.editor.url);
    const host = `sandbox.test:${editorPort}`;
    stage.gateway.send({ type: 'hosts', hosts: [new URL(stage.editor.url).host, host] });
    const browser = await launchChromium({ args: ['--host-resolver-rules=MAP sandbox.test 127.0.0.1'] });
    try {
      const page = await browser.newPage();
      await page.goto(`http://${host}/proxy/${port}${GATEWAY_PATH}#/`);
      const alert = page.getByRole('alert');
      await alert.waitFor();
      const text = await alert.innerText();
      assert.match(text, /https/);
      assert.ok(text.includes(`http://${host}`), text);
      assert.equal(await page.locator('iframe').count(), 0);
    } finally {
      await browser.close();
    }
  });
});
