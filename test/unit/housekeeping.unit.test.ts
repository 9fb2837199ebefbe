import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { removeUnused } from '../../src/sessions/host/housekeeping';
import { systemClock } from '../../src/sessions/clock';
import { quietLog } from '../contract/support/quietLog';
import { tempFolders } from './support/tempFolders';
import { skipOnWindows } from '../support/skip';

const DAY_MS = 24 * 3600 * 1000;

describe('the housekeeping of a host', () => {
  const tempFolder = tempFolders();
  let stateFolder: string;
  let own: { scope: string; copy: string };
  const servers: net.Server[] = [];
  beforeEach(() => {
    stateFolder = tempFolder();
    own = { scope: make('000000000000', 90), copy: make('bin/own', 90) };
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  /** A folder that was last used so many days ago. */
  function make(name: string, days: number): string {
    const folder = path.join(stateFolder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'host.js'), '');
    const then = (Date.now() - days * DAY_MS) / 1000;
    utimesSync(folder, then, then);
    return folder;
  }
  const tidy = (aheadMs = 0) =>
    removeUnused({
      stateFolder,
      scopeFolder: own.scope,
      ownCopy: own.copy,
      clock: { ...systemClock, wallMs: () => Date.now() + aheadMs },
      log: quietLog(),
    });

  it('removes copies and scopes that nobody has used for 30 days, and leaves the younger ones', async () => {
    const old = [make('bin/old', 31), make('aaaaaaaaaaaa', 31), make('bin/.77-half', 31)];
    const young = [make('bin/young', 29), make('bbbbbbbbbbbb', 29)];
    await tidy();
    assert.deepEqual(old.map(existsSync), [false, false, false]);
    assert.deepEqual(young.map(existsSync), [true, true]);
  });

  it('marks as used what this host uses, however long it runs', async () => {
    await tidy();
    for (const folder of [own.scope, own.copy]) assert.ok(Date.now() - statSync(folder).mtimeMs < DAY_MS, folder);
  });

  it('fault 29: leaves what a host that answers uses, though the clock says that it is old', async function () {
    skipOnWindows(this, 'Windows has its sockets in no folder');
    const copy = make('bin/theirs', 0);
    const scope = make('cccccccccccc', 0);
    writeFileSync(path.join(scope, 'host.json'), JSON.stringify({ pid: 7, copy }));
    const server = net.createServer((socket) => socket.destroy()).listen(path.join(scope, 'host.sock'));
    servers.push(server);
    await once(server, 'listening');
    await tidy(365 * DAY_MS);
    assert.deepEqual([copy, scope, own.scope, own.copy].map(existsSync), [true, true, true, true]);
  });

  it('leaves alone what is no scope of ours', async () => {
    const stranger = make('my-files', 400);
    await tidy();
    assert.ok(existsSync(stranger));
  });
});
