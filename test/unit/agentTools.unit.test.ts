import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { answerText, failureText, type AgentDocument } from '../../src/sessions/agentAnswer';
import { callAgentTool, type AgentPorts } from '../../src/sessions/agentCalls';
import { agentInput } from '../../src/sessions/agentInput';
import { agentToolNames } from '../../src/sessions/agentToolNames';
import { agentTools } from '../../src/sessions/agentTools';
import { agentConfirmation } from '../../src/sessions/agentWords';
import { AppChoiceError } from '../../src/sessions/appChoice';
import { reportOf } from '../../src/sessions/appReport';
import type { ConnectionState } from '../../src/sessions/devServers';
import { DevServerError } from '../../src/sessions/errors';
import { Emitter } from '../../src/sessions/event';
import type { CompileIssues, NamedProcess, SessionSnapshot } from '../../src/sessions/protocol';
import { mcpDefinitions } from '../../src/sessions/mcpDefinitions';
import { anApp, aSession } from './samples';
import { skipOnWindows } from '../support/skip';

interface DeclaredTool {
  readonly name: string;
  readonly toolReferenceName: string;
  readonly displayName: string;
  readonly userDescription: string;
  readonly modelDescription: string;
  readonly inputSchema: object;
  readonly canBeReferencedInPrompt: boolean;
  readonly when: string;
}

const read = (name: string): unknown => JSON.parse(readFileSync(path.join(process.cwd(), name), 'utf8'));

describe('the tools of agents', () => {
  it('are in the manifest what they are in the table', () => {
    const manifest = read('package.json') as {
      readonly contributes: { readonly languageModelTools: readonly DeclaredTool[] };
    };
    const texts = read('package.nls.json') as Readonly<Record<string, string>>;
    const text = (key: string) => texts[key.replaceAll('%', '')];
    const declared = manifest.contributes.languageModelTools;
    assert.deepEqual(
      declared.map(({ name }) => name),
      [...agentToolNames],
    );
    assert.deepEqual(Object.keys(agentTools), [...agentToolNames]);
    for (const tool of declared) {
      const own = agentTools[tool.name as keyof typeof agentTools];
      assert.deepEqual(
        [tool.toolReferenceName, text(tool.displayName), tool.modelDescription, tool.inputSchema],
        [own.referenceName, own.title, own.description, own.inputSchema],
      );
      assert.ok(tool.canBeReferencedInPrompt);
      assert.ok((text(tool.userDescription)?.length ?? 0) > 20);
      assert.equal(tool.when, 'cheatcode.active', 'in other workspaces there is nothing to do for them');
    }
  });

  it('say of each whether it changes or ends something', () => {
    const effects = agentToolNames.map((name) => {
      const { isReadOnly, isDestructive } = agentTools[name];
      return isDestructive ? 'ends' : isReadOnly ? 'reads' : 'starts';
    });
    assert.deepEqual(effects, ['reads', 'starts', 'reads', 'ends', 'ends']);
  });

  it('take what is within their schema, and name what is not', () => {
    const ensure = (given: unknown) => agentInput('cheatcode_ensureDevServer', given);
    assert.deepEqual(ensure(undefined), { app: undefined, timeoutMs: 40_000, lines: 50 });
    assert.equal(ensure({ app: ' ' }).app, undefined);
    assert.equal(ensure({ timeoutSeconds: 100_000 }).timeoutMs, 600_000);
    assert.equal(agentInput('cheatcode_readDevServerOutput', { lines: 9999 }).lines, 200);
    for (const [wrong, says] of [
      [{ app: 3 }, /"app" must be a text/],
      [{ timeoutSeconds: '5' }, /"timeoutSeconds" must be a whole number/],
      [{ force: true }, /takes no "force"/],
      [[], /must be an object/],
    ] as const)
      assert.throws(() => ensure(wrong), says);
  });

  it('ask before they end a server of ours, and only then', () => {
    const ask = (of: Partial<SessionSnapshot>, name = 'cheatcode_stopDevServer' as const) =>
      agentConfirmation(name, 'Web', aSession(of))?.title;
    assert.equal(ask({}), 'Stop Web?');
    assert.equal(ask({ state: 'blocked' }), 'Stop Web?');
    assert.equal(ask({ state: 'stopped' }), undefined);
    assert.equal(ask({ adopted: true }), undefined, 'asked about with its processes, by a dialog of ours');
    assert.equal(agentConfirmation('cheatcode_restartDevServer', 'Web', aSession())?.title, 'Restart Web?');
    assert.equal(agentConfirmation('cheatcode_ensureDevServer', 'Web', aSession()), undefined);
  });
});

