import assert from 'node:assert/strict';
import { holdersOf } from '../hosts/witness';
import { TestMachine } from '../support/machines';
import { RedisServer } from '../support/redisServer';
import { Editor, eventually, serversIn, workspace, type Tab } from './support/workbench';

const PORT = 3196;
const PASSWORD = 'geheim-4712';

describe('a window whose sandbox runs on another machine', function () {
  this.timeout(240_000);
  let redis: RedisServer;
  let other: TestMachine;
  let editor: Editor;
  let tab: Tab;
  let folder: string;

  before(async () => {
    redis = await RedisServer.start({ password: PASSWORD });
    other = new TestMachine('sandbox-7', { url: redis.url });
    await (await other.permit()).release();
    other.tell('running', { url: 'http://sandbox-7:3000' });
    await eventually('the entry', async () => (await redis.run('EXISTS', 'dev_server_session:box:web')) === '1');
    folder = await workspace('machines');
    editor = await Editor.open('machines', {
      workspace: folder,
      settings: { 'cheatcode.web.port': PORT },
      env: { CHEATCODE_REDIS_URL: redis.url, CHEATCODE_SANDBOX_ID: 'box' },
    });
    tab = await editor.tab();
  });
  after(async () => {
    await editor?.close();
    await other?.across.close();
    await redis?.stop();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await tab.picture('failed-machines');
  });

  const toast = (text: string) => tab.page.locator('.notification-toast', { hasText: text });

  it('waits, says where it runs, and starts nothing', async () => {
    await tab.waitForStatus('Web waiting', 60_000);
    await toast('Web runs on sandbox-7, at http://sandbox-7:3000.').waitFor();
    await tab.command('Cheatcode: Open Preview');
    const page = await eventually('the preview', () => tab.previewPage());
    await page.getByText('Web runs on sandbox-7').waitFor();
    await tab.picture('elsewhere');
    assert.deepEqual(await serversIn(folder), []);
  });

  it('starts it here, too, when a person says so, and the other machine is warned', async () => {
    const page = await eventually('the preview', () => tab.previewPage());
    await page.getByRole('button', { name: 'Start Here Anyway' }).click();
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
    assert.equal((await holdersOf(PORT)).length, 1);
    await eventually('the entry', async () =>
      (await redis.run('HGET', 'dev_server_session:box:web', 'url')).endsWith(`:${PORT}`),
    );
    await other.across.renew();
    assert.equal(other.across.warning('dev_server_web')?.code, 'startedElsewhere');
  });

  it('says once that Redis is away, runs on, and keeps the password to itself', async () => {
    await redis.stop();
    await toast('Redis does not answer').waitFor({ timeout: 60_000 });
    await tab.picture('redis-away');
    await tab.waitForStatus(`Web :${PORT}`);
    assert.ok(!editor.hostLog().includes(PASSWORD));
  });
});
