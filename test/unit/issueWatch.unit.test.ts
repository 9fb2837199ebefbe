import assert from 'node:assert/strict';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ASK_AFTER_MS, IssueWatch } from '../../src/sessions/host/issueWatch';
import type { CompileIssue, CompileIssues, SessionSnapshot } from '../../src/sessions/protocol';
import { quietLog } from '../contract/support/quietLog';
import { waitUntil } from '../contract/support/waitUntil';
import { aSession } from './samples';
import { FakeClock, settle } from './support/fakeClock';
import { aSpec, FakeHost } from './support/fakeHost';
import { tempFolders } from './support/tempFolders';

const APP = '1:2:cheatcode-app';
const ISSUE: CompileIssue = { severity: 'error', message: "Expected '>', got ')'", file: 'app/page.js', line: 6 };
const METRO =
  'iOS Bundling failed 30ms index.ts (1 module)\r\n' +
  ' ERROR  SyntaxError: App.tsx: Unexpected token, expected "jsxTagEnd" (13:2)\r\n';
const THROWN = '⨯ Error: boom\r\n    at Page (app/page.js:2:9)\r\n';

describe('what is wrong with the code of an app', () => {
  const tempFolder = tempFolders();
  describe('in the session host', () => {
    let host: FakeHost;
    beforeEach(() => (host = new FakeHost()));
    /** That a window was told, each once. */
    const told = () =>
      host.pushed.map(({ issues }) => JSON.stringify(issues)).filter((issues, at, all) => issues !== all[at - 1]);

    it('is asked for in each round of the one interval, while a window looks', async () => {
      await host.run();
      await host.clock.advance(60_000);
      assert.deepEqual(host.asked, [], 'nobody looks');
      const window = host.window(APP);
      await host.clock.advance(1000);
      assert.equal(host.asked.length, 1, 'somebody looks again');
      const timers = host.clock.pending;
      await host.clock.advance(60_000);
      assert.equal(host.asked.length, 5);
      assert.equal(host.clock.pending, timers, 'no timer of its own');
      window.dispose();
      await host.clock.advance(60_000);
      assert.equal(host.asked.length, 5);
    });

    it('is as many questions with ten windows as with one', async () => {
      for (let n = 0; n < 10; n++) host.window(APP);
      await host.run();
      host.asked.length = 0;
      await host.clock.advance(60_000);
      assert.equal(host.asked.length, 4);
    });

    it('is told to the windows once, and known to the next one at once', async () => {
      host.window(APP);
      await host.run();
      host.compileIssues = { issues: [ISSUE] };
      await host.clock.advance(50_000);
      assert.deepEqual(host.host.snapshots()[0]?.issues, [ISSUE]);
      host.compileIssues = { issues: [] };
      await host.clock.advance(50_000);
      assert.deepEqual(told(), [JSON.stringify([ISSUE]), undefined]);
    });

    it('is asked for soon after output that tells of a compilation, once for several', async () => {
      host.window(APP);
      await host.run();
      await host.clock.advance(16_000);
      host.asked.length = 0;
      for (let n = 0; n < 5; n++) {
        host.machine.last.print(' ✓ Compiled in 18ms\r\n');
        await host.clock.advance(ASK_AFTER_MS / 2);
      }
      assert.equal(host.asked.length, 0);
      await host.clock.advance(ASK_AFTER_MS);
      assert.equal(host.asked.length, 1);
      host.machine.last.print('an ordinary line\r\n');
      await host.clock.advance(5000);
      assert.equal(host.asked.length, 1);
    });

    it('is forgotten with the run, and none of an earlier one', async () => {
      host.window(APP);
      await host.run();
      host.compileIssues = { issues: [ISSUE] };
      await host.clock.advance(20_000);
      assert.deepEqual(host.session().issues, [ISSUE]);
      host.compileIssues = { issues: [], unknown: 'noAnswer' };
      const stopped = host.find().stop();
      await host.reaches('stopped');
      await stopped;
      assert.equal(host.session().issues, undefined);
      assert.equal(told().at(-1), undefined);
      await host.run();
      assert.equal(host.session().issues, undefined);
    });

    it('is what Metro prints, and over with the next change of the file, of which Metro says nothing', async () => {
      const folder = tempFolder();
      const file = path.join(folder, 'App.tsx');
      await writeFile(file, 'broken');
      const appKey = '1:3:mobile';
      host.window(appKey);
      const { id } = await host.run(aSpec({ appKey, folder, type: 'mobile', appName: 'mobile', port: 8081 }));
      host.machine.last.print(METRO);
      const place = { file: 'App.tsx', line: 13, column: 3 };
      await waitUntil('it is known', () => host.session(id).issues !== undefined);
      assert.deepEqual(host.session(id).issues, [
        { severity: 'error', message: 'Unexpected token, expected "jsxTagEnd"', ...place },
      ]);
      await host.clock.advance(20_000);
      assert.equal(host.session(id).issues?.length, 1, 'a round changes nothing');
      await utimes(file, new Date(), new Date(Date.now() + 1000));
      await host.clock.advance(20_000);
      await waitUntil('it is over', () => host.session(id).issues === undefined);
    });
  });

  describe('of one server', () => {
    let clock: FakeClock;
    let folder: string;
    let session: SessionSnapshot;
    let answer: CompileIssues;
    let tookMs: number;
    let questions: number;
    let atOnce: number;
    let changes: number;
    let watch: IssueWatch;

    beforeEach(async () => {
      clock = new FakeClock();
      folder = tempFolder();
      await mkdir(path.join(folder, 'app'));
      await writeFile(path.join(folder, 'app', 'page.js'), '');
      session = aSession({ folder });
      answer = { issues: [] };
      [tookMs, questions, atOnce, changes] = [0, 0, 0, 0];
      let underWay = 0;
      watch = new IssueWatch(
        {
          clock,
          log: quietLog(),
          compileIssues: async () => {
            questions++;
            atOnce = Math.max(atOnce, ++underWay);
            if (tookMs > 0) await new Promise<void>((resolve) => clock.after(tookMs, resolve));
            underWay--;
            return answer;
          },
        },
        { snapshot: () => session, isSeen: () => true, onChange: () => changes++ },
      );
      watch.follow({ state: 'running', pid: 7, adoptedPort: undefined });
    });
    afterEach(() => watch.dispose());
    const known = (what: string, count: number) =>
      waitUntil(what, () => (watch.issues?.length ?? 0) === count).then(() => watch.issues);

    it('is asked for by one question at a time, whoever asks', async () => {
      tookMs = 2000;
      const asks = [watch.ask(), watch.ask(), watch.checkHealth()];
      await settle();
      await clock.advance(3000);
      await Promise.all(asks);
      assert.equal(questions, 1);
      watch.read('✓ Compiled in 1ms\n');
      for (let n = 0; n < 100; n++) {
        await clock.advance(1000);
        void watch.checkHealth();
      }
      assert.equal(atOnce, 1);
      // A server that takes its time is given five times as much in between.
      assert.ok(questions > 5 && questions <= 10, `${questions} questions in 100 s that take 2 s each`);
    });

    it('is the word of a server that knows all of the app, with what it printed of what was thrown', async () => {
      watch.read(`⨯ ./app/page.js:6:3\nError: old\n${THROWN}`);
      await known('both', 2);
      answer = { issues: [ISSUE] };
      const { issues } = await watch.ask();
      assert.deepEqual(
        issues.map(({ message }) => message),
        [ISSUE.message, 'boom'],
      );
      answer = { issues: [] };
      await watch.ask();
      assert.deepEqual(
        watch.issues?.map(({ message }) => message),
        ['boom'],
      );
    });

    it('is what was printed, too, where the server knows a part or nothing', async () => {
      watch.read('⨯ ./app/page.js:6:3\nError: printed\n');
      await known('what was printed', 1);
      for (const unknown of ['notSupported', 'noBrowser'] as const) {
        answer = { issues: [], unknown };
        assert.deepEqual(
          (await watch.ask()).issues.map(({ message }) => message),
          ['printed'],
        );
      }
      answer = { issues: [{ ...ISSUE, line: 1 }], isPartial: true };
      assert.equal((await watch.ask()).issues.length, 2);
      // Of two that mean the same place, one.
      answer = { issues: [ISSUE], isPartial: true };
      assert.deepEqual((await watch.ask()).issues, [ISSUE]);
    });

    it('stays what it was while the server is too busy to say', async () => {
      answer = { issues: [ISSUE] };
      await watch.ask();
      answer = { issues: [], unknown: 'noAnswer' };
      await watch.ask();
      assert.deepEqual(watch.issues, [ISSUE]);
      assert.equal(changes, 1);
    });

    it('has no place outside of the app', async () => {
      watch.read('⨯ Error: elsewhere\n    at read (../../etc/passwd:1:1)\n');
      watch.read('⨯ ./../../etc/passwd.conf:6:3\nError: elsewhere\n');
      assert.deepEqual(await known('what has no place', 1), [{ severity: 'error', message: 'elsewhere' }]);
    });

    it('is short enough to be told with every change', async () => {
      const message = 'x'.repeat(1000);
      answer = { issues: Array.from({ length: 100 }, (_, n) => ({ ...ISSUE, message, line: n + 1 })) };
      await watch.ask();
      assert.ok(JSON.stringify(watch.issues).length < 16_000);
      assert.equal(watch.issues?.length, 30);
    });

    it('is not known of a server that does not run, and nothing is asked of it', async () => {
      watch.read(THROWN);
      await known('what was thrown', 1);
      session = { ...session, state: 'stopped' };
      watch.follow({ state: 'stopped', pid: undefined, adoptedPort: undefined });
      assert.equal(watch.issues, undefined);
      watch.read(THROWN);
      await watch.checkHealth();
      await clock.advance(60_000);
      assert.equal(watch.issues, undefined);
      assert.equal(questions, 0);
    });
  });
});
