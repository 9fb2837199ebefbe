import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ensureNode, type NodeMajor } from '../hosts/nodes.mjs';
import { CliRig, cliProgram } from './support/cliRig';
import { waitFor } from './support/hostRig';

describe('the command line in a pipe', function () {
  this.timeout(90_000);
  let rig: CliRig;
  beforeEach(async () => {
    rig = await CliRig.create();
  });
  afterEach(() => rig.dispose());

  /** How the first command of a pipe in a shell ended, and what its last printed. */
  const inShell = (first: string, second: string) =>
    rig.start(['-c', `${first} | ${second}; echo "ended \${PIPESTATUS[0]}" >&2`], '/bin/bash');

  // By a part of Node that is nobody's promise: each version that the project is tested with.
  for (const major of [20, 22, 24] satisfies NodeMajor[])
    it(`ends at once when nobody reads on, though the server is silent (Node ${major})`, async () => {
      const node = await ensureNode(major);
      // A host without a word to say: only the end of the reader can end the command.
      assert.equal((await rig.run(['ensure'])).exitCode, 0);
      const { said, exit } = inShell(`'${node}' '${cliProgram}' logs --follow`, 'head -1');
      // From here on: to begin takes its time where others want the cores.
      await waitFor('the line that is read', () => said.out !== '');
      const startedMs = performance.now();
      assert.deepEqual(await exit, [0, null]);
      assert.ok(performance.now() - startedMs < 5000, 'the test’s own limit would have ended it');
      assert.match(said.out, /^[^\n]+\n$/);
      assert.equal(said.err, 'ended 141\n');
    });

  it('goes on while somebody reads, however slowly', async () => {
    rig.configure({ STUB_CHATTY: '1', STUB_LONG_LINE_MB: '1' });
    assert.equal((await rig.run(['ensure'])).exitCode, 0);
    const { child, said } = rig.start(['logs', '--follow']);
    child.stdout.pause();
    await waitFor('output that nobody takes', () => child.stdout.readableLength > 0);
    child.stdout.resume();
    await waitFor('what comes later', () => (said.out.match(/^tick /gm) ?? []).length > 5);
    const piped = inShell(`'${process.execPath}' '${cliProgram}' logs --follow`, 'grep -m 5 "^tick "');
    assert.deepEqual(await piped.exit, [0, null]);
    assert.equal(piped.said.out.trimEnd().split('\n').length, 5);
    assert.equal(piped.said.err, 'ended 141\n');
  });

  it('prints what there is to a file, and waits for more', async () => {
    assert.equal((await rig.run(['ensure'])).exitCode, 0);
    const { child, exit } = rig.start(
      ['-c', `exec '${process.execPath}' '${cliProgram}' logs --follow >out`],
      '/bin/bash',
    );
    const file = path.join(rig.workspace, 'out');
    await waitFor('its output', () => existsSync(file) && readFileSync(file, 'utf8') !== '');
    child.kill('SIGINT');
    assert.deepEqual(await exit, [130, null], 'it had not ended before');
  });

  it('tells by the same number that nobody took its answer', async () => {
    assert.equal((await rig.run(['ensure'])).exitCode, 0);
    const script = `exec 3> >(true); wait $!; '${process.execPath}' '${cliProgram}' status >&3; echo "ended $?"`;
    const { said, exit } = rig.start(['-c', script], '/bin/bash');
    assert.deepEqual(await exit, [0, null]);
    assert.deepEqual(said, { out: 'ended 141\n', err: '' });
  });
});
