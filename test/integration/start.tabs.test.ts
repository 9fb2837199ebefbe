import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { newestCodeServer } from '../hosts/codeServerInstall.mjs';
import { inRepo, inSandbox } from '../hosts/paths.mjs';
import { nextFreePort, tryPort } from '../hosts/ports.mjs';
import { eventually, workspace } from './support/workbench';

describe('npm start', function () {
  this.timeout(240_000);

  it('serves the editor with the extension on a folder and a port, and Ctrl+C ends all of it', async () => {
    const port = await nextFreePort(18_080);
    const folder = await workspace('start');
    const child = spawn('npm', ['start', '--', '--workspace', folder, '--port', String(port)], {
      cwd: inRepo(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // A group of its own, as a terminal would give it: Ctrl+C goes to all of it.
    });
    const exit = once(child, 'exit');
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    try {
      const url = await eventually('its address', () => {
        assert.equal(child.exitCode, null, said);
        return /Open in a browser:\s+(\S+)/.exec(said)?.[1];
      });
      assert.match(url, new RegExp(`^http://(?:127\\.0\\.0\\.1|localhost):${port}/`));
      const answer = await fetch(url);
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /code-server|workbench/);
      const installed = await readFile(inSandbox('start', newestCodeServer, 'extensions', 'extensions.json'), 'utf8');
      assert.match(installed, /cheatcode\.cheatcode-dev-server/);
    } finally {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT');
      await exit;
    }
    assert.match(said, /SIGINT: ending the editor and its dev servers/);
    assert.equal(await tryPort(port), port, 'nothing serves there any more');
  });
});
