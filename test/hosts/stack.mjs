// Names the sources in the stack traces of a report.
// usage: npm run stack -- [FILE] [--maps=DIR]     (default: its input, and the newest maps of the version that it names)
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { mapsFor, withSources } from './maps.mjs';
import { SetupError } from './run.mjs';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { maps: { type: 'string' } } });
const [file] = positionals;
try {
  const report = await (file === undefined ? text(process.stdin) : readFile(file, 'utf8'));
  const folder = values.maps ?? (await mapsFor(report));
  console.error(`maps: ${path.relative(process.cwd(), folder)}`);
  process.stdout.write(await withSources(report, folder));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
