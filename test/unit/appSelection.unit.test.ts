import assert from 'node:assert/strict';
import { appsToStart } from '../../src/sessions/appSelection';
import type { App, Discovery } from '../../src/sessions/apps';
import { aMobileApp, anApp } from './samples';

const web = anApp();
const mobile = aMobileApp();
const custom = anApp({ key: '1:4:api', name: 'api', type: 'custom', folder: '/w/api', label: 'api' });
const broken = { problem: { code: 'noDevScript', facts: {} } } as const;
const external = { declared: { ...web.declared, managed: 'external' } } as const;

/** Names of the apps that start. */
function starting(
  apps: readonly App[],
  {
    wish = 'auto',
    declared,
    env = {},
  }: { readonly wish?: string; readonly declared?: string; readonly env?: Readonly<Record<string, string>> } = {},
): readonly string[] {
  const discovery: Discovery = { apps, problems: [], declaredAutoStart: declared, isCheatcodeWorkspace: true };
  return appsToStart(discovery, wish, env).map(({ name }) => name);
}

describe('which app starts by itself', () => {
  it('is the setting’s: all, none, a name or a type', () => {
    assert.deepEqual(starting([web, mobile, custom], { wish: 'all' }), ['cheatcode-app', 'cheatcode-mobile', 'api']);
    assert.deepEqual(starting([web, mobile], { wish: 'off' }), []);
    assert.deepEqual(starting([web, mobile], { wish: 'cheatcode-mobile' }), ['cheatcode-mobile']);
    assert.deepEqual(starting([web, mobile], { wish: 'mobile' }), ['cheatcode-mobile']);
  });

  it('is none when the setting names what is not there', () => {
    assert.deepEqual(
      starting([web, mobile], { wish: 'shop', env: { CHEATCODE_APP_TYPE: 'web' }, declared: 'web' }),
      [],
    );
  });

  it('is the setting’s before the environment’s and the file’s', () => {
    assert.deepEqual(
      starting([web, mobile], { wish: 'web', env: { CHEATCODE_APP_TYPE: 'mobile' }, declared: 'mobile' }),
      ['cheatcode-app'],
    );
  });

  it('is by default the type that CHEATCODE_APP_TYPE names', () => {
    assert.deepEqual(starting([web, mobile], { env: { CHEATCODE_APP_TYPE: 'mobile' }, declared: 'web' }), [
      'cheatcode-mobile',
    ]);
    assert.deepEqual(
      starting([anApp({ isWorkspaceFolder: true }), mobile], { env: { CHEATCODE_APP_TYPE: 'mobile' } }),
      ['cheatcode-mobile'],
    );
  });

  it('is else what cheatcode.json says', () => {
    assert.deepEqual(starting([anApp({ isWorkspaceFolder: true }), mobile], { declared: 'mobile' }), [
      'cheatcode-mobile',
    ]);
    assert.deepEqual(starting([web, mobile], { declared: 'off' }), []);
    assert.deepEqual(starting([web, mobile], { declared: 'all' }), ['cheatcode-app', 'cheatcode-mobile']);
  });

  it('is else the app whose folder is the one opened', () => {
    assert.deepEqual(starting([web, aMobileApp({ isWorkspaceFolder: true })]), ['cheatcode-mobile']);
  });

  it('is else the only one', () => {
    assert.deepEqual(starting([mobile]), ['cheatcode-mobile']);
    assert.deepEqual(starting([custom]), ['api']);
  });

  it('is else web, and never two', () => {
    assert.deepEqual(starting([mobile, web]), ['cheatcode-app']);
    assert.deepEqual(starting([web, anApp({ key: '1:9:admin', name: 'admin' }), mobile]), ['cheatcode-app']);
  });

  it('goes on down the list when a hint names what is not there', () => {
    assert.deepEqual(starting([mobile], { env: { CHEATCODE_APP_TYPE: 'web' } }), ['cheatcode-mobile']);
    assert.deepEqual(starting([web, mobile], { env: { CHEATCODE_APP_TYPE: 'fullstack' }, declared: 'mobile' }), [
      'cheatcode-mobile',
    ]);
    assert.deepEqual(starting([web, mobile], { env: { CHEATCODE_APP_TYPE: '' }, declared: 'auto' }), ['cheatcode-app']);
  });

  it('is never one that can not start or that is managed elsewhere', () => {
    assert.deepEqual(starting([anApp(broken), mobile], { wish: 'all' }), ['cheatcode-mobile']);
    assert.deepEqual(starting([anApp(broken)], { wish: 'cheatcode-app' }), []);
    assert.deepEqual(starting([anApp(external), mobile]), ['cheatcode-mobile']);
    assert.deepEqual(starting([anApp(external)], { wish: 'all' }), []);
  });

  it('prefers a name to a type', () => {
    const namedMobile = anApp({ key: '1:8:mobile', name: 'mobile' });
    assert.deepEqual(starting([mobile, namedMobile], { wish: 'mobile' }), ['mobile']);
  });

  it('is nothing where there is nothing', () => {
    assert.deepEqual(starting([]), []);
  });
});
