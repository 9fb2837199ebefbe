import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { repoRoot } from './support/hostRig';

describe('the command line, installed alone', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ccpack-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('carries the licences of all that it holds, and nothing of the extension', async () => {
    // A tree of its own: what is built before it is packed would be built below the other tests.
    const clone = path.join(folder, 'clone');
    const isSource = (file: string) =>
      !/^(?:node_modules|out|dist|\..+)$/.test(path.relative(repoRoot, file)) || file.endsWith('.npmignore');
    await cp(repoRoot, clone, { recursive: true, filter: isSource });
    await symlink(path.join(repoRoot, 'node_modules'), path.join(clone, 'node_modules'));
    execFileSync('npm', ['pack', '--offline', '--loglevel=error'], { cwd: clone, stdio: 'pipe' });
    const [file = ''] = readdirSync(clone).filter((name) => name.endsWith('.tgz'));
    const read = (...args: string[]) => execFileSync('tar', args, { cwd: clone, encoding: 'utf8' });
    assert.doesNotMatch(read('tzf', file), /\/(?:src|test|media|bench|extension\.js|node_modules)/);
    const notices = read('xzOf', file, 'package/dist/THIRD_PARTY_NOTICES.txt');
    // Redis is loaded where one is configured, the gateway and the MCP server lie in files of their own, and the terminal is native.
    for (const name of ['ioredis', 'http-proxy-3', '@modelcontextprotocol/sdk', '@lydell/node-pty'])
      assert.match(notices, new RegExp(`^${name} \\d+\\.\\d+.* \\(`, 'm'), name);
  });

  it('is a package without dependencies, and a command that any folder has', () => {
    const npm = (...args: string[]) =>
      execFileSync('npm', [...args, '--offline', '--loglevel=error'], { cwd: repoRoot, encoding: 'utf8' });
    // Built already: the tests must not build anew below each other.
    npm('pack', '--ignore-scripts', '--pack-destination', folder);
    const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    const content = execFileSync('tar', ['tzf', path.join(folder, file)], { encoding: 'utf8' });
    assert.doesNotMatch(content, /\/(?:src|test|media|bench|extension\.js|\.sandbox|node_modules)/);
    npm('install', '--global', '--prefix', path.join(folder, 'p'), path.join(folder, file));
    const command = path.join(folder, 'p/bin/cheatcode-dev');
    const env = {
      PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`,
      CHEATCODE_STATE_DIR: path.join(folder, 's'),
    };
    assert.match(execFileSync(command, ['--version'], { env, cwd: '/', encoding: 'utf8' }), /^\d+\.\d+\.\d+\n$/);
    // What starts a host lies beside it.
    const parts = readdirSync(path.join(folder, 'p/lib/node_modules/cheatcode-dev-server/dist'));
    const wanted = ['cli.js', 'hostLauncher.js', 'host.js', 'gateway.js', 'asOwner.js', 'redis.js', 'mcp.js'];
    for (const part of [...wanted, 'runCommand.js', 'jsonText.js']) assert.ok(parts.includes(part), part);
  });
});
