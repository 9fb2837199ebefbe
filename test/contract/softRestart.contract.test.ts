import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { LaunchSpec, ProbeSpec } from '../../src/sessions/protocol';
import { systemPorts } from '../../src/sessions/host/ports';
import { softRestart } from '../../src/sessions/host/softRestart';
import { inSandbox } from '../hosts/paths.mjs';
import { sandboxEnv } from '../hosts/sandboxEnv.mjs';
import { copyWorkspace, ensureWorkspace } from '../hosts/workspace.mjs';
import { freePort } from './support/hostRig';
import { waitUntil } from './support/waitUntil';

const SETUP_MS = 240_000;
const NEXT_MS = 120_000;

function specOf(probe: ProbeSpec, type: LaunchSpec['type'] = 'web'): LaunchSpec {
  return { appKey: '1:1:app', appName: 'app', type, folder: '/', command: ['x'], port: 1, probe, env: {} };
}
const STATUS: ProbeSpec = { kind: 'http', method: 'GET', path: '/__nextjs_server_status' };

describe('a restart in place', () => {
  describe('of a real Next.js', function () {
    this.timeout(NEXT_MS);
    let folder: string;
    let next: ChildProcess;
    let port: number;

    const executionId = async () => {
      const answer = await fetch(`http://localhost:${port}/__nextjs_server_status`).catch(() => undefined);
      if (answer?.status !== 200) return undefined;
      return ((await answer.json()) as { readonly executionId: number }).executionId;
    };
    const listener = async () => (await systemPorts(process.platform).listeners(port))[0]?.pid;

    before(async function () {
      this.timeout(SETUP_MS);
      await ensureWorkspace();
      // Not in /tmp: packages are hard links, and those stay within one file system.
      folder = await mkdtemp(inSandbox('soft-restart-'));
      await copyWorkspace(path.join(folder, 'w'), { only: ['cheatcode-app'] });
      port = await freePort();
      const app = path.join(folder, 'w', 'cheatcode-app');
      const bin = path.join(app, 'node_modules/next/dist/bin/next');
      next = spawn('node', [bin, 'dev', '-p', String(port)], {
        cwd: app,
        env: await sandboxEnv(),
        stdio: 'ignore',
        detached: true,
      });
    });
    after(async () => {
      if (next.pid !== undefined && next.exitCode === null && next.signalCode === null) {
        process.kill(-next.pid, 'SIGINT');
        await once(next, 'exit');
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    });

    it('fault 43: keeps its process group and its port, and begins anew', async () => {
      const before = await waitUntil('Next answers', executionId, NEXT_MS);
      const pid = await waitUntil('it listens', listener);
      assert.equal(await softRestart(specOf(STATUS), port), true);
      await waitUntil('another execution', async () => ![undefined, before].includes(await executionId()), NEXT_MS);
      assert.equal(next.exitCode, null);
      assert.equal(next.signalCode, null);
      assert.notEqual(await waitUntil('it listens again', listener), pid);
    });
  });

  describe('of anything else', () => {
    let asked: string[];
    let server: http.Server;
    let answer: (request: http.IncomingMessage, response: http.ServerResponse) => void;
    const portOf = () => (server.address() as AddressInfo).port;

    beforeEach(async () => {
      asked = [];
      server = http.createServer((request, response) => {
        asked.push(`${request.method} ${request.url} ${request.headers.origin ?? 'no origin'}`);
        answer(request, response);
      });
      server.listen(0, 'localhost');
      await once(server, 'listening');
    });
    afterEach(async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });

    it('is not asked for where it can’t be: Next.js 14, which would log it, and Expo', async () => {
      answer = (_, response) => response.end('{"executionId":1}');
      const old = specOf({ kind: 'http', method: 'HEAD', path: '/_next/static/development/_devPagesManifest.json' });
      assert.equal(await softRestart(old, portOf()), false);
      assert.equal(
        await softRestart(specOf({ kind: 'http', method: 'GET', path: '/status' }, 'mobile'), portOf()),
        false,
      );
      assert.deepEqual(asked, []);
    });

    it('is not asked of what does not answer as Next.js', async () => {
      answer = (_, response) => response.end('<html>');
      assert.equal(await softRestart(specOf(STATUS), portOf()), false);
      answer = (_, response) => response.writeHead(404).end('{"executionId":1}');
      assert.equal(await softRestart(specOf(STATUS), portOf()), false);
      assert.deepEqual(asked, Array(2).fill('GET /__nextjs_server_status no origin'));
    });

    it('has not happened where it is refused, and has where the server ends before its answer', async () => {
      const nextLike = (onPost: (response: http.ServerResponse) => void) => {
        answer = (request, response) =>
          request.method === 'GET' ? response.end('{"executionId":1}') : onPost(response);
      };
      nextLike((response) => response.writeHead(403).end());
      assert.equal(await softRestart(specOf(STATUS), portOf()), false);
      nextLike((response) => response.writeHead(204).end());
      assert.equal(await softRestart(specOf(STATUS), portOf()), true);
      nextLike((response) => response.socket?.destroy());
      assert.equal(await softRestart(specOf(STATUS), portOf()), true);
      assert.ok(asked.every((line) => line.endsWith('no origin')));
    });

    it('is given up where nothing answers', async () => {
      answer = () => undefined;
      assert.equal(await softRestart(specOf(STATUS), portOf()), false);
      assert.equal(await softRestart(specOf(STATUS), await freePort()), false);
    });
  });
});
