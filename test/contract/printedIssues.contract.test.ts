import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../src/sessions/clock';
import { IssueWatch } from '../../src/sessions/host/issueWatch';
import { nextIssues } from '../../src/sessions/host/nextIssues';
import type { AppType } from '../../src/sessions/protocol';
import { startExpoWeb } from '../hosts/expoWeb.mjs';
import { layPreviewSample, startPreviewSample, type Sample } from '../hosts/previewSamples.mjs';
import { copyWorkspace } from '../hosts/workspace.mjs';
import { aSession } from '../unit/samples';
import { quietLog } from './support/quietLog';
import { waitUntil } from './support/waitUntil';

/** Line 5 is what a compiler does not expect. */
const BROKEN = 'export default function Page() {\n  return (\n    <main>\n    </main\n  );\n}\n';
const THROWING = "export default function Page() {\n  throw new Error('boom at run time');\n}\n";

describe('what a real server prints of its errors', function () {
  this.timeout(300_000);
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const temporary = async (): Promise<string> => {
    const folder = await mkdtemp('/tmp/ccp-');
    ends.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  };
  type Running = Awaited<ReturnType<typeof startExpoWeb>>;
  /** Watches as the session host does, but in a process without a terminal. */
  const watched = (server: Running, folder: string, type: AppType) => {
    ends.push(() => server.stop());
    const session = aSession({ folder, type, port: server.port });
    const watch = new IssueWatch(
      { clock: systemClock, log: quietLog(), compileIssues: nextIssues() },
      { snapshot: () => session, isSeen: () => true, onChange: () => undefined },
    );
    ends.push(() => watch.dispose());
    watch.follow({ state: 'running', pid: server.pid, adoptedPort: undefined });
    let read = server.output().length;
    const known = <T>(what: string, look: (issues: IssueWatch['issues']) => T | undefined | false) =>
      waitUntil(
        what,
        async () => {
          const output = server.output();
          if (output.length > read) watch.read(output.slice(read));
          read = output.length;
          await watch.checkHealth();
          return look(watch.issues);
        },
        120_000,
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${JSON.stringify(watch.issues)}\n${server.output().slice(-3000)}`);
      });
    return { known, isClear: () => known('nothing is wrong', (issues) => issues === undefined) };
  };

  for (const of of [
    { version: '15.5', bundler: 'turbopack' },
    { version: '14.2', bundler: 'webpack' },
  ] as const)
    it(`is all that Next.js ${of.version} tells: known when it is asked for a page, gone when that is well`, async () => {
      const sample: Sample = { router: 'app', basePath: '', ...of };
      const folder = await layPreviewSample(path.join(await temporary(), 'app'), sample);
      const page = path.join(folder, 'app', 'page.js');
      const sound = await readFile(page, 'utf8');
      const server = await startPreviewSample(folder, sample);
      const { known, isClear } = watched(server, folder, 'web');
      const ask = () => fetch(server.url).then((response) => response.status);

      await writeFile(page, BROKEN);
      assert.equal(await ask(), 500);
      const build = await known('a build error', (issues) => issues?.[0]);
      assert.match(build.message, /^Expected '>.*', got '\)'$/);
      assert.deepEqual([build.file, build.line, build.column, build.thrown], ['app/page.js', 5, 3, undefined]);
      await writeFile(page, sound);
      await isClear();

      await writeFile(page, THROWING);
      assert.equal(await ask(), 500);
      const thrown = await known('what was thrown', (issues) => issues?.find((issue) => issue.thrown));
      const place = { file: 'app/page.js', line: 2, column: 9, thrown: true };
      assert.deepEqual(thrown, { severity: 'error', message: 'boom at run time', ...place });
      await writeFile(page, sound);
      assert.equal(await ask(), 200);
      await isClear();
    });

  it('is all that Metro tells: known when it is asked for a bundle, gone with the next change of the file', async () => {
    const workspace = await copyWorkspace(path.join(await temporary(), 'w'), { only: ['cheatcode-mobile'] });
    const folder = path.join(workspace, 'cheatcode-mobile');
    const app = path.join(folder, 'App.tsx');
    const sound = await readFile(app, 'utf8');
    const server = await startExpoWeb(folder);
    const { known, isClear } = watched(server, folder, 'mobile');
    const ask = () =>
      fetch(`${server.url}/index.bundle?platform=ios&dev=true`).then(async (response) => {
        await response.body?.cancel();
        return response.status;
      });

    await writeFile(app, sound.replace('</View>', '</View'));
    assert.equal(await ask(), 500);
    assert.deepEqual(await known('a build error', (issues) => issues?.[0]), {
      severity: 'error',
      message: 'Unexpected token, expected "jsxTagEnd"',
      file: 'App.tsx',
      line: 13,
      column: 3,
    });
    await writeFile(app, sound);
    await isClear();

    await writeFile(app, `import './missing-module';\n${sound}`);
    // Its watcher may need a moment.
    await waitUntil('another error', async () => (await ask(), server.output()).includes('missing-module'), 60_000);
    const missing = await known('an import of nothing', (issues) => issues?.[0]);
    assert.equal(missing.message, 'Unable to resolve "./missing-module"');
    assert.deepEqual([missing.file, missing.line, missing.importedBy], ['App.tsx', 1, ['index.ts']]);
    await writeFile(app, sound);
    await isClear();
  });
});
