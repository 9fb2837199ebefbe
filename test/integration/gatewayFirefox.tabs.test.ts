import assert from 'node:assert/strict';
import path from 'node:path';
import type { Browser } from 'puppeteer-core';
import { launchFirefox } from '../hosts/firefox.mjs';
import { layPreviewSample, startPreviewSample } from '../hosts/previewSamples.mjs';
import { EditedFile } from './support/edits';
import { FirefoxPreview } from './support/gatewayFirefox';
import { GatewayStage } from './support/gatewayStage';
import { keepFailure } from './support/failurePicture';
import { eventually } from './support/workbench';

const sample = { version: '16.4', router: 'app', bundler: 'turbopack', basePath: '' } as const;

describe('the preview gateway in Firefox, in a tab through the path proxy', function () {
  this.timeout(180_000);
  let stage: GatewayStage;
  let firefox: Browser;
  let folder: string;
  let server: Awaited<ReturnType<typeof startPreviewSample>>;
  let preview: FirefoxPreview;
  before(async () => {
    stage = await GatewayStage.open('gatewayFirefox');
    firefox = await launchFirefox(path.join(stage.folder, 'firefox'));
    folder = await layPreviewSample(path.join(stage.folder, 'app'), sample);
    server = await startPreviewSample(folder, sample);
    const gatewayPort = await stage.gateway.serve('firefox', server.port);
    preview = await FirefoxPreview.create(firefox, stage.editor.url, gatewayPort);
  });
  after(async () => {
    await firefox?.close();
    await server?.stop();
    await stage?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed' || preview === undefined) return;
    await keepFailure('gateway-firefox', preview.page, preview.describe(), server.output());
  });

  it('is hydrated, and clicks count', async () => {
    await preview.open('/');
    // After that some versions load the page once more by themselves, and what was clicked before is forgotten.
    await eventually('a click to count', async () => {
      await preview.click('#counter');
      return Number(await preview.inApp(`document.querySelector('#counter').innerText`)) > 0;
    });
    await preview.isAt('/');
  });

  it('keeps its state over an edit', async () => {
    const edited = await EditedFile.at(path.join(folder, 'components', 'Edited.js'));
    await preview.open('/');
    try {
      await edited.untilShown(async () => String(await preview.inApp(`document.querySelector('#edited')?.innerText`)));
      await preview.click('#counter');
      await preview.click('#counter');
      await preview.says('#counter', '2');
      await preview.mark();
      await edited.say('after');
      await preview.says('#edited', 'after');
      await preview.says('#counter', '2');
      assert.ok(await preview.isMarked(), 'the document was loaded anew');
    } finally {
      await edited.restore();
    }
    await preview.says('#edited', 'before');
  });

  it('navigates softly, and back', async () => {
    await preview.open('/');
    await preview.mark();
    await preview.click('#soft');
    await preview.isAt('/about?from=soft');
    await preview.says('#pathname', '/about');
    await preview.says('#location', '/about?from=soft');
    await preview.back();
    await preview.isAt('/');
    await preview.says('#home', 'Home');
    assert.ok(await preview.isMarked(), 'the document was loaded anew');
  });

  it('navigates hard, and back', async () => {
    await preview.open('/');
    await preview.mark();
    await preview.click('#hard');
    await preview.isAt('/about?from=hard');
    await preview.isAlive();
    assert.ok(!(await preview.isMarked()), 'the document was not loaded anew');
    await preview.says('#location', '/about?from=hard');
    await preview.back();
    await preview.isAt('/');
    await preview.says('#home', 'Home');
    await preview.isAlive();
  });

  it('is at its path again after F5 on a subpage', async () => {
    await preview.open('/about?from=f5#part');
    await preview.isAt('/about?from=f5#part');
    await preview.mark();
    await preview.page.reload();
    await eventually('another document', async () => !(await preview.isMarked()));
    await preview.isAlive();
    await preview.isAt('/about?from=f5#part');
    await preview.says('#location', '/about?from=f5#part');
  });

  it('runs a server action, and posts a form', async () => {
    await preview.open('/form');
    await preview.fill('#action [name=name]', 'Grace');
    await preview.click('#action button');
    await preview.isAt('/done?name=Grace');
    await preview.says('#name', 'Grace');
    await preview.open('/form');
    await preview.fill('#plain [name=name]', 'Ada');
    await preview.click('#plain button');
    await preview.isAt('/done?name=Ada');
    await preview.says('#name', 'Ada');
  });

  it('asked for nothing that was not there, and threw nothing', () => {
    const { failures, errors } = preview;
    assert.deepEqual({ failures, errors }, { failures: [], errors: [] });
  });
});
