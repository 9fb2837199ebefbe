import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';

interface Verdict {
  readonly name: string;
  readonly verdict: string;
  readonly isGood: boolean;
}

describe('the simulation can fail', () => {
  it('notices every mutation of the protocol by the invariant that it breaks, and passes the true code', async function () {
    this.timeout(300_000);
    const script = path.resolve(__dirname, '../../../test/simulation/mutations/run.mjs');
    const child = spawn(process.execPath, [script, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    const verdicts = JSON.parse(output) as readonly Verdict[];
    assert.ok(verdicts.length >= 25, `only ${verdicts.length} mutations were tried`);
    const missed = verdicts.filter(({ isGood }) => !isGood).map(({ name, verdict }) => `${name}: ${verdict}`);
    assert.deepEqual(missed, []);
  });
});
