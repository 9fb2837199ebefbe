// Runs one row in a process of its own. args: its name, the BenchContext as JSON, the file for its figures.
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { inRepo } from '../test/hosts/paths.mjs';

const [name = '', context = '{}', file = ''] = process.argv.slice(2);
/** @type {{ bench: import('./figures').Bench }} */
const { bench } = createRequire(import.meta.url)(inRepo('out', 'test', 'bench', 'rows', `${name}.bench.js`));
try {
  const figures = await bench({ ...JSON.parse(context), say: (text) => console.error(`• ${text}`) });
  await writeFile(path.resolve(file), JSON.stringify(figures));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
// What a row has left open must not keep the others waiting: processes are looked for by the caller.
process.exit();
