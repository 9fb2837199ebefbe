import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { nextIssues } from '../../src/sessions/host/nextIssues';
import type { CompileIssues, SessionSnapshot } from '../../src/sessions/protocol';
import { layPreviewSample, startPreviewSample, type Sample } from '../hosts/previewSamples.mjs';
import { aSession } from '../unit/samples';
import { repoRoot } from './support/hostRig';
import { waitUntil } from './support/waitUntil';

const recorded = JSON.parse(readFileSync(path.join(repoRoot, 'test/fixtures/nextErrors.json'), 'utf8')) as {
  readonly browsers: Readonly<Record<'16.1t', { readonly syntax: string }>>;
};

const BROKEN = 'export default function Page() {\n  return (\n    <main>\n    </main\n  );\n}\n';

/** Undefined while the server is busy. */
const known = (answer: CompileIssues) => (answer.unknown === 'noAnswer' ? undefined : answer);

describe('what a real Next.js says of code that does not compile', function () {
  this.timeout(240_000);
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const temporary = async (): Promise<string> => {
    const folder = await mkdtemp('/tmp/cci-');
    ends.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  };
  const start = async (of: Pick<Sample, 'version' | 'bundler'>, lay?: (folder: string) => Promise<void>) => {
    const sample: Sample = { router: 'app', basePath: '', ...of };
    const folder = await layPreviewSample(path.join(await temporary(), 'app'), sample);
    await lay?.(folder);
    const server = await startPreviewSample(folder, sample);
    ends.push(() => server.stop());
    return { folder, server, session: aSession({ folder, port: server.port }) };
  };

  it('is a place in a file: 16.4 with Turbopack, though no page was ever asked for, and its terminal stays silent', async () => {
    const { folder, server, session } = await start({ version: '16.4', bundler: 'turbopack' });
    const ask = nextIssues();
    // The first question builds the graph of all routes, which on a busy machine takes longer than an answer may.
    const atFirst = await waitUntil('an answer', async () => known(await ask(session)), 60_000);
    assert.deepEqual(atFirst, { issues: [] });
    const page = path.join(folder, 'app', 'page.js');
    const sound = await readFile(page, 'utf8');
    await writeFile(page, BROKEN);
    const found = await waitUntil(
      'an issue',
      async () => {
        const { issues } = await ask(session);
        return issues[0];
      },
      60_000,
    );
    assert.deepEqual(found, {
      severity: 'error',
      message: "Expected '>', got ')'",
      file: 'app/page.js',
      line: 5,
      column: 3,
    });
    await writeFile(page, sound);
    await waitUntil('no issue', async () => known(await ask(session))?.issues.length === 0, 60_000);
    assert.doesNotMatch(server.output(), /mcp|POST|GET|ompil/);
  });

  it('is known to browsers alone in 16.1, and is asked for silently', async () => {
    const { server, session } = await start({ version: '16.1', bundler: 'turbopack' });
    assert.deepEqual(await nextIssues()(session), { issues: [], unknown: 'noBrowser' });
    assert.doesNotMatch(server.output(), /mcp|POST|GET|ompil/);
  });

  it('is not asked for in 15.5, which would compile and log its "not found" page', async () => {
    const { server, session } = await start({ version: '15.5', bundler: 'turbopack' });
    assert.deepEqual(await nextIssues()(session), { issues: [], unknown: 'notSupported' });
    assert.doesNotMatch(server.output(), /mcp|POST|ompil/);
  });

  it('is not asked for again where the endpoint is known to be switched off', async () => {
    const off = 'export default { experimental: { mcpServer: false } };\n';
    const { server, session } = await start({ version: '16.4', bundler: 'turbopack' }, (folder) =>
      writeFile(path.join(folder, 'next.config.mjs'), off),
    );
    const ask = nextIssues();
    // Where the "not found" page takes longer to compile than an answer may, only the next question tells.
    await waitUntil('it is known', async () => (await ask(session)).unknown === 'notSupported', 120_000);
    const lines = () => server.output().match(/POST \/_next\/mcp/g)?.length ?? 0;
    await waitUntil('a line in the terminal', () => lines() > 0);
    const before = lines();
    assert.deepEqual(await ask(session), { issues: [], unknown: 'notSupported' });
    assert.equal(lines(), before);
  });

  describe('by a server that answers at will', () => {
    let questions: string[];
    const serve = async (
      answer: (tool: string, response: http.ServerResponse) => void,
    ): Promise<{ readonly folder: string; readonly session: SessionSnapshot }> => {
      questions = [];
      const folder = path.join(await temporary(), 'app');
      await mkdir(path.join(folder, 'node_modules', 'next'), { recursive: true });
      await writeFile(path.join(folder, 'node_modules', 'next', 'package.json'), '{ "version": "16.4.0" }');
      const server = http.createServer((request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          const { params } = JSON.parse(body) as { params: { name: string } };
          questions.push(`${request.headers.origin ?? 'no origin'} ${params.name}`);
          answer(params.name, response);
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      ends.push(async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      });
      const { port } = server.address() as { port: number };
      return { folder, session: aSession({ folder, port }) };
    };
    const tells = (text: string) => (_tool: string, response: http.ServerResponse) =>
      void response.end(`data: ${JSON.stringify({ result: { content: [{ type: 'text', text }] } })}\n`);

    it('is asked for without an origin, by one question at a time', async () => {
      const { session } = await serve(tells('{"issues":[]}'));
      const ask = nextIssues();
      await Promise.all([ask(session), ask(session), ask(session)]);
      assert.deepEqual(questions, ['no origin get_compilation_issues']);
    });

    it('is taken from the browsers where there is no such tool, as in 16.1 and with webpack', async () => {
      const { folder, session } = await serve((tool, response) => {
        if (tool === 'get_errors') tells(recorded.browsers['16.1t'].syntax)(tool, response);
        else response.end('data: {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"not found"}}\n');
      });
      // It names files from the folder above, whose name was `web` when this was recorded.
      await mkdir(path.join(folder, 'web', 'app'), { recursive: true });
      await writeFile(path.join(folder, 'web', 'app', 'page.js'), '');
      const place = { file: 'web/app/page.js', line: 6, column: 3 };
      assert.deepEqual(await nextIssues()(session), {
        issues: [{ severity: 'error', message: "Expected '>', got ')'", ...place }],
        isPartial: true,
      });
      assert.deepEqual(questions, ['no origin get_compilation_issues', 'no origin get_errors']);
    });

    it('names no file outside of the app', async () => {
      const filePath = ['[project]/link.js', '../../../../etc/passwd', '/etc/passwd'];
      const issues = filePath.map((told) => ({
        severity: 'error',
        title: 'x',
        source: { filePath: told, range: { start: { line: 1, column: 1 } } },
      }));
      const { folder, session } = await serve(tells(JSON.stringify({ issues })));
      await symlink('/etc/passwd', path.join(folder, 'link.js'));
      const issue = { severity: 'error', message: 'x' };
      assert.deepEqual(await nextIssues()(session), { issues: [issue, issue, issue] });
    });

    it('is unknown, and no failure, when it never answers, answers nonsense or without an end', async () => {
      const unknown = { issues: [], unknown: 'noAnswer' };
      const hostile: readonly ((tool: string, response: http.ServerResponse) => void)[] = [
        () => undefined,
        tells('nonsense'),
        (_tool, response) => void response.end('garbage'),
        (_tool, response) => void response.destroy(),
        (_tool, response) => {
          const more = (): void => {
            if (!response.destroyed) response.write('x'.repeat(64 * 1024), more);
          };
          more();
        },
      ];
      for (const answer of hostile) assert.deepEqual(await nextIssues(1000)((await serve(answer)).session), unknown);
    });

    it('is not asked for while the server does not run, and of no app but one of the web', async () => {
      const { session } = await serve(tells('{"issues":[]}'));
      const ask = nextIssues();
      assert.deepEqual(await ask({ ...session, state: 'starting' }), { issues: [], unknown: 'notRunning' });
      assert.deepEqual(await ask({ ...session, type: 'custom' }), { issues: [], unknown: 'notSupported' });
      assert.deepEqual(questions, []);
    });
  });
});
