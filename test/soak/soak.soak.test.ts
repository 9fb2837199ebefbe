import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { soak } from '../../bench/soak/soak';
import { summary } from '../../bench/soak/summary';
import { inSandbox, repoRoot } from '../hosts/paths.mjs';

const minutes = Number(process.env['CHEATCODE_SOAK_MINUTES'] ?? 5);
const seed = Number(process.env['CHEATCODE_SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

describe('the soak', function () {
  this.timeout((minutes + 10) * 60_000);

  it(`fault 45: holds every invariant for ${minutes} minutes of tabs, servers and hosts killed at random`, async () => {
    console.log(`      seed ${seed}: npm run soak -- --minutes ${minutes} --seed ${seed}`);
    const result = await soak({ minutes, seed });
    const text = summary(result);
    console.log(text.replace(/^/gm, '      '));
    await mkdir(inSandbox('logs'), { recursive: true });
    await writeFile(inSandbox('logs', 'soak.log'), `${text}\n\n${result.notes.join('\n')}\n\n${result.hostLog}`);
    if (result.breaches.length > 0) {
      console.log(`${result.hostLog.split('\n').slice(-100).join('\n')}\n${result.notes.slice(-50).join('\n')}`);
      assert.fail(result.breaches.join('\n'));
    }
    if (process.env['CHEATCODE_SOAK_KEEP'] === '1') await keep(text);
  });
});

/** The last long run, beside the benchmarks. */
async function keep(text: string): Promise<void> {
  const folder = path.join(repoRoot, 'bench', 'soak');
  await mkdir(folder, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const head = `# The last long soak\n\n${date}, by \`npm run soak -- --minutes ${minutes} --seed ${seed} --keep\`\n\n`;
  await writeFile(path.join(folder, 'result.md'), `${head}${text}\n`);
}
