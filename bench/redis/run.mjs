// The agreement of machines, for many sandboxes on one real Redis: commands, latency, memory.
// usage: npm run bench:redis -- [--sandboxes N] [--seconds N] [--keep]   (--keep writes bench/redis/result.md)
import { build } from 'esbuild';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format } from 'prettier';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: {
    sandboxes: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '60' },
    keep: { type: 'boolean', default: false },
  },
});
const folder = await mkdtemp(path.join(os.tmpdir(), 'cheatcode-bench-'));
try {
  await build({
    entryPoints: [path.join(here, 'bench.ts')],
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    define: { 'import.meta.url': '__importMetaUrl', TEST_BUILD: 'false' },
    // Modules that look for the repository must find it from here, not from the folder of the bundle.
    banner: { js: `const __importMetaUrl = ${JSON.stringify(import.meta.url)};` },
    logLevel: 'warning',
  });
  /** @type {import('./bench')} */
  const { bench } = createRequire(import.meta.url)(path.join(folder, 'bench.js'));
  const text = await bench({ sandboxes: Number(values.sandboxes), seconds: Number(values.seconds), connections: 16 });
  console.log(text);
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${os.availableParallelism()} cores, Node ${process.versions.node}`;
  const head = `# The agreement of machines, for many sandboxes\n\n${date}, by \`npm run bench:redis -- --keep\`, ${machine}.\n\n`;
  if (values.keep) await writeFile(path.join(here, 'result.md'), await format(head + text, { parser: 'markdown' }));
} finally {
  await rm(folder, { recursive: true, force: true });
}
