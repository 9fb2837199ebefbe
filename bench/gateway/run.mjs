// The gateway against the server behind it, asked directly: latency, throughput, many at once.
// usage: npm run bench:gateway -- [--rounds N] [--keep]   (--keep writes bench/gateway/result.md, all but its conclusion)
import { build } from 'esbuild';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { product } from '../../esbuild.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, keep: { type: 'boolean', default: false } },
});
const folder = await mkdtemp(path.join(os.tmpdir(), 'cheatcode-bench-'));
try {
  const gateway = product.find(({ entryPoints }) => 'gateway' in Object(entryPoints));
  if (!gateway) throw new Error('esbuild.mjs builds no gateway');
  await Promise.all([
    // As it is shipped.
    build({ ...gateway, minify: true, sourcemap: false, outdir: folder }),
    build({
      entryPoints: ['bench.ts', 'upstream.program.ts'].map((name) => path.join(here, name)),
      outdir: folder,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      external: ['playwright-core'],
      define: { 'import.meta.url': '__importMetaUrl' },
      // Modules that look for the repository must find it from here, not from the folder of the bundle.
      banner: { js: `const __importMetaUrl = ${JSON.stringify(import.meta.url)};` },
      logLevel: 'warning',
    }),
  ]);
  /** @type {import('./bench')} */
  const { bench } = createRequire(import.meta.url)(path.join(folder, 'bench.js'));
  const text = await bench({
    gatewayFile: path.join(folder, 'gateway.js'),
    upstreamFile: path.join(folder, 'upstream.program.js'),
    appFolder: path.join(folder, 'app'),
    rounds: Number(values.rounds),
  });
  console.log(text);
  const date = new Date().toISOString().slice(0, 10);
  const head = `# The gateway against the server behind it\n\n${date}, by \`npm run bench:gateway -- --rounds ${values.rounds} --keep\`\n\n`;
  if (values.keep) {
    const file = path.join(here, 'result.md');
    // What it means is written by hand, and judged anew by whoever keeps other numbers.
    const [, conclusion = ''] = /(^## Conclusion$[^]*)/m.exec(await readFile(file, 'utf8')) ?? [];
    await writeFile(file, await format(`${head}${text}\n${conclusion}`, { parser: 'markdown' }));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
