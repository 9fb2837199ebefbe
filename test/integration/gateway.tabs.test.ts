import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { layPreviewSample, startPreviewSample } from '../hosts/previewSamples.mjs';
import { checks } from './support/gatewayChecks';
import { Preview } from './support/gatewayPreview';
import { allRows, byServer, missingPairs, pairwiseRows } from './support/gatewayRows';
import { GatewayStage } from './support/gatewayStage';
import { keepFailure } from './support/failurePicture';

/** `npm run test:full` runs all of it. */
const rows = process.env['CHEATCODE_TEST_FULL'] === '1' ? allRows() : pairwiseRows;

const ways = {
  panel: 'in a panel',
  tab: 'in a tab of its own, through the path proxy',
  localhost: 'in a tab on localhost',
} as const;

describe('the preview gateway, with real apps behind a real code-server', function () {
  this.timeout(180_000);
  let stage: GatewayStage;
  before(async () => {
    stage = await GatewayStage.open('gateway');
  });
  after(() => stage.close());

  it('has a subset of tests with every pair of version, router, bundler, base path and way', () => {
    assert.deepEqual(missingPairs(pairwiseRows), []);
    console.log(`      now ${rows.length} of ${allRows().length} combinations`);
  });

  let number = 0;
  for (const [name, ofServer] of byServer(rows)) {
    const [sample] = ofServer;
    if (!sample) continue;
    const id = `sample-${++number}`;
    describe(name, () => {
      let folder: string;
      let gatewayPort: number;
      let server: Awaited<ReturnType<typeof startPreviewSample>>;
      before(async () => {
        folder = await layPreviewSample(path.join(stage.folder, id), sample);
        server = await startPreviewSample(folder, sample);
        gatewayPort = await stage.gateway.serve(id, server.port);
      });
      after(async () => {
        stage.gateway.send({ type: 'close', id });
        // What failed to start must not hide why, nor keep the other rows from running.
        await server?.stop();
        // All rows together would need many gigabytes.
        await rm(path.join(stage.folder, id), { recursive: true, force: true });
      });

      if (number === 1)
        it('is dead behind the path proxy without a gateway, which is what all this is for', async () => {
          const page = await stage.browser.newPage();
          try {
            const missed = page.waitForResponse(
              (response) => response.status() >= 400 && response.url().includes('/_next/static/'),
            );
            await page.goto(`${stage.editor.url}/proxy/${server.port}/`, { waitUntil: 'load', timeout: 120_000 });
            await missed;
            assert.equal(await page.locator('#counter').getAttribute('data-alive'), 'false');
          } finally {
            await page.close();
          }
        });

      for (const row of ofServer)
        describe(ways[row.way], () => {
          let preview: Preview;
          let beganMs: number;
          before(async () => {
            beganMs = performance.now();
            preview = await Preview.create(stage, { way: row.way, gatewayPort, basePath: row.basePath });
          });
          after(async () => {
            await preview?.close();
            console.log(`          ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
          });
          afterEach(async function () {
            if (this.currentTest?.state !== 'failed') return;
            await keepFailure(`gateway-${id}-${row.way}`, preview.page, preview.describe(), server.output());
          });

          for (const check of checks.filter(({ isFor }) => isFor === undefined || isFor(row)))
            it(check.title, async () => {
              const upstreamUrl = `http://localhost:${server.port}${row.basePath}`;
              await check.run({ preview, row, folder, upstreamUrl });
            });
        });
    });
  }
});