describe('the MCP server that an editor is told of', () => {
  const of = { isWanted: true, commandFolder: '/s/bin', folders: ['/w', '/w'], platform: 'linux' as const };

  it('is the stable command, for the folder that holds the apps, and only where a person wants it', function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    assert.deepEqual(mcpDefinitions(of), [
      { label: 'Cheatcode Dev Server', command: '/s/bin/cheatcode-dev', args: ['mcp', '--workspace', '/w'] },
    ]);
    assert.deepEqual(mcpDefinitions({ ...of, isWanted: false }), []);
    assert.deepEqual(mcpDefinitions({ ...of, commandFolder: undefined }), []);
  });

  it('has a name of its own for each of several folders', () => {
    const labels = mcpDefinitions({ ...of, folders: ['/w/a', '/w/b'] }).map(({ label }) => label);
    assert.deepEqual(labels, ['Cheatcode Dev Server (a)', 'Cheatcode Dev Server (b)']);
    assert.match(mcpDefinitions({ ...of, platform: 'win32' })[0]?.command ?? '', /cheatcode-dev\.cmd$/);
  });
});

describe('the answer of a tool', () => {
  it('is bounded: long lines are cut, and the oldest lines go first', () => {
    const lines = Array.from({ length: 200 }, (_, index) => `${index} ${'x'.repeat(2000)}`);
    const text = answerText({ apps: [], lines }, []);
    assert.ok(text.length <= 24_000);
    const answer = JSON.parse(text) as AgentDocument;
    assert.match(answer.lines?.at(-1) ?? '', /^199 x+…$/);
    assert.ok((answer.lines?.length ?? 0) > 20);
  });

  it('holds no secret, and real paths', () => {
    const session = aSession({
      state: 'blocked',
      reason: { code: 'portTaken', facts: { port: 3000, pid: 7, command: 'serve --token abc123secret' } },
    });
    const text = answerText(
      {
        apps: [reportOf(session, 'Web')],
        lines: ['API_KEY=topsecret', 'connect redis://me:pw@h/0', 'quote " TOKEN="a b"', 'my own word'],
        issues: [{ severity: 'error', message: 'password: hunter22' }],
      },
      ['own word'],
    );
    assert.doesNotMatch(text, /abc123secret|topsecret|me:pw|a b|hunter22|own word/);
    const { apps } = JSON.parse(text) as AgentDocument;
    assert.equal(apps?.[0]?.folder, '/w/cheatcode-app');
  });

  it('of a failure is a sentence with the places and the lines that explain it', () => {
    const issues = [
      { severity: 'error' as const, message: "Expected\n'</'", file: 'app/page.tsx', line: 8, column: 3 },
    ];
    assert.equal(
      failureText('Web has failed.', { issues, lines: ['', 'TOKEN=x1y2z3'] }, []),
      "Web has failed.\n  app/page.tsx:8:3: Expected '</'\n  TOKEN=***",
    );
  });
});

