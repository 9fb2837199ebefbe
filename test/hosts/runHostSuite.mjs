// Runs the host suite through `runTests` of @vscode/test-electron, as a process of its own: test.mjs can end it as a whole.
// usage: runHostSuite.mjs EDITOR WORKSPACE, where EDITOR is the program of a desktop VS Code, or our launcher.
import path from 'node:path';
import { runTests } from '@vscode/test-electron';
import { writeSettings } from './codeServer.mjs';
import { inRepo, repoRoot } from './paths.mjs';

const [editor = '', workspace = ''] = process.argv.slice(2);
const userDataDir = path.join(process.env['CHEATCODE_TEST_DIR'] ?? '', 'user');
try {
  await writeSettings(userDataDir, {});
  await runTests({
    vscodeExecutablePath: editor,
    // The second one is the example of docs/api.md, which uses what the first one exports.
    extensionDevelopmentPath: [repoRoot, inRepo('test', 'fixtures', 'apiConsumer')],
    extensionTestsPath: inRepo('out', 'test', 'hosts', 'hostSuite.js'),
    // A profile that goes with the run, not the one that the next run would find again.
    launchArgs: [
      workspace,
      `--user-data-dir=${userDataDir}`,
      `--extensions-dir=${path.join(userDataDir, 'extensions')}`,
    ],
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
