import assert from 'node:assert/strict';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findHostNode } from '../../src/sessions/hostNode';
import { tempFolders } from './support/tempFolders';
import { skipOnWindows } from '../support/skip';

describe('the Node that runs the session host', () => {
  const makeFolder = tempFolders();
  const script = (folder: string, text: string) => {
    const file = path.join(folder, 'node');
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
    return file;
  };

  it('is the one that the app’s environment finds, if it is new enough', async function () {
    skipOnWindows(this, 'a script is no program by its first line there');
    const folder = makeFolder();
    script(folder, 'echo v22.1.0');
    const env = { PATH: `${folder}${path.delimiter}/bin` };
    assert.deepEqual(await findHostNode(undefined, env), {
      file: path.join(folder, 'node'),
      env: { PATH: env.PATH },
    });
  });

  it('is not asked for its version when it is the one that runs this', async function () {
    skipOnWindows(this, 'a program there is found by its ending');
    const folder = makeFolder();
    symlinkSync(process.execPath, path.join(folder, 'node'));
    assert.equal((await findHostNode(undefined, { PATH: folder })).file, path.join(folder, 'node'));
  });

  it('is the editor’s own binary where the environment has none, or one that is too old', async function () {
    skipOnWindows(this, 'a script is no program by its first line there');
    const folder = makeFolder();
    const own = { file: process.execPath, env: { ELECTRON_RUN_AS_NODE: '1' } };
    assert.deepEqual(await findHostNode(undefined, { PATH: folder }), own);
    script(folder, 'echo v18.20.0');
    assert.deepEqual(await findHostNode(undefined, { PATH: `${folder}${path.delimiter}/bin` }), own);
  });

  it('is the setting’s, and a wrong setting is named', async function () {
    skipOnWindows(this, 'a script is no program by its first line there');
    const folder = makeFolder();
    const file = script(folder, 'echo v20.0.0');
    assert.deepEqual(await findHostNode(file, { PATH: '/bin' }), { file, env: {} });
    await assert.rejects(findHostNode('/nowhere/node', { PATH: '/bin' }), { code: 'nodeMissing' });
  });
});
