import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { nextServersOf } from '../hosts/witness';
import type { AgentDocument } from '../../src/sessions/agentAnswer';
import { agentToolNames, type AgentToolName } from '../../src/sessions/agentToolNames';
import { agentTools } from '../../src/sessions/agentTools';

/** As an agent of the editor calls them. The editor agrees to its own questions by itself while it runs tests. */
describe('the tools that language models of the editor have', () => {
  const folder = () => path.join(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '', 'cheatcode-app');
  const call = async (name: AgentToolName, input: object = {}, token?: vscode.CancellationToken) => {
    const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined }, token);
    assert.equal(content.length, 1);
    const [part] = content;
    assert.ok(part instanceof vscode.LanguageModelTextPart);
    return JSON.parse(part.value) as AgentDocument;
  };
  /** The editor gathers for a moment what has come to be offered, and has no event for it; the suite's own limit ends a wait in vain. */
  const offer = async (name: AgentToolName): Promise<vscode.LanguageModelToolInformation> => {
    for (;;) {
      const offered = vscode.lm.tools.find((tool) => tool.name === name);
      if (offered) return offered;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const only = ({ apps }: AgentDocument) => {
    assert.equal(apps?.length, 1);
    const [app] = apps;
    assert.ok(app);
    return app;
  };

  before(async () => {
    await vscode.extensions.getExtension('cheatcode.cheatcode-dev-server')?.activate();
  });

  it('are offered by the editor with the descriptions and schemas of our table', async () => {
    for (const name of agentToolNames) {
      const offered = await offer(name);
      assert.equal(offered.description, agentTools[name].description);
      assert.deepEqual(offered.inputSchema, agentTools[name].inputSchema);
      assert.ok(offered.tags.includes('cheatcode'));
    }
  });

  it('ensure one server, and find it again', async () => {
    const first = only(await call('cheatcode_ensureDevServer', { timeoutSeconds: 100 }));
    assert.deepEqual([first.app, first.state], ['cheatcode-app', 'running']);
    assert.equal((await fetch(first.url ?? '')).status, 200);
    const again = only(await call('cheatcode_ensureDevServer', { app: 'web' }));
    assert.equal(again.pid, first.pid);
    assert.equal((await nextServersOf(folder())).length, 1);
    const listed = await call('cheatcode_listDevServers');
    assert.deepEqual(
      listed.apps?.map(({ app, state }) => [app, state]),
      [
        ['cheatcode-app', 'running'],
        ['cheatcode-mobile', 'stopped'],
      ],
    );
  });

  it('read the output, and where the code does not compile', async () => {
    const good = await call('cheatcode_readDevServerOutput', { lines: 5 });
    assert.ok((good.lines?.length ?? 0) <= 5);
    const page = path.join(folder(), 'app', 'page.tsx');
    const text = await readFile(page, 'utf8');
    await writeFile(page, `${text}\nconst broken = ;\n`);
    try {
      const { url } = only(good);
      const broken = await (async () => {
        for (;;) {
          await fetch(url ?? '').catch(() => undefined);
          const answer = await call('cheatcode_readDevServerOutput');
          // What the suite's own limit ends is a failure.
          if (answer.issues?.some(({ severity }) => severity === 'error')) return answer;
        }
      })();
      const place = broken.issues?.find(({ file }) => file === 'app/page.tsx');
      assert.equal(place?.line, text.split('\n').length + 1, JSON.stringify(broken.issues));
    } finally {
      await writeFile(page, text);
    }
  });

  it('are served over MCP, too, by the command that windows put beside their session host', async () => {
    const command = path.join(process.env['CHEATCODE_STATE_DIR'] ?? '', 'bin', 'cheatcode-dev');
    const child = spawn(command, ['mcp', '--workspace', path.dirname(folder())], { stdio: 'pipe' });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = once(child, 'exit');
    const params = { name: 'cheatcode_listDevServers', arguments: {} };
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })}\n`);
    while (!said.includes('\n')) await once(child.stdout, 'data');
    const { result } = JSON.parse(said) as { readonly result: { readonly content: readonly { text: string }[] } };
    const { apps } = JSON.parse(result.content[0]?.text ?? '') as AgentDocument;
    // The app that runs: of one that is only looked out for, the session host knows more than a window is told.
    assert.deepEqual(apps?.[0], (await call('cheatcode_listDevServers')).apps?.[0]);
    assert.equal(apps?.length, 2);
    child.stdin.end();
    assert.deepEqual(await ended, [0, null]);
    // Where a person wants it, an editor takes the definition of it since 1.101; an older one has nothing to register it with.
    const [, minor] = vscode.version.split('.');
    assert.equal(
      typeof (vscode.lm as unknown as Record<string, unknown>)['registerMcpServerDefinitionProvider'],
      Number(minor) >= 101 ? 'function' : 'undefined',
    );
  });

  it('restart a server of ours', async () => {
    const before = only(
      await call('cheatcode_listDevServers').then(({ apps }) => ({ schema: 1, apps: apps?.slice(0, 1) ?? [] })),
    );
    const after = only(await call('cheatcode_restartDevServer', { app: 'cheatcode-app', timeoutSeconds: 100 }));
    assert.equal(after.state, 'running');
    assert.notEqual(after.pid, before.pid);
    assert.equal((await nextServersOf(folder())).length, 1);
  });

  it('stop it, and say so when there is nothing to stop', async () => {
    assert.equal(only(await call('cheatcode_stopDevServer')).state, 'stopped');
    assert.deepEqual(await nextServersOf(folder()), []);
    assert.equal(only(await call('cheatcode_stopDevServer', { app: 'web' })).state, 'stopped');
  });

  it('say in a sentence what is wrong with a call', async () => {
    await assert.rejects(call('cheatcode_ensureDevServer', { app: 'shop' }), /There is no app "shop" in .*; there is/);
    await assert.rejects(call('cheatcode_readDevServerOutput', { lines: 'many' }), /"lines" must be a whole number/);
  });

  it('stop waiting when the agent gives up, and the server goes on starting', async () => {
    const source = new vscode.CancellationTokenSource();
    const waiting = call('cheatcode_ensureDevServer', {}, source.token);
    const rejected = assert.rejects(waiting);
    for (;;) {
      const { apps } = await call('cheatcode_listDevServers');
      if (apps?.[0]?.state !== 'stopped') break;
    }
    source.cancel();
    await rejected;
    assert.equal(only(await call('cheatcode_ensureDevServer', { timeoutSeconds: 100 })).state, 'running');
  });
});
