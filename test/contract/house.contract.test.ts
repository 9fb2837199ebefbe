import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from '../../src/sessions/runCommand';
import { repoRoot } from './support/hostRig';

/** The linter knows all types, which is minutes of a processor that others want, too. */
const LIMIT_MS = 20 * 60_000;

const { scripts } = JSON.parse(readFileSync(path.join(repoRoot, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** What `npm run check` does, part by part: what fails has a name. */
describe('the house is in order', function () {
  this.timeout(LIMIT_MS);
  const parts = (scripts['check'] ?? '').split(' && ');

  it('by types, unused code, lint and format', () => {
    const programs = new Set(parts.map((part) => part.split(' ')[0]));
    assert.deepEqual([...programs], ['tsc', 'knip', 'eslint', 'prettier']);
    assert.ok(!/[;|&]/.test(parts.join(' ')), 'nothing hides an exit code');
  });

  for (const part of parts)
    it(`says: ${part}`, async () => {
      const [program = '', ...words] = part.split(' ');
      const env = Object.fromEntries(
        Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      );
      const { exitCode, stdout, stderr } = await runCommand(process.execPath, [binOf(program), ...words], {
        cwd: repoRoot,
        env,
        timeoutMs: LIMIT_MS - 10_000,
      });
      assert.equal(exitCode, 0, `${stdout}${stderr}`);
    });
});

/** The script of a package's program. */
function binOf(program: string): string {
  const name = program === 'tsc' ? 'typescript' : program;
  const folder = path.join(repoRoot, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    readonly bin: string | Readonly<Record<string, string>>;
  };
  return path.join(folder, typeof bin === 'string' ? bin : (bin[program] ?? assert.fail(program)));
}
