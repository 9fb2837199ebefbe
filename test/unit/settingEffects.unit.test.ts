import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readSettings } from '../../src/providers/settingsReader';
import { declaredSettings } from '../../src/sessions/declaredSettings';
import { resolveLaunchSpec } from '../../src/sessions/launchSpec';
import { specDigest } from '../../src/sessions/specDigest';
import { repoRoot } from './support/repository';
import { anApp } from './samples';
import { tempFolders, writeTree } from './support/tempFolders';

const { contributes } = JSON.parse(readFileSync(path.join(repoRoot, 'package.json'), 'utf8')) as {
  contributes: Parameters<typeof declaredSettings>[0];
};
const declared = declaredSettings(contributes);

/** What comes of a change while servers run: another value, and which apps are offered a restart for it. */
const effects: Readonly<Record<string, readonly [value: unknown, offersRestartOf: readonly ('web' | 'mobile')[]]>> = {
  autoStart: ['off', []],
  portConflict: ['wait', []],
  restartOnChange: ['restart', []],
  'web.port': [4000, ['web']],
  'web.command': ['next dev --turbo', ['web']],
  'web.previewUrl': ['https://{{port}}.example.com', []],
  'mobile.port': [9000, ['mobile']],
  'mobile.command': ['expo start', ['mobile']],
  'mobile.connection': ['lan', ['mobile']],
  'mobile.previewUrl': ['https://{{port}}.example.com', []],
  'terminal.attachAutomatically': [false, []],
  'terminal.onClose': ['detach', []],
  'terminal.tellOfSecondServer': [false, []],
  offerMcpServer: [true, []],
  healthIntervalSeconds: [30, []],
  lastWindow: ['stop', []],
  graceSeconds: [90, []],
  memoryLimitMb: [1000, []],
  restartUnresponsiveSeconds: [60, []],
  // Of the session host, with the next one.
  nodePath: ['/usr/bin/node', []],
  sandboxId: ['box', []],
  'redis.url': ['redis://r', []],
  'redis.required': [true, []],
  'redis.caFile': ['/ca.pem', []],
};

describe('a change of a setting while servers run', () => {
  const tempFolder = tempFolders();

  it('is told of every setting', () => {
    assert.deepEqual(
      Object.keys(effects).sort(),
      Object.keys(declared)
        .map((key) => key.replace('cheatcode.', ''))
        .sort(),
    );
  });

  for (const [key, [value, offers]] of Object.entries(effects))
    it(`of cheatcode.${key} ${offers.length === 0 ? 'takes effect without a restart' : `offers a restart of ${offers.join()}`}`, async () => {
      const folder = tempFolder();
      writeTree(folder, { 'package.json': { scripts: { dev: 'x' } } });
      const fallback = (name: string) => declared[`cheatcode.${name}`]?.default;
      const digests = async (changes: Readonly<Record<string, unknown>>) => {
        const { settings, problems } = readSettings({
          value: (name) => (name in changes ? changes[name] : fallback(name)),
          fallback,
        });
        assert.deepEqual(problems, []);
        const of = async (type: 'web' | 'mobile') =>
          specDigest(await resolveLaunchSpec(anApp({ type, folder }), settings, true));
        return { web: await of('web'), mobile: await of('mobile') };
      };
      const [before, after] = [await digests({}), await digests({ [key]: value })];
      // A window offers a restart where its spec has another digest than the one that the server runs by.
      assert.deepEqual(
        (['web', 'mobile'] as const).filter((type) => before[type] !== after[type]),
        offers,
      );
    });
});
