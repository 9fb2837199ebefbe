import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { AgentDocument } from '../../src/sessions/agentAnswer';
import { agentToolNames, type AgentToolName } from '../../src/sessions/agentToolNames';
import { agentTools } from '../../src/sessions/agentTools';
import { CliRig, cliProgram } from './support/cliRig';
import { isAlive, waitFor } from './support/hostRig';

/** As any agent does: with the SDK's own client, over the pipes of the real command. */
describe('the MCP server of the command line', function () {
  this.timeout(90_000);
  let rig: CliRig;
  let client: Client;
  let transport: StdioClientTransport;
  const errors: Error[] = [];
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    rig = await CliRig.create();
    transport = new StdioClientTransport({
      command: process.execPath,
      args: [cliProgram, 'mcp', '--workspace', rig.workspace],
      env: rig.environment,
      cwd: '/',
      stderr: 'pipe',
    });
    client = new Client({ name: 'test', version: '0' });
    // Whatever is no JSON-RPC on stdout.
    errors.length = 0;
    client.onerror = (error) => errors.push(error);
    await client.connect(transport);
  });
  afterEach(async () => {
    await client.close();
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rig.dispose();
    assert.deepEqual(errors, []);
  });

  const callFor = async (name: AgentToolName, input: Record<string, unknown> = {}) => {
    const { content, isError } = await client.callTool({ name, arguments: input });
    const [part] = content as readonly { readonly type: string; readonly text: string }[];
    assert.equal(part?.type, 'text');
    return { isError: isError === true, text: part.text };
  };
  const call = async (name: AgentToolName, input: Record<string, unknown> = {}) => {
    const { text, isError } = await callFor(name, input);
    assert.equal(isError, false, text);
    return JSON.parse(text) as AgentDocument;
  };
  const only = ({ apps }: AgentDocument) => {
    assert.equal(apps?.length, 1);
    const [app] = apps;
    assert.ok(app);
    return app;
  };

  it('lists the tools of our table, says what each may do, and tells a model to start no server itself', async () => {
    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      Object.keys(agentTools),
    );
    assert.deepEqual([...agentToolNames].sort(), Object.keys(agentTools).sort());
    for (const { name, description, inputSchema, annotations } of tools) {
      const tool = agentTools[name as AgentToolName];
      assert.equal(description, tool.description);
      assert.deepEqual(inputSchema, tool.inputSchema);
      assert.deepEqual(
        [annotations?.readOnlyHint, annotations?.destructiveHint, annotations?.idempotentHint],
        [tool.isReadOnly, tool.isDestructive, tool.isIdempotent],
      );
    }
    assert.match(client.getInstructions() ?? '', /Never start it yourself/);
    assert.equal(client.getServerVersion()?.name, 'cheatcode-dev');
  });

  it('starts nothing to say how things are', async () => {
    assert.equal(only(await call('cheatcode_listDevServers')).state, 'stopped');
    const { note, lines } = await call('cheatcode_readDevServerOutput');
    assert.deepEqual([note, lines], ['It has printed nothing yet.', []]);
    assert.equal(only(await call('cheatcode_stopDevServer')).state, 'stopped');
    assert.deepEqual(await rig.host.hostPids(), []);
  });

  it('ensures one server, reads its output, restarts and stops it', async () => {
    const first = only(await call('cheatcode_ensureDevServer'));
    assert.deepEqual([first.state, first.app, first.url], ['running', 'shop', `http://localhost:${rig.host.port}`]);
    assert.equal(await (await fetch(first.url ?? '')).text(), `pid ${first.pid}\n`);
    const [one, other] = await Promise.all([
      call('cheatcode_ensureDevServer', { app: 'web' }),
      call('cheatcode_ensureDevServer', { app: 'dev_server_web' }),
    ]);
    assert.deepEqual([only(one).pid, only(other).pid], [first.pid, first.pid]);

    const { lines = [] } = await call('cheatcode_readDevServerOutput', { lines: 2 });
    assert.equal(lines.length, 2);
    assert.match(lines.join('\n'), new RegExp(`listening on ${rig.host.port}`));

    const again = only(await call('cheatcode_restartDevServer'));
    assert.equal(again.state, 'running');
    assert.notEqual(again.pid, first.pid);
    assert.equal(isAlive(first.pid ?? 0), false);

    assert.equal(only(await call('cheatcode_stopDevServer')).state, 'stopped');
    assert.equal(isAlive(again.pid ?? 0), false);
  });

  it('gives the last output with an error when a server fails, without what looks like a secret', async () => {
    // It would else answer for as long as it lives, and whether anybody asks it then is chance.
    rig.configure({ STUB_CRASH_AFTER_MS: '50', STUB_NEVER_LISTEN: '1', STUB_LONG_LINE_MB: '0' });
    const { isError, text } = await callFor('cheatcode_ensureDevServer', { timeoutSeconds: 60 });
    assert.ok(isError, text);
    assert.match(text, /shop|Web/);
    assert.match(text, /stub server pid=/);
    assert.ok(text.length < 10_000);
  });

  it('says so when a server takes longer, tells what happens meanwhile, and waits on when it is asked again', async () => {
    rig.configure({ STUB_LISTEN_DELAY_MS: '4000' });
    const told: string[] = [];
    const { content } = await client.callTool(
      { name: 'cheatcode_ensureDevServer', arguments: { timeoutSeconds: 1 } },
      undefined,
      { onprogress: ({ message }) => told.push(message ?? '') },
    );
    const answer = JSON.parse((content as [{ text: string }])[0].text) as AgentDocument;
    assert.equal(only(answer).state, 'starting');
    assert.match(answer.note ?? '', /does not run yet, and goes on by itself/);
    assert.ok(told.some((sentence) => sentence !== ''));
    assert.equal(only(await call('cheatcode_ensureDevServer')).state, 'running');
  });

  it('takes a server that somebody else started as it is, and never ends it', async () => {
    const server = spawn(process.execPath, ['server.mjs'], {
      cwd: path.join(rig.workspace, 'cheatcode-app'),
      env: { ...rig.environment, PORT: String(rig.host.port) },
      stdio: 'ignore',
    });
    children.push(server);
    await waitFor('the server', () =>
      fetch(`http://localhost:${rig.host.port}/`).then(
        () => true,
        () => false,
      ),
    );
    const found = only(await call('cheatcode_ensureDevServer'));
    assert.deepEqual([found.adopted, found.pid], [true, server.pid]);
    for (const tool of ['cheatcode_stopDevServer', 'cheatcode_restartDevServer'] as const) {
      const { isError, text } = await callFor(tool);
      assert.ok(isError);
      assert.match(text, /started outside Cheatcode, so only a person can end it/);
      assert.ok(isAlive(server.pid ?? 0));
    }
    assert.match((await call('cheatcode_readDevServerOutput')).note ?? '', /goes to whoever started it/);
  });

  it('answers a wrong call with a sentence, and goes on', async () => {
    assert.match((await callFor('cheatcode_ensureDevServer', { app: 'nobody' })).text, /There is no app "nobody"/);
    assert.match((await callFor('cheatcode_listDevServers', { app: 'x' })).text, /takes no "app"/);
    assert.match((await callFor('format_disk' as AgentToolName)).text, /There is no tool "format_disk"/);
    assert.equal(only(await call('cheatcode_listDevServers')).state, 'stopped');
  });

  it('ends when its client goes or it is told to, at once and while a call waits; the server goes on', async () => {
    rig.configure({ STUB_LISTEN_DELAY_MS: '3000' });
    const pid = transport.pid ?? 0;
    assert.ok(isAlive(pid));
    const waiting = assert.rejects(call('cheatcode_ensureDevServer'));
    await waitFor('the start', async () => (await rig.json(['status'])).app?.state === 'starting');
    await client.close();
    await waiting;
    await waitFor('the end', () => !isAlive(pid), 2000);
    await waitFor('the server', async () => (await rig.json(['status'])).app?.state === 'running');

    for (const end of [(child: ChildProcess) => child.stdin?.end(), (child: ChildProcess) => child.kill('SIGTERM')]) {
      const { child, said, exit } = rig.start(['mcp']);
      child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
      await waitFor('an answer', () => said.out.includes('"id":1'));
      end(child);
      assert.deepEqual(await exit, [0, null]);
      assert.deepEqual(
        said.out
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as { jsonrpc: string }).jsonrpc),
        ['2.0'],
      );
      assert.equal(said.err, '');
    }
  });

  it('serves where no workspace is, and says which one it wants', async () => {
    const child = spawn(process.execPath, [cliProgram, 'mcp'], { cwd: '/', env: rig.environment, stdio: 'pipe' });
    children.push(child);
    const exit = once(child, 'exit');
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    const params = { name: 'cheatcode_listDevServers', arguments: {} };
    child.stdin.write(`no json\n${JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params })}\n`);
    await waitFor('the answer', () => out.includes('"id":7'));
    assert.match(out, /is no cheatcode workspace.*--workspace DIR names one/);
    child.stdin.end();
    await exit;
  });
});
