import assert from 'node:assert/strict';
import { createApi } from '../../src/providers/extensionApi';
import type { App } from '../../src/sessions/apps';
import type { DevServers } from '../../src/sessions/devServers';
import { Emitter } from '../../src/sessions/event';
import { settle } from './support/fakeClock';
import { anApp, aSession } from './samples';

describe('the API for other extensions', () => {
  const workspace = () => {
    const app = anApp();
    const started: App[] = [];
    let apps: readonly App[] = [];
    const servers = {
      get apps() {
        return apps;
      },
      session: () => aSession({ appKey: app.key, type: app.type, state: 'running' }),
      onDidChangeSession: new Emitter<App>().event,
      start: (one: App) => Promise.resolve(void started.push(one)),
    } as unknown as DevServers;
    let discover = (): void => undefined;
    let fail = (_error: Error): void => undefined;
    const activated = new Promise<void>((resolve, reject) => {
      discover = () => {
        apps = [app];
        resolve();
      };
      fail = reject;
    });
    const api = createApi(servers, activated, () => Promise.resolve('http://localhost:3000/'));
    return { api, app, started, discover, fail };
  };

  it('knows no app before the workspace was looked at, and throws nothing', () => {
    const { api, app } = workspace();
    assert.deepEqual(api.apps(), []);
    assert.equal(api.state(app.type), undefined);
  });

  it('starts an app that is asked for before that as soon as it is found', async () => {
    const { api, app, started, discover } = workspace();
    const start = api.start(app.type);
    await settle();
    assert.deepEqual(started, []);
    discover();
    await start;
    assert.deepEqual(started, [app]);
    assert.equal(api.state(app.type), 'running');
  });

  it('rejects what names no app', async () => {
    const { api, discover } = workspace();
    discover();
    await assert.rejects(api.start('nowhere'), /nowhere/);
    await assert.rejects(api.url('nowhere'), /nowhere/);
    assert.equal(api.state('nowhere'), undefined);
  });

  it('rejects, and waits for nothing, when the workspace can not be read', async () => {
    const { api, app, fail } = workspace();
    const start = api.start(app.type);
    fail(new Error('the disk is gone'));
    await assert.rejects(start, /the disk is gone/);
  });
});
