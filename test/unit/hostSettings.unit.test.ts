import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readSettings } from '../../src/providers/settingsReader';
import { declaredSettings, type DeclaredSetting } from '../../src/sessions/declaredSettings';
import { checkSettings } from '../../src/sessions/host/requestChecks';
import { hostSettings } from '../../src/sessions/workspaceServers';
import { repoRoot } from './support/repository';

const { contributes } = JSON.parse(readFileSync(path.join(repoRoot, 'package.json'), 'utf8')) as {
  readonly contributes: Parameters<typeof declaredSettings>[0];
};
const properties = declaredSettings(contributes) as Readonly<
  Record<string, DeclaredSetting & { readonly scope?: string }>
>;

function settingsWith(changes: Readonly<Record<string, unknown>>) {
  const fallback = (key: string) => properties[`cheatcode.${key}`]?.default;
  const { settings, problems } = readSettings({
    value: (key) => (key in changes ? changes[key] : fallback(key)),
    fallback,
  });
  assert.deepEqual(problems, []);
  return settings;
}

describe('what the host is told of the settings', () => {
  it('are times in milliseconds, and what has no limit is left out', () => {
    const told = hostSettings(
      settingsWith({ graceSeconds: 2.5, memoryLimitMb: 1000, restartUnresponsiveSeconds: 90 }),
      true,
    );
    assert.equal(told.graceMs, 2500);
    assert.equal(told.memoryLimitMb, 1000);
    assert.equal(told.restartUnresponsiveMs, 90_000);
    const none = hostSettings(settingsWith({ memoryLimitMb: null, restartUnresponsiveSeconds: null }), true);
    assert.ok(!('memoryLimitMb' in none) && !('restartUnresponsiveMs' in none));
  });

  it('keeps servers in a sandbox and stops them on a desktop, unless the setting says', () => {
    assert.equal(hostSettings(settingsWith({}), true).lastClient, 'keep');
    assert.equal(hostSettings(settingsWith({}), false).lastClient, 'stop');
    assert.equal(hostSettings(settingsWith({ lastWindow: 'stop' }), true).lastClient, 'stop');
  });

  it('is taken by the host at every bound of the manifest', () => {
    for (const [setting, { scope, minimum, maximum }] of Object.entries(properties))
      for (const bound of scope === 'machine' ? [minimum, maximum] : []) {
        if (bound === undefined) continue;
        const told = hostSettings(settingsWith({ [setting.replace(/^cheatcode\./, '')]: bound }), true);
        assert.deepEqual(checkSettings(JSON.parse(JSON.stringify(told))), told, `${setting} ${bound}`);
      }
  });
});
