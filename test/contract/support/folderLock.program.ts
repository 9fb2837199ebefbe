// Says who holds Next's lock on a folder, as seen from the process's own namespaces. usage: node folderLock.program.js FOLDER
import { nextFolderLock } from '../../../src/sessions/host/folderLock';
import { aSpec } from '../../unit/support/fakeHost';

const spec = aSpec({ folder: process.argv[2] ?? '' });
void Promise.all([nextFolderLock.holder(spec, false), nextFolderLock.holder(spec, true)]).then(([seen, tried]) =>
  console.log(JSON.stringify({ seen: seen ?? null, tried: tried ?? null })),
);
