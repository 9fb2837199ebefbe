import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '../contract/support/hostRig';
import { skipBecause } from '../support/skip';
import type { NeverReaps, PidReuse } from './support/pidNamespace.program';

const run = promisify(execFile);

/** `init`: words that start the scenario as PID 1 or below another PID 1. */
async function inNamespace(scenario: string, init: readonly string[]): Promise<unknown> {
  const program = path.join(__dirname, 'support/pidNamespace.program.js');
  const scenarioArgs = [process.execPath, program, scenario, path.join(repoRoot, 'out/testHost')];
  // Killed with their PID 1, so nothing is left of it, whatever happens inside.
  const args = ['--pid', '--fork', '--kill-child', '--mount-proc', ...init, ...scenarioArgs];
  const { stdout } = await run('unshare', args, { timeout: 50_000 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

describe('in a pid namespace', () => {
  before(function () {
    if (process.getuid?.() !== 0) skipBecause(this, 'only root can make a pid namespace');
  });

  it('fault 42: a stop leaves no zombie under a PID 1 that never reaps, and zombies do not count as alive', async () => {
    const seen = (await inNamespace('neverReaps', [])) as NeverReaps;
    assert.deepEqual(seen.afterStop, []);
    assert.deepEqual(seen.states, ['stopped', 'stopped']);
    assert.ok(
      seen.afterKill.length > 0,
      'the killed package manager did leave zombies, and a server was started again',
    );
  });

  it("fault 27: a lost server's pid that is a stranger's now is not signalled", async () => {
    // A shell reaps what is orphaned to it: only then is a pid free for somebody else.
    const seen = (await inNamespace('pidReuse', ['sh', '-c', '"$@"; exit $?', 'sh'])) as PidReuse;
    assert.equal(seen.stranger, seen.lost);
    assert.deepEqual(seen.isStrangerAlive, [true, true], 'neither while the next host fenced nor when it stopped');
    assert.deepEqual(seen.states, ['stopped']);
  });
});
