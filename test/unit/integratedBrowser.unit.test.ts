import assert from 'node:assert/strict';
import { hasIntegratedBrowser, INTEGRATED_BROWSER_COMMAND } from '../../src/providers/integratedBrowser';

describe("the editor's own browser", () => {
  const others = ['workbench.action.files.save', 'simpleBrowser.show', 'simpleBrowser.api.open'];
  const editor = (isDesktop: boolean, commands: readonly string[]) => {
    let asked = 0;
    const look = hasIntegratedBrowser({
      isDesktop,
      commands: () => {
        asked += 1;
        return Promise.resolve(commands);
      },
    });
    return look.then((has) => ({ has, asked }));
  };

  it('is there on a desktop that has the command for it', async () => {
    assert.deepEqual(await editor(true, [...others, INTEGRATED_BROWSER_COMMAND]), { has: true, asked: 1 });
  });

  it('is not there on a desktop without it: a page in a frame is what the preview is already', async () => {
    assert.deepEqual(await editor(true, others), { has: false, asked: 1 });
  });

  it('is not there in a browser, where nobody is asked', async () => {
    assert.deepEqual(await editor(false, [INTEGRATED_BROWSER_COMMAND]), { has: false, asked: 0 });
  });

  it('is an error where the editor does not say', async () => {
    const commands = () => Promise.reject(new Error('gone'));
    await assert.rejects(hasIntegratedBrowser({ isDesktop: true, commands }), /gone/);
  });
});
