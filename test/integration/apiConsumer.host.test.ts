import assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';
import type { CheatcodeApi } from '../../src/cheatcode';
import { nextServersOf } from '../hosts/witness';

/** The example of docs/api.md: an extension that somebody else might write. */
describe('an extension that uses the API', () => {
  const consumer = vscode.extensions.getExtension<{ readonly seen: readonly string[] }>('example.api-consumer');

  it('is activated after ours, joins the one server that starts by itself, and gets its address', async () => {
    assert.ok(consumer, 'the example is installed');
    const { seen } = await consumer.activate();
    const answer = await vscode.commands.executeCommand<string>('apiConsumer.check');
    const [, url = ''] = /^cheatcode-app answers at (\S+)$/.exec(answer) ?? [];
    assert.match(url, /^https?:\/\//, answer);
    // It may have run before the consumer was there to hear of it.
    await vscode.extensions.getExtension<CheatcodeApi>('cheatcode.cheatcode-dev-server')?.exports.stop('cheatcode-app');
    await vscode.commands.executeCommand<string>('apiConsumer.check');
    const stoppedAt = seen.indexOf('cheatcode-app stopped');
    assert.ok(stoppedAt >= 0, seen.join(', '));
    assert.ok(seen.lastIndexOf('cheatcode-app running') > stoppedAt, seen.join(', '));
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    assert.equal((await nextServersOf(path.join(folder, 'cheatcode-app'))).length, 1);
  });
});
