import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { readHostParts } from '../../src/sessions/hostCopy';
import { repoRoot } from '../hosts/paths.mjs';
import { checkVsix, readVsix } from '../hosts/vsixContents.mjs';
import { skipBecause } from '../support/skip';

type Vsix = Awaited<ReturnType<typeof readVsix>>;

/** What lies in `dist/native/`, and for which machine the binaries among it are built. */
const windows = [
  'conpty.node',
  'conpty_console_list.node',
  'conpty_console_list_agent.js',
  'shared/conout.js',
  'worker/conoutSocketWorker.js',
];
const natives: Readonly<Record<string, { readonly files: readonly string[]; readonly format?: string }>> = {
  'linux-x64': { files: ['pty.node'], format: 'ELF 62' },
  'linux-arm64': { files: ['pty.node'], format: 'ELF 183' },
  'alpine-x64': { files: [] },
  'alpine-arm64': { files: [] },
  'darwin-x64': { files: ['pty.node', 'spawn-helper'], format: 'Mach-O 0x1000007' },
  'darwin-arm64': { files: ['pty.node', 'spawn-helper'], format: 'Mach-O 0x100000c' },
  'win32-x64': { files: windows, format: 'PE 0x8664' },
  'win32-arm64': { files: windows, format: 'PE 0xaa64' },
};
const targets = Object.keys(natives);

/** What is neither a script of ours nor native. */
const rest = [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  'extension/LICENSE.txt',
  'extension/THIRD_PARTY_NOTICES.txt',
  'extension/changelog.md',
  'extension/l10n/bundle.l10n.de.json',
  'extension/media/cheatcode.schema.de.json',
  'extension/media/cheatcode.schema.json',
  'extension/media/icon.png',
  'extension/media/preview-dark.svg',
  'extension/media/preview-light.svg',
  'extension/media/preview.css',
  'extension/media/preview.js',
  ...['actions', 'preview', 'runs', 'terminal'].flatMap((step) =>
    ['dark', 'light'].map((theme) => `extension/media/walkthrough/${step}-${theme}.webp`),
  ),
  'extension/package.json',
  'extension/package.nls.de.json',
  'extension/package.nls.json',
  'extension/readme.md',
].sort();

const native = 'extension/dist/native/';
const isNative = (name: string) => name.startsWith(native);
const isBundle = (name: string) => name.startsWith('extension/dist/') && !isNative(name);
/** What differs between platforms beside the native part: it names that, or its kinds of files. */
const namesPlatform = ['[Content_Types].xml', 'extension.vsixmanifest', 'extension/THIRD_PARTY_NOTICES.txt'];

