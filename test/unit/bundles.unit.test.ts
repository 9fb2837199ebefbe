import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { version } from '../../package.json';
import { buildBundles, packageFolders, type Bundle } from '../hosts/bundles.mjs';
import { mapsFor, withSources, writeMaps } from '../hosts/maps.mjs';
import { repoRoot } from './support/repository';

/** What a bundle may have in kB (1000 bytes), minified: it is read, compiled and held wherever it is loaded. */
const mostKilobytes: Readonly<Record<string, number>> = {
  // In each window, before it shows anything; the design's budget.
  'extension.js': 150,
  // In a window that has to start the host, with the start lock; the next one beside it.
  'hostLauncher.js': 40,
  // Where short commands are run: in such a window, in the host, by the doctor.
  'runCommand.js': 130,
  // At each command that a person or an agent gives.
  'cli.js': 245,
  // Once on a machine, for as long as a server runs: the screen of the terminals is the largest part.
  'host.js': 410,
  // Once on a machine, with the first preview.
  'gateway.js': 92,
  // In the host and the command line, where a Redis is configured.
  'redis.js': 210,
  // In the one command that serves agents.
  'mcp.js': 110,
  // When a person asks what is wrong.
  'runDoctor.js': 110,
};
/** Of every other: a part that a window loads when it is wanted. */
const MOST_OF_A_PART = 55;

/** Large packages, each with the only bundle that may hold it. */
const homes: Readonly<Record<string, string>> = {
  'node_modules/ioredis': 'redis.js',
  'node_modules/@modelcontextprotocol/sdk': 'mcp.js',
  'node_modules/zod': 'mcp.js',
  'node_modules/@xterm/headless': 'host.js',
  'node_modules/@lydell/node-pty': 'host.js',
  'node_modules/http-proxy-3': 'gateway.js',
  'node_modules/execa': 'runCommand.js',
  'node_modules/jsonc-parser': 'jsonText.js',
  'node_modules/proper-lockfile': 'hostLauncher.js',
  'node_modules/uqr': 'phoneCard.js',
};

describe('the bundles of the product', function () {
  this.timeout(30_000);
  let bundles: readonly Bundle[];
  let folder: string;
  before(async () => {
    bundles = await buildBundles();
    folder = mkdtempSync(path.join(os.tmpdir(), 'ccmaps-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('are no larger than what was promised of each, or recorded with a reason', () => {
    assert.deepEqual(
      Object.keys(mostKilobytes).filter((name) => !bundles.some((bundle) => bundle.name === name)),
      [],
      'there is no such bundle',
    );
    const sizes = bundles.map(({ name, code }) => ({ name, kilobytes: code.length / 1000 }));
    console.log(`      ${sizes.map(({ name, kilobytes }) => `${name} ${kilobytes.toFixed(0)}`).join(', ')} kB`);
    assert.deepEqual(
      sizes.filter(({ name, kilobytes }) => kilobytes > (mostKilobytes[name] ?? MOST_OF_A_PART)),
      [],
    );
  });

  it('hold each large package once, where it is needed', () => {
    for (const [name, home] of Object.entries(homes))
      assert.deepEqual(
        bundles.filter(({ metafile }) => packageFolders(metafile).includes(name)).map((bundle) => bundle.name),
        [home],
        name,
      );
  });

  it('name no map', () => {
    for (const { name, code } of bundles) assert.doesNotMatch(Buffer.from(code).toString(), /sourceMappingURL=/, name);
  });

  describe('and a stack trace of them', () => {
    /** Of a real error in the launcher's bundle, which lies where an editor installs an extension. */
    let stack: string;
    /** Where that is thrown. */
    let source: string;
    let maps: string;
    before(async () => {
      maps = await writeMaps({ bundles, dir: path.join(folder, 'maps') });
      const dist = path.join(folder, `cheatcode.cheatcode-dev-server-${version}-linux-x64`, 'dist');
      mkdirSync(dist, { recursive: true });
      for (const { name, code } of bundles) writeFileSync(path.join(dist, name), code);
      const script = "require('./hostLauncher.js').readHostParts('/nowhere').catch(({ stack }) => console.log(stack))";
      stack = execFileSync(process.execPath, ['-e', script], { cwd: dist, encoding: 'utf8' });
      const lines = readFileSync(path.join(repoRoot, 'src/sessions/hostCopy.ts'), 'utf8').split('\n');
      const line = lines.findIndex((text) => text.includes('new Error(`host.js is missing in'));
      assert.ok(line >= 0);
      source = `src/sessions/hostCopy.ts:${line + 1}:${(lines[line] ?? '').indexOf('new Error') + 1}`;
    });

    it('has no place in the sources, and gets it by the maps', async () => {
      assert.match(stack, /^Error: host\.js is missing in \/nowhere\n.*dist\/hostLauncher\.js:\d+:\d+/);
      assert.ok(!stack.includes('src/'), stack);
      const named = await withSources(stack, await mapsFor(stack, path.join(folder, 'maps')));
      assert.ok(named.includes(source), named);
      assert.ok(!named.includes('hostLauncher.js'), named);
      assert.equal(await mapsFor('', path.join(folder, 'maps')), maps);
    });

    it('gets it from the copy that a host runs from, too, and by the command', () => {
      const copy = stack.replaceAll(/\(?\/\S+\/dist\//g, '(/home/user/.cheatcode/run/bin/0123456789abcdef/');
      assert.notEqual(copy, stack);
      const args = [path.join(repoRoot, 'test/hosts/stack.mjs'), `--maps=${maps}`];
      const named = execFileSync(process.execPath, args, { input: copy, encoding: 'utf8', stdio: 'pipe' });
      assert.ok(named.includes(source), named);
    });

    it('stays as it is where no map knows better', async () => {
      const text = 'at a (/x/dist/other.js:1:2)\nat b (/x/dist/host.js:9999:1)\nat c (node:fs:1:1)\n';
      assert.equal(await withSources(text, maps), text);
    });

    it('of another version is not read by the maps of this one', async () => {
      const other = stack.replaceAll(`-${version}-`, '-99.0.0-');
      await assert.rejects(mapsFor(other, path.join(folder, 'maps')), /there are no maps of 99\.0\.0/);
    });
  });
});
