import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exitCodes } from '../../src/cli/exitCodes';
import { CliRig, cliProgram } from './support/cliRig';

/** Says at the end of the command, and of nothing that it has started, which files it has loaded. */
const WITNESS = `
if (process.argv[1] === ${JSON.stringify(cliProgram)})
  process.on('exit', () => require('node:fs').writeFileSync(process.env.LOADED, Object.keys(require.cache).join('\\n')));
`;

describe('what the command line loads', function () {
  this.timeout(60_000);
  let rig: CliRig;
  let witness: string;
  before(async () => {
    rig = await CliRig.create();
    witness = path.join(rig.workspace, 'witness.cjs');
    writeFileSync(witness, WITNESS);
  });
  after(() => rig.dispose());

  /** Names of the bundles that a command has loaded. */
  async function loadedBy(args: readonly string[], expected: number = exitCodes.done): Promise<readonly string[]> {
    const loaded = path.join(rig.workspace, 'loaded');
    writeFileSync(loaded, '');
    const { exitCode, stderr } = await rig.run(args, { NODE_OPTIONS: `--require=${witness}`, LOADED: loaded });
    assert.equal(exitCode, expected, stderr);
    const files = readFileSync(loaded, 'utf8').split('\n');
    return files
      .filter((file) => file.startsWith(path.dirname(cliProgram) + path.sep))
      .map((file) => path.basename(file));
  }

  /** Itself, and what reads JSON with comments. */
  const own = ['cli.js', 'jsonText.js'];

  it('is its own for its version, its help, and the state where no host runs', async () => {
    for (const args of [['--version'], ['--help']]) assert.deepEqual(await loadedBy(args), own, args.join(' '));
    assert.deepEqual(await loadedBy(['status'], exitCodes.nothingRuns), own);
  });

  it('is its own for the state and the output of a server, and what starts a host where there is none', async () => {
    assert.deepEqual(await loadedBy(['start']), [...own, 'hostLauncher.js', 'runCommand.js']);
    for (const args of [['status'], ['logs']]) assert.deepEqual(await loadedBy(args), own, args.join(' '));
  });
});