describe('the packages of the platforms', function () {
  // Eight are packed; each may take some seconds on a busy machine.
  this.timeout(240_000);
  const vsixes = new Map<string, Vsix>();
  const fileOf = (target: string) => path.join(repoRoot, 'out', `cheatcode-dev-server-${target}.vsix`);
  const vsixOf = (target: string): Vsix => {
    const vsix = vsixes.get(target);
    assert.ok(vsix, target);
    return vsix;
  };
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ccvsix-'));
    execFileSync(process.execPath, ['test/hosts/package.mjs', '--all'], { cwd: repoRoot });
    for (const target of targets) vsixes.set(target, await readVsix(fileOf(target)));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [target, { files, format }] of Object.entries(natives)) {
    it(`${target}: says so, holds its own native part and no other, and has at most 1 MB`, () => {
      const vsix = vsixOf(target);
      assert.ok(vsix.get('extension.vsixmanifest')?.content.includes(`TargetPlatform="${target}"`));
      const names = [...vsix.keys()].filter(isNative).map((name) => name.slice(native.length));
      assert.deepEqual(names.sort(), files);
      for (const name of names.filter((one) => !one.endsWith('.js')))
        assert.equal(formatOf(vsix.get(native + name)?.content ?? Buffer.alloc(0)), format, name);
      assert.ok(statSync(fileOf(target)).size <= 1024 * 1024, `${statSync(fileOf(target)).size} bytes`);
    });
  }

  it('hold the same of everything else, byte for byte', () => {
    const common = ([name]: readonly [string, unknown]) => !isNative(name) && !namesPlatform.includes(name);
    const [first, ...others] = targets.map((target) => new Map([...vsixOf(target)].filter(common)));
    assert.ok(first?.get('extension/dist/extension.js')?.content.length);
    for (const other of others) assert.deepEqual(other, first);
  });

  it('hold no script that nobody asks for, every one that is asked for, and of other files what is shown', () => {
    const vsix = vsixOf('alpine-x64');
    const bundles = [...vsix.keys()].filter(isBundle);
    assert.deepEqual([...vsix.keys()].filter((name) => !bundles.includes(name)).sort(), rest);
    const [named, loaded] = [/["'`](?:\.\/)?(\w+\.js)["'`]/g, LOADED].map((pattern) =>
      bundles.flatMap((name) => matchesIn(vsix.get(name)?.content, pattern)).map((name) => `extension/dist/${name}`),
    );
    const unasked = bundles.filter((name) => !named?.includes(name));
    assert.deepEqual(unasked, ['extension/dist/extension.js']);
    assert.ok(loaded?.length);
    for (const name of loaded) assert.ok(bundles.includes(name), name);
  });

  it('tell nothing of the sources or of the machine that packed them', () => {
    for (const [name, { content }] of vsixOf('win32-x64')) {
      for (const word of ['sourceMappingURL', repoRoot, os.homedir() + path.sep])
        assert.ok(!content.includes(word), `${word} in ${name}`);
    }
  });

  it('show pictures and lead to pages where anybody reaches them: in the repository, as that version has them', () => {
    const { version, repository } = JSON.parse(readFileSync(path.join(repoRoot, 'package.json'), 'utf8')) as {
      readonly version: string;
      readonly repository: { readonly url: string };
    };
    const place = repository.url.replace(/\.git$/, '');
    const readme = vsixOf('linux-x64').get('extension/readme.md')?.content.toString() ?? '';
    const links = [...readme.matchAll(/(!?)\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, mark, target = '']) => ({
      isPicture: mark === '!',
      target,
    }));
    assert.ok(links.some(({ isPicture }) => isPicture) && links.some(({ isPicture }) => !isPicture));
    for (const { isPicture, target } of links) {
      const [, file] = target.split(`${place}/${isPicture ? 'raw' : 'blob'}/v${version}/`);
      if (file !== undefined) assert.ok(existsSync(path.join(repoRoot, file.replace(/#.*/, ''))), target);
      else assert.match(target, isPicture ? /^$/ : /^(?:https:|#)/, target);
      // The Marketplace takes none.
      if (isPicture) assert.doesNotMatch(target, /\.svg$/);
    }
  });

  it('make a program of what macOS starts, and of nothing else', () => {
    for (const target of targets) {
      const programs = [...vsixOf(target)].filter(([, { mode }]) => (mode & 0o111) !== 0);
      assert.deepEqual(
        programs.map(([name, { mode }]) => [name, mode.toString(8)]),
        target.startsWith('darwin') ? [[`${native}spawn-helper`, '755']] : [],
      );
    }
  });

  it('give the session host’s copy every script that one of its scripts loads', async () => {
    const dist = path.join(folder, 'dist');
    for (const [name, { content }] of vsixOf('linux-x64')) {
      if (!name.startsWith('extension/dist/')) continue;
      const file = path.join(dist, name.slice('extension/dist/'.length));
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    const parts = await readHostParts(dist);
    const names = parts.map(({ name }) => name);
    assert.ok(names.includes(path.join('native', 'pty.node')));
    for (const { name, content } of parts.filter((part) => part.name.endsWith('.js')))
      for (const script of matchesIn(content, LOADED)) assert.ok(names.includes(script), `${name} loads ${script}`);
  });

  it('name each package whose code they hold, with a permissive licence and its text', () => {
    const metafiles = JSON.parse(
      readFileSync(path.join(repoRoot, 'out/package/metafiles.json'), 'utf8'),
    ) as readonly Metafile[];
    const bundled = metafiles
      .flatMap(({ outputs }) => Object.values(outputs))
      .flatMap(({ inputs }) => Object.entries(inputs))
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .flatMap(([file]) => /^.*node_modules\/(?:@[\w.-]+\/)?[\w.-]+(?=\/)/.exec(file) ?? [])
      .map((one) => nameAndVersion(path.join(repoRoot, one)));
    for (const known of ['execa', 'ioredis', '@xterm/headless', '@lydell/node-pty', '@modelcontextprotocol/sdk'])
      assert.ok(
        bundled.some((one) => one.startsWith(`${known} `)),
        known,
      );
    for (const target of targets) {
      const text = vsixOf(target).get('extension/THIRD_PARTY_NOTICES.txt')?.content.toString() ?? '';
      const sections = text.split(/^-{80}$/m).map((section) => section.trim());
      const listed = sections.shift() ?? '';
      const { version } = JSON.parse(
        readFileSync(path.join(repoRoot, 'node_modules/@lydell/node-pty/package.json'), 'utf8'),
      ) as { readonly version: string };
      const own = natives[target]?.files.length ? [`@lydell/node-pty-${target} ${version}`] : [];
      const titles = sections.map((section) => section.slice(0, section.indexOf('\n')));
      assert.deepEqual(
        titles.map((title) => title.replace(/ \(.*$/, '')).sort(),
        [...new Set([...bundled, ...own])].sort(),
      );
      for (const [at, title] of titles.entries()) {
        assert.match(title, / \((?:MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0)\)$/);
        assert.ok(listed.includes(`- ${title}`), title);
        assert.match(sections[at] ?? '', /warrant/i, title);
        assert.ok((sections[at]?.length ?? 0) > 500, title);
      }
    }
  });

  it('are refused when something is missing, or does not belong there', async () => {
    const bundles = [...vsixOf('linux-x64').keys()].filter(isBundle).map((name) => path.basename(name));
    const check = (target: string, made: { target?: string; bundles?: readonly string[] }) =>
      checkVsix(fileOf(target), { target, bundles, ...made });
    await check('linux-x64', {});
    await assert.rejects(check('linux-x64', { target: 'alpine-x64' }), /native\/pty\.node does not belong there/);
    await assert.rejects(check('alpine-x64', { target: 'linux-x64' }), /native\/pty\.node is missing/);
    await assert.rejects(check('linux-x64', { bundles: [...bundles, 'new.js'] }), /dist\/new\.js is missing/);
    await assert.rejects(check('linux-x64', { bundles: bundles.slice(1) }), /dist\/\w+\.js does not belong there/);
  });

  it('have the same bytes when they are made in another folder, by another user’s umask, zone and language', function () {
    if (process.platform === 'win32') skipBecause(this, 'the modes of macOS’s programs are those of Unix');
    const target = 'darwin-arm64';
    const clone = path.join(folder, 'an other place');
    // Whatever a checkout has, but for what git ignores.
    for (const name of readdirSync(repoRoot)) {
      if (['.git', 'node_modules', 'dist', 'out', '.sandbox'].includes(name)) continue;
      // The times say that the dependencies are as the lock file wants them.
      cpSync(path.join(repoRoot, name), path.join(clone, name), {
        recursive: true,
        preserveTimestamps: true,
        filter: (from) => !/\/(?:node_modules|\.next|\.expo)$/.test(from),
      });
    }
    symlinkSync(path.join(repoRoot, 'node_modules'), path.join(clone, 'node_modules'));
    const age = (file: string) => statSync(path.join(clone, file)).mtimeMs;
    assert.ok(age('node_modules/.package-lock.json') >= age('package-lock.json'), 'or they would be installed anew');
    for (const entry of readdirSync(clone, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) chmodSync(path.join(entry.parentPath, entry.name), 0o600);
    // In Czech “ch” comes after “h”.
    execFileSync('sh', ['-c', `umask 077; exec "$0" test/hosts/package.mjs --target=${target}`, process.execPath], {
      cwd: clone,
      env: { ...process.env, TZ: 'Pacific/Auckland', LC_ALL: 'cs_CZ.UTF-8', SOURCE_DATE_EPOCH: '1000000000' },
    });
    const again = readFileSync(path.join(clone, 'out', path.basename(fileOf(target))));
    assert.ok(again.equals(readFileSync(fileOf(target))));
  });
});

/** A script that lies beside the one that loads it. */
const LOADED = /["'`]\.\/(\w+\.js)["'`]/g;

function matchesIn(script: Buffer | undefined, pattern: RegExp): readonly string[] {
  return [...(script?.toString() ?? '').matchAll(pattern)].map(([, name = '']) => name);
}

/** What kind of binary it is, and the number that its format has for the processor. */
function formatOf(binary: Buffer): string {
  if (binary.readUInt32BE(0) === 0x7f454c46) return `ELF ${binary.readUInt16LE(18)}`;
  if (binary.readUInt32LE(0) === 0xfeedfacf) return `Mach-O 0x${binary.readUInt32LE(4).toString(16)}`;
  const at = binary.toString('latin1', 0, 2) === 'MZ' ? binary.readUInt32LE(0x3c) : 0;
  if (binary.toString('latin1', at, at + 4) === 'PE\0\0') return `PE 0x${binary.readUInt16LE(at + 4).toString(16)}`;
  return `unknown ${binary.toString('hex', 0, 8)}`;
}

function nameAndVersion(packageFolder: string): string {
  const { name, version } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
  };
  return `${name} ${version}`;
}
