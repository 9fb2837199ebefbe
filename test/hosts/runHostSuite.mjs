// Runs the host suite through `runTests` of @vscode/test-electron, as a process of its own: test.mjs can end it as a whole.
// usage: runHostSuite.mjs WORKSPACE; VSCODE_EXECUTABLE_PATH names a desktop VS Code to use instead of the launcher.
import { runTests } from '@vscode/test-electron';
import { inRepo, repoRoot } from './paths.mjs';

const [workspace] = process.argv.slice(2);
try {
  await runTests({
    vscodeExecutablePath: process.env['VSCODE_EXECUTABLE_PATH'] ?? inRepo('test', 'hosts', 'launcher.mjs'),
    // The second one is the example of docs/api.md, which uses what the first one exports.
    extensionDevelopmentPath: [repoRoot, inRepo('test', 'fixtures', 'apiConsumer')],
    extensionTestsPath: inRepo('out', 'test', 'hosts', 'hostSuite.js'),
    launchArgs: workspace ? [workspace] : [],
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
