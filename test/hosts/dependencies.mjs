// The repository's own dependencies: `npm ci` when they are missing or older than the lock file.
import { stat } from 'node:fs/promises';
import { npm } from './npm.mjs';
import { exclusive } from './once.mjs';
import { inRepo, repoRoot } from './paths.mjs';
import { step } from './step.mjs';

/** Installs what package-lock.json names, unless that was done since the file last changed. */
export async function ensureDependencies() {
  if (await fresh()) return;
  await exclusive('node_modules', async () => {
    if (await fresh()) return;
    await step('dependencies (npm ci)', () =>
      npm(['ci'], {
        cwd: repoRoot,
        missing: 'the dependencies in package-lock.json could not be installed from the npm registry',
      }),
    );
  });
}

/** npm writes this file last, so a half install does not count. */
async function fresh() {
  const [installed, lock] = await Promise.all([
    mtime('node_modules', '.package-lock.json'),
    mtime('package-lock.json'),
  ]);
  return installed >= lock && installed > 0;
}

/** @param {...string} parts */
async function mtime(...parts) {
  return (await stat(inRepo(...parts)).catch(() => undefined))?.mtimeMs ?? 0;
}
