import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { discoverApps } from '../../src/sessions/appDiscovery';
import { configReader } from '../../src/sessions/configReader';
import type { SessionSnapshot } from '../../src/sessions/protocol';
import { secondServerNotice, TELL_OF_SECOND_SERVER } from '../../src/sessions/secondServerNotice';
import { aSession } from './samples';
import { tempFolders, writeTree } from './support/tempFolders';

describe('who types a second dev server', () => {
  const tempFolder = tempFolders();
  /** A workspace with both apps, in which `session` is the web app's and the mobile app has none. */
  const stage = async (session: Partial<SessionSnapshot> | undefined) => {
    const root = tempFolder();
    writeTree(root, {
      'cheatcode-app/package.json': {
        scripts: { dev: 'next dev', 'dev:db': 'docker compose up', build: 'next build' },
        dependencies: { next: '16.1.3' },
      },
      'cheatcode-mobile/package.json': { scripts: { start: 'expo start' }, dependencies: { expo: '54.0.0' } },
    });
    const { apps } = await discoverApps([root], { loadReader: () => configReader });
    const views = apps.map((app) => ({
      app,
      session: app.type === 'web' && session !== undefined ? aSession({ appKey: app.key, ...session }) : undefined,
    }));
    const type = (line: string, folder = 'cheatcode-app') =>
      secondServerNotice({ line, folder: path.join(root, folder) }, views);
    return { root, type, key: apps.find(({ type }) => type === 'web')?.key };
  };

  it('is told what runs and where, with the way to it and the way to hear no more', async () => {
    const { type, key } = await stage({ pid: 7 });
    const notice = await type('PORT=4000 pnpm dev');
    assert.equal(
      notice?.text,
      'Web runs already, on port 3000, in the terminal dev_server_web. `PORT=4000 pnpm dev` starts a second dev server of it.',
    );
    assert.deepEqual(notice.buttons, [
      { title: 'Show Terminal', action: 'showTerminal', appKey: key },
      { title: 'Open Preview', action: 'openPreview', appKey: key },
      { title: "Don't Show Again", action: 'turnOff', setting: TELL_OF_SECOND_SERVER },
    ]);
    assert.equal(notice.severity, 'info');
  });

  it('is told so from wherever it is typed, by whatever name of the folder', async () => {
    const { root, type } = await stage({});
    symlinkSync(path.join(root, 'cheatcode-app'), path.join(root, 'link'));
    for (const [line, folder] of [
      ['next dev cheatcode-app', '.'],
      ['cd link && npm run dev', '.'],
      ['npx next dev', 'link'],
    ] as const)
      assert.match((await type(line, folder))?.text ?? '', /^Web runs already/, line);
  });

  it('is told that it starts, or that somebody else has started it', async () => {
    const text = async (session: Partial<SessionSnapshot>) => (await (await stage(session)).type('next dev'))?.text;
    for (const state of ['starting', 'installing'] as const)
      assert.match(
        (await text({ state })) ?? '',
        /^Web is starting already, on port 3000, in the terminal dev_server_web\./,
      );
    const adopted = { adopted: true, reason: { code: 'adopted' } } as const;
    assert.match(
      (await text({ ...adopted, listenerPid: process.pid })) ?? '',
      new RegExp(`^Web runs already, on port 3000, started outside Cheatcode \\(pid ${process.pid}\\)\\.`),
    );
    assert.match((await text(adopted)) ?? '', /started outside Cheatcode\. /);
    const { type } = await stage({ ...adopted, listenerPid: process.pid });
    assert.deepEqual(
      (await type('next dev'))?.buttons.map(({ action }) => action),
      ['openPreview', 'turnOff'],
    );
  });

  it('hears nothing where none runs', async () => {
    assert.equal(await (await stage(undefined)).type('next dev'), undefined);
    for (const state of ['stopped', 'failed', 'stopping', 'blocked', 'waiting'] as const)
      assert.equal(await (await stage({ state, reason: { code: 'requested' } })).type('next dev'), undefined, state);
  });

  it('hears nothing of another app, folder or command', async () => {
    const { type } = await stage({});
    for (const [line, folder] of [
      ['npm start', 'cheatcode-mobile'],
      ['next dev', 'cheatcode-mobile'],
      ['npx expo start', 'cheatcode-app'],
      ['next dev', '.'],
      ['next dev nowhere', '.'],
      ['pnpm dev:db', 'cheatcode-app'],
      ['pnpm build', 'cheatcode-app'],
      ['git commit -m "next dev"', 'cheatcode-app'],
    ] as const)
      assert.equal(await type(line, folder), undefined, line);
  });

  it('hears nothing who ends an adopted server and types it again before we have seen its end', async () => {
    // No process has this number: the kernel gives none above it.
    const { type } = await stage({ adopted: true, reason: { code: 'adopted' }, listenerPid: 2 ** 30 });
    assert.equal(await type('next dev'), undefined);
  });
});
