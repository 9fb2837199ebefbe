import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createApi } from '../../src/providers/extensionApi';
import type { App, Discovery } from '../../src/sessions/apps';
import type { DevServers } from '../../src/sessions/devServers';
import { DevServerError } from '../../src/sessions/errors';
import { Emitter } from '../../src/sessions/event';
import { settle } from './support/fakeClock';
import { repoRoot } from './support/repository';
import { anApp, aSession } from './samples';

describe('the API for other extensions', () => {
  const workspace = () => {
    const app = anApp();
    const started: App[] = [];
    const ended: App[] = [];
    const failure: { error?: Error } = {};
    const discovered = new Emitter<Discovery>();
    const snapshot = { adopted: false };
    let apps: readonly App[] = [];
    const servers = {
      get apps() {
        return apps;
      },
      session: () => aSession({ appKey: app.key, type: app.type, state: 'running', ...snapshot }),
      onDidChangeSession: new Emitter<App>().event,
      onDidDiscover: discovered.event,
      start: (one: App) => (failure.error ? Promise.reject(failure.error) : Promise.resolve(void started.push(one))),
      stop: (one: App) => Promise.resolve(void ended.push(one)),
      restart: (one: App) => Promise.resolve(void ended.push(one)),
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
    /** A look at the workspace that finds these apps. */
    const look = (found: readonly App[]): void => {
      apps = found;
      discovered.fire({ apps, problems: [], declaredAutoStart: undefined, isCheatcodeWorkspace: true });
    };
    return { api, app, started, ended, failure, snapshot, discover, fail, look };
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

  it('ends nothing that a person started, and says so', async () => {
    const { api, app, ended, snapshot, discover } = workspace();
    discover();
    snapshot.adopted = true;
    await assert.rejects(api.stop(app.name), /^Error: Web was started outside Cheatcode; only a person can end it\.$/);
    await assert.rejects(api.restart(app.name), /started outside Cheatcode/);
    assert.deepEqual(ended, []);
    snapshot.adopted = false;
    await api.stop(app.name);
    await api.restart(app.name);
    assert.deepEqual(ended, [app, app]);
  });

  it('rejects with a sentence that can be shown', async () => {
    const { api, app, failure, discover } = workspace();
    discover();
    failure.error = new DevServerError('workspaceUntrusted');
    await assert.rejects(api.start(app.name), (error: Error) => {
      assert.match(error.message, /^[A-Z].* trust.*\.$/);
      assert.equal(error.cause, failure.error);
      return true;
    });
  });

  it('tells of other apps, and not of each look at the workspace', () => {
    const { api, app, look } = workspace();
    const told: string[][] = [];
    const subscription = api.onDidChangeApps((apps) => told.push(apps.map(({ name }) => name)));
    look([]);
    look([app]);
    look([{ ...app }]);
    look([app, { ...app, key: 'other', name: 'other' }]);
    subscription.dispose();
    look([]);
    assert.deepEqual(told, [[app.name], [app.name, 'other']]);
  });

  it('has nothing that its page does not explain', () => {
    const page = readFileSync(path.join(repoRoot, 'docs', 'api.md'), 'utf8');
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    const explained = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)/g)].map(([, name]) => name));
    assert.deepEqual(explained.sort(), Object.keys(workspace().api).sort());
  });

  it('rejects, and waits for nothing, when the workspace can not be read', async () => {
    const { api, app, fail } = workspace();
    const start = api.start(app.type);
    fail(new Error('the disk is gone'));
    await assert.rejects(start, /the disk is gone/);
  });
});
