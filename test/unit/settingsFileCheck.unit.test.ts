import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkSettingsFile, type SettingsFileLook } from '../../src/providers/settingsFileCheck';
import { isSettingsFile } from '../../src/providers/settingsFiles';
import { declaredSettings } from '../../src/sessions/declaredSettings';
import { repoRoot } from './support/repository';

const { contributes } = JSON.parse(readFileSync(path.join(repoRoot, 'package.json'), 'utf8')) as {
  contributes: Parameters<typeof declaredSettings>[0];
};
const declared = declaredSettings(contributes);

describe('a file of settings', () => {
  const problemsOf = async (values: Readonly<Record<string, unknown>>, of: Partial<SettingsFileLook> = {}) => {
    const text = JSON.stringify(values);
    const places = await checkSettingsFile(text, {
      declared,
      effective: (key) => values[`cheatcode.${key}`] ?? declared[`cheatcode.${key}`]?.default,
      env: {},
      isOfWorkspace: false,
      appWords: ['shop', 'web'],
      hasSchema: true,
      nodeProblem: (file) => Promise.resolve(file === '/good/node' ? undefined : 'bad'),
      exists: (file) => Promise.resolve(file === '/ca.pem'),
      ...of,
    });
    return places.map(({ setting, severity, offset, length }) => [
      setting.replace('cheatcode.', ''),
      severity,
      text.slice(offset, offset + length),
    ]);
  };

  it('with the defaults of the manifest has nothing wrong in it', async () => {
    const defaults = Object.fromEntries(Object.entries(declared).map(([key, setting]) => [key, setting.default]));
    assert.deepEqual(await problemsOf(defaults, { hasSchema: false }), []);
    assert.deepEqual(await problemsOf({ 'editor.fontSize': 'x' }, { hasSchema: false }), []);
  });

  it('leaves to the editor what its schema says, where it is asked', async () => {
    const wrong = { 'cheatcode.web.port': 99_999, 'cheatcode.lastWindow': 'x', 'cheatcode.graceSeconds': '1' };
    assert.deepEqual(await problemsOf(wrong), []);
    assert.deepEqual(await problemsOf(wrong, { hasSchema: false }), [
      ['web.port', 'error', '99999'],
      ['lastWindow', 'error', '"x"'],
      ['graceSeconds', 'error', '"1"'],
    ]);
  });

  it('names an app that is not there, where the file is the workspace’s own', async () => {
    assert.deepEqual(await problemsOf({ 'cheatcode.autoStart': 'shopp' }), [['autoStart', 'warning', '"shopp"']]);
    for (const word of ['shop', 'web', 'all', 'off'])
      assert.deepEqual(await problemsOf({ 'cheatcode.autoStart': word }), [], word);
    assert.deepEqual(await problemsOf({ 'cheatcode.autoStart': 'shopp' }, { appWords: undefined }), []);
  });

  it('names a port that the other app has', async () => {
    assert.deepEqual(await problemsOf({ 'cheatcode.web.port': 4000, 'cheatcode.mobile.port': 4000 }), [
      ['web.port', 'warning', '4000'],
      ['mobile.port', 'warning', '4000'],
    ]);
  });

  it('names an address that wants a sandbox id, as long as there is none', async () => {
    const address = { 'cheatcode.web.previewUrl': 'https://{{port}}-{{sandboxId}}.example.com' };
    assert.equal((await problemsOf(address))[0]?.[0], 'web.previewUrl');
    assert.deepEqual(await problemsOf(address, { env: { CHEATCODE_SANDBOX_ID: 'box' } }), []);
    assert.deepEqual(await problemsOf({ ...address, 'cheatcode.sandboxId': 'box' }), []);
    const redis = { 'cheatcode.redis.url': 'redis://r' };
    assert.deepEqual(await problemsOf(redis), [['redis.url', 'warning', '"redis://r"']]);
    assert.deepEqual(await problemsOf({ ...redis, 'cheatcode.sandboxId': 'box' }), []);
  });

  it('names files that are missing', async () => {
    assert.deepEqual(await problemsOf({ 'cheatcode.nodePath': '/bad/node', 'cheatcode.redis.caFile': '/no.pem' }), [
      ['nodePath', 'error', '"/bad/node"'],
      ['redis.caFile', 'error', '"/no.pem"'],
    ]);
    assert.deepEqual(await problemsOf({ 'cheatcode.nodePath': '/good/node', 'cheatcode.redis.caFile': '/ca.pem' }), []);
  });

  it('of a workspace is not asked for what is the machine’s to say', async () => {
    assert.deepEqual(await problemsOf({ 'cheatcode.nodePath': '/bad/node' }, { isOfWorkspace: true }), []);
  });

  it('may be that of a workspace with several folders', async () => {
    assert.deepEqual(await problemsOf({ folders: [], settings: { 'cheatcode.nodePath': '/bad/node' } }), [
      ['nodePath', 'error', '"/bad/node"'],
    ]);
  });

  it('is known by its path', () => {
    for (const file of [
      '/h/User/settings.json',
      '/h/Machine/settings.json',
      '/w/.vscode/settings.json',
      '/h/User/profiles/-1a/settings.json',
      '/w/a.code-workspace',
    ])
      assert.ok(isSettingsFile(file), file);
    for (const file of ['/w/settings.json', '/w/cheatcode.json']) assert.ok(!isSettingsFile(file), file);
  });
});