describe('a call of a tool', () => {
  const app = anApp();
  let session: SessionSnapshot | undefined;
  let done: string[];
  let issues: CompileIssues;
  let answer: string | undefined;
  const changed = new Emitter<SessionSnapshot>();
  const connection = new Emitter<ConnectionState>();
  const adopted: readonly NamedProcess[] = [{ pid: 7, startTicks: '1', command: 'next dev' }];

  const become = (of: Partial<SessionSnapshot>): SessionSnapshot => {
    // A server does not stop and start within one millisecond, as this does.
    const sinceMs = Math.max(Date.now(), (session?.sinceMs ?? 0) + 1);
    session = aSession({ ...session, ...of, revision: (session?.revision ?? 0) + 1, sinceMs });
    changed.fire(session);
    return session;
  };
  const ports = (): AgentPorts => ({
    servers: {
      connection: { kind: 'connected', hostPid: 1, hostVersion: '1' },
      onDidChangeConnection: connection.event,
      onDidChangeAnySession: changed.event,
      session: () => session,
      start: () => {
        done.push('start');
        return Promise.resolve(become({ state: 'starting', reason: { code: 'requested' } }));
      },
      stop: (_app, confirmed) => {
        done.push(`stop ${confirmed?.map(({ pid }) => pid).join() ?? ''}`.trim());
        return Promise.resolve(become({ state: 'stopped', reason: { code: 'stoppedByUser' }, desired: 'stopped' }));
      },
      restart: () => {
        done.push('restart');
        become({ state: 'stopping', reason: { code: 'requested' } });
        return Promise.resolve(become({ state: 'running', reason: { code: 'answered' } }));
      },
      foreignProcesses: () => Promise.resolve(adopted),
      endForeign: () => Promise.reject(new Error('not asked for')),
      lastOutput: () => Promise.resolve(['one', 'two', 'three']),
      compileIssues: () => Promise.resolve(issues),
    },
    apps: () => Promise.resolve([app]),
    chooseApp: (name) =>
      name === 'nobody'
        ? Promise.reject(new AppChoiceError('noSuchApp', 'There is no app "nobody".'))
        : Promise.resolve(app),
    join: (mayStart) => {
      done.push(mayStart ? 'join or start' : 'join');
      return Promise.resolve(session !== undefined || mayStart);
    },
    ask: (question) => {
      done.push(`ask ${question.title}`);
      return Promise.resolve(answer);
    },
    secrets: [],
  });
  const call = async (
    name: Parameters<typeof callAgentTool>[0],
    input: object = {},
    signal = new AbortController().signal,
  ) => JSON.parse(await callAgentTool(name, input, ports(), signal)) as AgentDocument;

  beforeEach(() => {
    session = undefined;
    done = [];
    issues = { issues: [], unknown: 'notRunning' };
    answer = undefined;
  });

  it('that only looks starts nothing', async () => {
    assert.equal((await call('cheatcode_listDevServers')).apps?.[0]?.state, 'stopped');
    assert.equal((await call('cheatcode_stopDevServer')).apps?.[0]?.state, 'stopped');
    assert.match((await call('cheatcode_readDevServerOutput')).note ?? '', /printed nothing yet/);
    assert.deepEqual(done, ['join', 'join', 'join']);
  });

  it('to ensure waits until the server runs', async () => {
    const waiting = call('cheatcode_ensureDevServer');
    setTimeout(() => become({ state: 'running', reason: { code: 'answered' } }), 5);
    const { apps } = await waiting;
    assert.equal(apps?.[0]?.state, 'running');
    assert.deepEqual(done, ['join or start', 'start']);
    done = [];
    await call('cheatcode_ensureDevServer');
    assert.deepEqual(done, ['join or start'], 'it runs already');
  });

  it('to ensure rejects with the last output and the errors when the server fails', async () => {
    const waiting = call('cheatcode_ensureDevServer');
    setTimeout(() => become({ state: 'failed', reason: { code: 'crashLoop' } }), 5);
    await assert.rejects(waiting, /^Error: Web [^]*\n {2}one\n {2}two\n {2}three$/);
  });

  it('to ensure says that a taken port is for a person, and what comes next', async () => {
    const waiting = call('cheatcode_ensureDevServer');
    setTimeout(() => become({ state: 'blocked', reason: { code: 'portTaken', facts: { port: 3000, pid: 9 } } }), 5);
    await assert.rejects(waiting, /port 3000 is taken.*It starts by itself as soon as the port is free/);
  });

  it('to ensure gives what there is when its time is over, and leaves no listener behind', async () => {
    const { apps, note } = await call('cheatcode_ensureDevServer', { timeoutSeconds: 1 });
    assert.equal(apps?.[0]?.state, 'starting');
    assert.match(note ?? '', /goes on by itself/);
  });

  it('rejects with the reason of a cancellation, while it waits and before it begins', async () => {
    const controller = new AbortController();
    const waiting = call('cheatcode_ensureDevServer', {}, controller.signal);
    setTimeout(() => controller.abort(new Error('given up')), 5);
    await assert.rejects(waiting, /given up/);
    done = [];
    await assert.rejects(call('cheatcode_stopDevServer', {}, controller.signal), /given up/);
    assert.deepEqual(done, []);
  });

  it('to restart does not take the server of before for the new one', async () => {
    become({ state: 'running' });
    const { apps } = await call('cheatcode_restartDevServer');
    assert.equal(apps?.[0]?.state, 'running');
    assert.deepEqual(done, ['join or start', 'restart']);
  });

  it('ends what we did not start only for the processes that a person agreed to', async () => {
    become({ state: 'running', adopted: true, reason: { code: 'adopted' } });
    answer = 'The user said no.';
    await assert.rejects(call('cheatcode_stopDevServer'), /^Error: The user said no\.$/);
    assert.deepEqual(done, ['join', 'ask Stop Web?']);
    answer = undefined;
    await call('cheatcode_stopDevServer');
    assert.deepEqual(done.slice(2), ['join', 'ask Stop Web?', 'stop 7']);
  });

  it('does nothing when the agent has given up before the person answered', async () => {
    become({ state: 'running', adopted: true, reason: { code: 'adopted' } });
    const controller = new AbortController();
    const of: AgentPorts = {
      ...ports(),
      ask: () => {
        controller.abort(new Error('given up'));
        return Promise.resolve(undefined);
      },
    };
    await assert.rejects(callAgentTool('cheatcode_stopDevServer', {}, of, controller.signal), /given up/);
    assert.deepEqual(done, ['join']);
  });

  it('reads the output with what does not compile, where the server can tell', async () => {
    become({ state: 'running' });
    assert.equal('issues' in (await call('cheatcode_readDevServerOutput')), false);
    issues = { issues: [{ severity: 'error', message: 'x', file: 'a.ts', line: 1 }] };
    const read = await call('cheatcode_readDevServerOutput', { lines: 2 });
    assert.deepEqual([read.issues?.length, read.lines], [1, ['two', 'three']]);
    issues = { issues: [] };
    assert.deepEqual((await call('cheatcode_readDevServerOutput', { lines: 0 })).issues, []);
  });

  it('puts errors of the session host into words', async () => {
    const of: AgentPorts = { ...ports(), join: () => Promise.reject(new DevServerError('hostHangs', { pid: 4 })) };
    const { signal } = new AbortController();
    await assert.rejects(callAgentTool('cheatcode_ensureDevServer', {}, of, signal), /session host \(pid 4\) does not/);
    await assert.rejects(call('cheatcode_ensureDevServer', { app: 'nobody' }), /There is no app "nobody"/);
  });
});
