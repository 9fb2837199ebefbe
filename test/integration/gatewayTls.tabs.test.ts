import assert from 'node:assert/strict';
import path from 'node:path';
import type { Browser, FrameLocator } from 'playwright-core';
import { launchChromium, launchChromiumProfile } from '../hosts/chromium.mjs';
import { layPreviewSample, startPreviewSample } from '../hosts/previewSamples.mjs';
import { checks } from './support/gatewayChecks';
import { Preview } from './support/gatewayPreview';
import { GatewayStage } from './support/gatewayStage';
import { keepFailure } from './support/failurePicture';
import { tlsFlags, TlsFront } from './support/gatewayTls';
import { eventually } from './support/workbench';

const sample = { version: '16.4', router: 'app', bundler: 'turbopack', basePath: '' } as const;

/** What TLS and a base path could break. */
const titles = [
  'is hydrated, and clicks count',
  'keeps its state over an edit',
  'navigates softly, and back',
  'navigates hard, and back',
  'is at its path again after F5',
  'posts a form, and follows the redirect that answers it',
  'runs a server action',
  'keeps the cookies that the server and the page set',
  'opens another tab at an address that lives on its own',
  'asked for nothing that was not there, nothing of the editor, and threw nothing',
];

describe('the preview gateway, behind a proxy with TLS that has code-server under a base path', function () {
  this.timeout(180_000);
  let stage: GatewayStage;
  let front: TlsFront;
  let browser: Browser;
  let folder: string;
  let server: Awaited<ReturnType<typeof startPreviewSample>>;
  let gatewayPort: number;
  let preview: Preview;
  before(async () => {
    [stage, browser] = await Promise.all([GatewayStage.open('gatewayTls'), launchChromium({ args: [...tlsFlags] })]);
    folder = await layPreviewSample(path.join(stage.folder, 'app'), sample);
    [front, server] = await Promise.all([
      TlsFront.open(stage.folder, stage.editor.url),
      startPreviewSample(folder, sample),
    ]);
    stage.gateway.send({ type: 'hosts', hosts: [front.host, front.subdomainHost] });
    gatewayPort = await stage.gateway.serve('tls', server.port);
    front.gatewayPort = gatewayPort;
    preview = await Preview.create({ editor: front, panel: stage.panel, browser }, { way: 'tab', gatewayPort });
  });
  after(async () => {
    await browser?.close();
    await front?.close();
    await server?.stop();
    await stage?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed' || preview === undefined) return;
    await keepFailure('gateway-tls', preview.page, preview.describe(), server.output());
  });

  for (const title of titles)
    it(title, async () => {
      const check = checks.find((one) => one.title === title);
      assert.ok(check, 'there is no such check');
      await check.run({ preview, row: { way: 'tab' }, folder, upstreamUrl: server.url });
    });

  /** A page whose server says that it has no cookie, until a form sets one. */
  const keepsCookie = async (app: FrameLocator) => {
    const says = (text: string) =>
      eventually(`a cookie that says ${text}`, async () => {
        const now = await app.locator('#seen').innerText({ timeout: 5000 });
        if (now === text) return true;
        throw new Error(`it says ${now}`);
      });
    await says('none');
    await app.locator('#set').click();
    await says('yes');
  };

  it('lives in a page of another site, and keeps its cookies', async () => {
    // Tests have private windows otherwise, which run no service workers there.
    const context = await launchChromiumProfile(path.join(stage.folder, 'profile'), { args: [...tlsFlags] });
    try {
      const page = await context.newPage();
      await page.goto(front.framedBySomebody(preview.address('/cookie')), { waitUntil: 'commit' });
      await keepsCookie(page.frameLocator('iframe').frameLocator('iframe'));
    } finally {
      await context.close();
    }
  });

  it('keeps them for that page alone without a path proxy, even where the cookies of other sites are blocked', async () => {
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      const address = `https://${front.subdomainHost}/cookie`;
      await page.goto(front.framedBySomebody(address), { waitUntil: 'commit' });
      await keepsCookie(page.frameLocator('iframe'));
      const cookies = (await context.cookies()).filter(({ name }) => name === 'sample');
      assert.deepEqual(
        cookies.map(({ sameSite, secure, partitionKey }) => ({ sameSite, secure, partitionKey })),
        [{ sameSite: 'None', secure: true, partitionKey: 'https://other.test' }],
      );
    } finally {
      await context.close();
    }
  });

  it('says what helps in a private window, in a page of another site', async () => {
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      await page.goto(front.framedBySomebody(preview.address('/')), { waitUntil: 'commit' });
      const alert = page.frameLocator('iframe').getByRole('alert');
      await alert.waitFor();
      assert.match(await alert.innerText(), /Private windows/);
    } finally {
      await context.close();
    }
  });
});
