/** The servers that the gateway is measured before. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { layPreviewSample, startPreviewSample } from '../../test/hosts/previewSamples.mjs';
import type { Load } from './load';
import { startListener } from './listener';
import { ASSET_BYTES, SMALL_BYTES } from './sizes';

/** A server that answers. Whoever started it stops it. */
export interface Upstream {
  readonly title: string;
  readonly port: number;
  readonly load: Load;
  readonly stop: () => Promise<void>;
}

/** One that does as little as a server can: what is left is the gateway's own. `folder` is for what it serves. */
export async function plainServer(folder: string): Promise<Upstream> {
  const { port, stop } = await startListener('upstream.program.js', [folder]);
  const load = { small: '/small', page: '/page', asset: '/asset', requests: 300 };
  return { title: 'plain server of Node', port, load, stop };
}

/** What a user has: `next dev` with a page, a small API route and a big file in `public/`. `folder` is made anew. */
export async function nextServer(folder: string): Promise<Upstream> {
  const sample = { version: '16.4', router: 'app', bundler: 'turbopack', basePath: '' } as const;
  await layPreviewSample(folder, sample);
  await mkdir(path.join(folder, 'public'), { recursive: true });
  await writeFile(path.join(folder, 'public', 'asset.bin'), Buffer.alloc(ASSET_BYTES, 'x'));
  await mkdir(path.join(folder, 'app', 'api', 'small'), { recursive: true });
  const route = `export const GET = () => new Response('x'.repeat(${SMALL_BYTES}));\n`;
  await writeFile(path.join(folder, 'app', 'api', 'small', 'route.js'), route);
  const server = await startPreviewSample(folder, sample);
  const load = { small: '/api/small', page: '/about', asset: '/asset.bin', requests: 40 };
  return { title: `Next.js ${sample.version} in dev`, port: server.port, load, stop: () => server.stop() };
}
