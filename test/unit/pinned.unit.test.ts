import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repoRoot } from './support/repository';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const read = <T>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as T;

/** A clone of a later day has the same packages as one of today. */
describe('the packages of other people', () => {
  it('that we are made of are those of the lock file, which is of this package.json', () => {
    const { devDependencies, dependencies } = read<Manifest>(path.join(repoRoot, 'package.json'));
    const lock = read<{ readonly packages: Readonly<Record<string, Manifest & { readonly integrity?: string }>> }>(
      path.join(repoRoot, 'package-lock.json'),
    );
    assert.equal(dependencies, undefined, 'all that is needed at run time is bundled');
    assert.deepEqual(lock.packages['']?.devDependencies, devDependencies);
    const loose = Object.entries(lock.packages).filter(([name, { integrity }]) => name !== '' && !integrity);
    assert.deepEqual(
      loose.map(([name]) => name),
      [],
    );
  });

  it('that the sample apps are made of are exact versions, with a lock file beside them', () => {
    const root = path.join(repoRoot, 'test/fixtures');
    const manifests = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => path.basename(name) === 'package.json' && !name.includes('node_modules'))
      .map((name) => path.join(root, name));
    const apps = manifests.filter((file) => read<Manifest>(file).dependencies !== undefined);
    assert.ok(apps.length >= 6, `${apps.length} sample apps`);
    for (const file of apps) {
      assert.ok(existsSync(path.join(path.dirname(file), 'pnpm-lock.yaml')), `${file} has no lock file`);
      const { dependencies, devDependencies } = read<Manifest>(file);
      for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
        assert.match(version, /^\d+\.\d+\.\d+(?:-[\w.]+)?$/, `${file}: ${name}`);
    }
  });
});
