import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { npmCommand, pnpmCommand } from '../hosts/nodeCommands.mjs';
import { inRepo } from '../hosts/paths.mjs';

describe('the package managers of the set-up', () => {
  const windows = { platform: 'win32', execPath: 'C:\\Program Files\\nodejs\\node.exe', npmScript: undefined } as const;
  const besideNode = 'C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npm-cli.js';

  it('are the commands themselves where a system can start those', () => {
    for (const platform of ['linux', 'darwin'] as const) {
      const system = { platform, execPath: '/opt/node/bin/node', npmScript: '/opt/npm/bin/npm-cli.js' };
      assert.deepEqual(npmCommand(system), ['npm']);
      assert.deepEqual(pnpmCommand('/w/tools/node_modules', system), ['/w/tools/node_modules/.bin/pnpm']);
    }
  });

  it('are scripts on Windows, run by this Node: npm the one that runs us, or the one that came with it', () => {
    const own = 'D:\\npm 11\\bin\\npm-cli.js';
    assert.deepEqual(npmCommand({ ...windows, npmScript: own }), [windows.execPath, own]);
    for (const npmScript of [undefined, '', 'C:\\pnpm\\bin\\pnpm.cjs', 'C:\\npm\\bin\\npx-cli.js'])
      assert.deepEqual(npmCommand({ ...windows, npmScript }), [windows.execPath, besideNode]);
    const modules = 'D:\\a\\.sandbox\\tools\\node_modules';
    assert.deepEqual(pnpmCommand(modules, windows), [windows.execPath, `${modules}\\pnpm\\bin\\pnpm.cjs`]);
  });

  it('are nowhere named by their batch files, which Node does not start', () => {
    const files = readdirSync(inRepo('test', 'hosts')).filter((name) => name.endsWith('.mjs'));
    const naming = files.filter((name) =>
      /\bp?np[mx]\.cmd\b/.test(readFileSync(inRepo('test', 'hosts', name), 'utf8')),
    );
    assert.deepEqual(naming, []);
  });
});
