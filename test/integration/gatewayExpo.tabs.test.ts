import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { copyExpoWeb, startExpoWeb } from '../hosts/expoWeb.mjs';
import { checks } from './support/gatewayChecks';
import { Preview } from './support/gatewayPreview';
import { GatewayStage } from './support/gatewayStage';
import { keepFailure } from './support/failurePicture';
import { eventually } from './support/workbench';

/** Of the checks that Next.js apps go through, those that a web build without a server of its own can pass. */
const shared = {
  both: [
    'is hydrated, and clicks count',
    'keeps its state over an edit',
    'navigates softly, and back',
    'navigates hard, and back',
    'goes back over soft and hard steps in turn, and forward again',
  ],
  panel: [
    'tells the panel that it is hydrated, and that its hot reload is connected',
    'goes where the panel sends it, and loads anew when the panel says so',
  ],
  tab: ['opens another tab at an address that lives on its own'],
} as const;
const ways = { panel: 'in a panel', tab: 'in a tab of its own, through the path proxy' } as const;

describe('the preview gateway, with the web build of an Expo app', function () {
  this.timeout(180_000);
  let stage: GatewayStage;
  let folder: string;
  let server: Awaited<ReturnType<typeof startExpoWeb>>;
  let gatewayPort: number;
  before(async () => {
    stage = await GatewayStage.open('gatewayExpo');
    folder = await copyExpoWeb(path.join(stage.folder, 'cheatcode-mobile'));
    const temporary = path.join(stage.folder, 'expo');
    await mkdir(temporary);
    // Metro keeps what it has compiled in the folder for temporary files.
    server = await startExpoWeb(folder, { TMPDIR: temporary });
    gatewayPort = await stage.gateway.serve('expo', server.port);
  });
  after(async () => {
    await server?.stop();
    await stage?.close();
  });

  for (const way of ['tab', 'panel'] as const)
    describe(ways[way], () => {
      let preview: Preview;
      before(async () => {
        preview = await Preview.create(stage, { way, gatewayPort });
      });
      after(() => preview.close());
      afterEach(async function () {
        if (this.currentTest?.state !== 'failed') return;
        await keepFailure(`gateway-expo-${way}`, preview.page, preview.describe(), server.output());
      });

      for (const title of [...shared.both, ...shared[way]])
        it(title, async () => {
          const check = checks.find((one) => one.title === title);
          assert.ok(check, 'there is no such check');
          await check.run({ preview, row: { way }, folder, upstreamUrl: server.url });
        });

      it('shows an image that Metro serves', async () => {
        await preview.openAlive('/');
        await eventually('the image', () =>
          preview.inApp<boolean>(`document.querySelector('#image img').naturalWidth === 16`),
        );
      });

      // Not with a hash: Expo Router writes the query behind it.
      it('is at its path again after F5', async () => {
        await preview.openAlive('/about?from=f5');
        await preview.mark();
        await preview.page.reload({ waitUntil: 'commit' });
        await eventually('another document', async () => !(await preview.isMarked()));
        await preview.isAlive();
        await preview.isAt('/about?from=f5');
        await preview.says('#location', '/about?from=f5');
      });

      it('gets the source map of its script', async () => {
        await preview.openAlive('/');
        // Metro names its own host in the script; the map is at the same path of the preview.
        const map = await preview.inApp<{ readonly path: string; readonly status: number; readonly sources: number }>(
          `(async () => {
            const text = await (await fetch(document.querySelector('script[src*="platform=web"]').src)).text();
            const { pathname, search } = new URL(/\\/\\/# sourceMappingURL=(\\S+)\\s*$/.exec(text)[1]);
            const answer = await fetch(pathname + search);
            return { path: pathname, status: answer.status, sources: (await answer.json()).sources.length };
          })()`,
        );
        assert.match(map.path, /\.map$/);
        assert.equal(map.status, 200);
        assert.ok(map.sources > 0);
      });

      it('asked for nothing that was not there, nothing of the editor, and threw nothing', () => {
        const { failures, astray, errors } = preview;
        assert.deepEqual({ failures, astray, errors }, { failures: [], astray: [], errors: [] });
      });
    });

  it('is asked as if from localhost: Metro refuses whoever says another origin', async () => {
    const host = 'sandbox.test';
    stage.gateway.send({ type: 'hosts', hosts: [new URL(stage.editor.url).host, host] });
    const origin = `https://${host}`;
    assert.equal(await statusOf(server.port, { origin }), 500);
    assert.equal(await statusOf(gatewayPort, { origin, host }), 200);
  });
});

/** Not by `fetch`, which names the host itself. Its default is the server's own. */
function statusOf(port: number, headers: http.OutgoingHttpHeaders): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: 'localhost', port, path: '/status', headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once('error', reject);
  });
}
