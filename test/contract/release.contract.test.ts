import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repoRoot } from './support/hostRig';

/** One that the project never has: the clone's is always another than its own. */
const VERSION = '9000.2.0';
const TAG = `v${VERSION}`;
const OTHER = '0'.repeat(40);
const DAY_MS = 24 * 60 * 60 * 1000;

interface Manifest {
  version: string;
  readonly repository: { readonly url: string };
  readonly scripts: Record<string, string>;
}

/** Stands in for what takes an hour: notes its words beside the clone, and does what the environment says. */
const standIn = (name: string) =>
  `node -e "const fs = require('fs'); fs.appendFileSync('../ran', '${name} ' + process.argv.slice(1).join(' ') + '\\n'); if (process.env.LEAVES) fs.writeFileSync('left', ''); process.exit(process.env.FAILS === '${name}' ? 1 : 0)" --`;

/** A clone of what is in the work tree, ready to be released as {@link VERSION}. */
class Clone {
  readonly #environment: NodeJS.ProcessEnv = {
    ...process.env,
    ...{ GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b.c', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b.c' },
    // Nobody's settings: they could sign tags, or rename branches.
    ...{ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  };

  constructor(readonly folder: string) {}

  git(...words: string[]): string {
    return execFileSync('git', words, { cwd: this.folder, encoding: 'utf8', env: this.#environment, stdio: 'pipe' });
  }

  get commit(): string {
    return this.git('rev-parse', 'HEAD').trim();
  }

  get tags(): string[] {
    return this.git('tag').split('\n').filter(Boolean);
  }

  /** What was called of the stand-ins, in order. */
  get ran(): string[] {
    const file = path.join(this.folder, '../ran');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\s*\n/) : [];
  }

  change(file: string, to: (text: string) => string): void {
    const at = path.join(this.folder, file);
    const text = existsSync(at) ? readFileSync(at, 'utf8') : '';
    const changed = to(text);
    assert.notEqual(changed, text, `${file} is changed`);
    writeFileSync(at, changed);
  }

  save(): void {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', 'A change');
  }

  /** Runs the script. `failed` are the looks that found something, with what they say. */
  release(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['release.mjs', ...words], {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...this.#environment, ...env },
    });
    const failed = new Map([...stdout.matchAll(/^✗ (.*?): (.*)$/gm)].map(([, name = '', help = '']) => [name, help]));
    return { status, stdout, stderr, failed };
  }
}

describe('the release script', () => {
  let folder: string;
  let number = 0;
  let clone: Clone;

  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'ccrelease-'));
    const origin = new Clone(path.join(folder, 'origin'));
    for (const name of [
      'release.mjs',
      'package.json',
      'package-lock.json',
      'CHANGELOG.md',
      'README.md',
      'docs',
      '.gitignore',
    ])
      cpSync(path.join(repoRoot, name), path.join(origin.folder, name), { recursive: true });
    const { version } = JSON.parse(readFileSync(path.join(repoRoot, 'package.json'), 'utf8')) as Manifest;
    setVersion(origin, VERSION);
    for (const name of ['README.md', ...readdirSync(path.join(origin.folder, 'docs')).map((page) => `docs/${page}`)]) {
      const file = path.join(origin.folder, name);
      if (name.endsWith('.md'))
        writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`-${version}.tgz`, `-${VERSION}.tgz`));
    }
    writeFileSync(path.join(origin.folder, 'CHANGELOG.md'), changelog(`[${VERSION}] - 2026-01-31`));
    origin.git('init', '--quiet', '--initial-branch', 'main');
    origin.save();
    origin.git('tag', 'v0.0.9');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => {
    const at = path.join(folder, String(++number));
    mkdirSync(at);
    execFileSync('git', ['clone', '--quiet', path.join(folder, 'origin'), path.join(at, 'main')]);
    clone = new Clone(path.join(at, 'main'));
    clone.git('remote', 'set-url', 'origin', manifestOf(clone).repository.url);
  });

  it('runs tests and packaging and changes nothing with --check', () => {
    const { status, stdout, failed } = clone.release(['--check']);
    assert.deepEqual([...failed], []);
    assert.equal(status, 0);
    assert.match(stdout, /v9000\.2\.0 can be released: "npm run release" tags it/);
    assert.deepEqual(clone.ran, ['audit --required', 'test', 'package --all']);
    assert.deepEqual(clone.tags, ['v0.0.9']);
    assert.equal(clone.git('status', '--porcelain'), '');
  });

  it('tags, says what to push, does not run the tests of the same commit twice, and never tags twice', () => {
    clone.release(['--check']);
    const { status, stdout } = clone.release([]);
    assert.equal(status, 0);
    const [, push = ''] = /^ {2}git (push --atomic origin main v9000\.2\.0)$/m.exec(stdout) ?? [];
    const host = path.join(clone.folder, '../host.git');
    clone.git('init', '--quiet', '--bare', host);
    clone.git('remote', 'set-url', '--push', 'origin', host);
    clone.git(...push.split(' '));
    assert.equal(clone.git('ls-remote', host, 'refs/heads/main', `refs/tags/${TAG}`).trim().split('\n').length, 2);
    const [first, second] = [
      ['audit --required', 'test', 'package --all'],
      ['audit --required', 'package --all'],
    ];
    assert.deepEqual(clone.ran, [...first, ...second]);
    assert.equal(clone.git('cat-file', '-t', TAG).trim(), 'tag');
    assert.equal(clone.git('rev-parse', `${TAG}^{commit}`).trim(), clone.commit);
    const again = clone.release([]);
    assert.equal(again.status, 1);
    assert.match(again.failed.get('newer than the last release') ?? '', /npm version/);
    // A commit later they are run again.
    clone.git('tag', '--delete', TAG);
    clone.save();
    clone.release(['--check', '--packaged', clone.commit]);
    assert.deepEqual(clone.ran.slice(5), ['audit --required', 'test']);
  });

  it('takes the word of whoever tested and packaged this very commit', () => {
    const here = clone.release(['--check', '--tested', clone.commit, '--packaged', clone.commit]);
    assert.equal(here.status, 0, here.stdout);
    const elsewhere = clone.release(['--tested', OTHER, '--packaged', OTHER]);
    assert.equal(elsewhere.status, 1);
    assert.deepEqual(
      [...elsewhere.failed].map(([name, help]) => [name, help.includes('Check out that one, or leave the option out')]),
      [
        ['tests passed on this commit', true],
        ['packages of all platforms, with what they should contain', true],
      ],
    );
    assert.deepEqual(clone.ran, ['audit --required', 'audit --required'], 'what the day says, nobody else has asked');
    assert.deepEqual(clone.tags, ['v0.0.9']);
  });

  it('tags nothing when audit, tests or packaging fail, or leave something behind', () => {
    const cases = [
      [{ FAILS: 'test' }, 'tests passed on this commit', /npm test failed\. Repair/],
      [{ FAILS: 'audit' }, 'no known grave fault in what is shipped', /--required" failed\. Update/],
      [{ FAILS: 'package' }, 'packages of all platforms, with what they should contain', /--all" failed\. Repair/],
      [{ LEAVES: '1' }, 'a work tree that this left clean', /left/],
    ] as const;
    for (const [env, name, help] of cases) {
      const { status, failed } = clone.release([], env);
      assert.equal(status, 1);
      assert.deepEqual([...failed.keys()], [name]);
      assert.match(failed.get(name) ?? '', help);
      assert.deepEqual(clone.tags, ['v0.0.9']);
    }
  });

  it('prints what is new, for the page of the release', () => {
    const { status, stdout, stderr } = clone.release(['--notes']);
    assert.deepEqual([status, stdout, stderr], [0, '### Added\n\n- Something new.\n', '']);
  });

  const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
  const version = 'a version for everybody';
  const newer = 'newer than the last release';
  const lock = 'the same version in package-lock.json';
  const texts = 'the same version in the texts that name it';
  const section = 'a section of CHANGELOG.md with its date';
  const unreleased = 'nothing left under [Unreleased]';
  const tree = 'a clean work tree';
  const branch = 'the branch that is released';
  const repository = 'the repository that package.json names';
  const changed = (heading: string, text?: string, rest?: string) => () =>
    changeAndSave('CHANGELOG.md', () => changelog(heading, text, rest));
  const changeAndSave = (file: string, to: (text: string) => string) => {
    clone.change(file, to);
    clone.save();
  };
  const mistakes: readonly (readonly [title: string, mistake: () => void, failed: readonly string[], help: RegExp])[] =
    [
      [
        'a pre-release',
        () => setVersion(clone, '9000.2.0-beta.1', true),
        [version, texts, section],
        /no MAJOR\.MINOR\.PATCH.*npm version/,
      ],
      [
        'an odd minor number',
        () => setVersion(clone, '9000.3.0', true),
        [version, texts, section],
        /odd minor.*next even/,
      ],
      [
        'a version that is tagged',
        () => clone.git('tag', TAG),
        [newer],
        /v9000\.2\.0 is not newer than v9000\.2\.0\. Raise/,
      ],
      ['an old version', () => clone.git('tag', 'v9000.10.0'), [newer], /not newer than v9000\.10\.0/],
      [
        'a lock file of another version',
        () => changeAndSave('package-lock.json', (text) => text.replace(VERSION, '0.1.9')),
        [lock],
        /npm install --package-lock-only/,
      ],
      [
        'a text with another version',
        () => changeAndSave('docs/install.md', () => 'cheatcode-dev-server-0.1.9.tgz'),
        [texts],
        /docs\/install\.md names 0\.1\.9\. Write 9000\.2\.0/,
      ],
      ['no section', changed('[0.1.8] - 2026-01-31'), [section], /there is no "## \[9000\.2\.0\] - YYYY-MM-DD"/],
      ['no date', changed('[9000.2.0]'), [section], /Write "## \[9000\.2\.0\] - \d{4}-\d\d-\d\d"/],
      ['a date that there is not', changed('[9000.2.0] - 2026-02-31'), [section], /has no date/],
      ['a date to come', changed(`[9000.2.0] - ${inDays(3)}`), [section], /yet to come/],
      ['an empty section', changed('[9000.2.0] - 2026-01-31', ''), [section], /Say what has changed/],
      [
        'a section below an older one',
        changed('[0.1.8] - 2026-01-30', 'x', '## [9000.2.0] - 2026-01-31\n\nx\n'),
        [section],
        /not the first/,
      ],
      [
        'something unreleased',
        () =>
          changeAndSave('CHANGELOG.md', (text) => text.replace('## [Unreleased]\n', '## [Unreleased]\n\n- More.\n')),
        [unreleased],
        /move what stands there/,
      ],
      [
        'a changed file',
        () => clone.change('README.md', (text) => `${text}x`),
        [tree],
        /commit or stash these first: M README\.md/,
      ],
      ['a new file', () => clone.change('new', () => 'x'), [tree], /\?\? new/],
      ['another branch', () => clone.git('switch', '--quiet', '--create', 'other'), [branch], /git switch main/],
      ['no branch', () => clone.git('switch', '--quiet', '--detach'), [branch], /this is no branch/],
      ['commits that only origin has', () => advanceOrigin(clone), [branch], /git pull --rebase/],
      ['no origin', () => clone.git('remote', 'remove', 'origin'), [repository], /git remote add origin https:/],
      [
        'another origin',
        () => clone.git('remote', 'set-url', 'origin', 'https://me:secret@github.com/me/fork.git'),
        [repository],
        /^origin is https:\/\/github\.com\/me\/fork\.git.*Write the real one/,
      ],
    ];
  for (const [title, mistake, expected, help] of mistakes)
    it(`refuses ${title}, says what helps, and runs and tags nothing`, () => {
      mistake();
      const tags = clone.tags;
      const { status, stdout, failed } = clone.release([]);
      assert.equal(status, 1);
      assert.deepEqual([...failed.keys()], expected, stdout);
      assert.match([...failed.values()][0] ?? '', help);
      assert.doesNotMatch(stdout, /secret/);
      assert.deepEqual(clone.ran, []);
      assert.deepEqual(clone.tags, tags);
    });

  it('finds the version that npm sets in both files', () => {
    const words = ['version', '--no-git-tag-version', '9000.4.0', '--offline', '--loglevel=error'];
    execFileSync('npm', words, { cwd: clone.folder, stdio: 'pipe' });
    assert.deepEqual([...clone.release([]).failed.keys()], [texts, section, tree]);
  });

  it('knows the origin by whatever address', () => {
    const { url } = manifestOf(clone).repository;
    const [, owner = ''] = /github\.com\/(.*)\.git$/.exec(url) ?? [];
    assert.notEqual(owner, '');
    for (const address of [
      `git@github.com:${owner}.git`,
      `ssh://git@github.com/${owner}`,
      `https://github.com/${owner}/`,
    ]) {
      clone.git('remote', 'set-url', 'origin', address);
      assert.equal(clone.release(['--check', '--tested', clone.commit, '--packaged', clone.commit]).status, 0, address);
    }
  });

  describe('in the CI that a tag starts', () => {
    const words = () => ['--check', '--tagged', '--tested', clone.commit, '--packaged', clone.commit];
    beforeEach(() => {
      clone.git('tag', TAG);
      clone.git('switch', '--quiet', '--detach', TAG);
    });

    it('goes on with a tag of this version on a commit of main, however much later main is', () => {
      assert.equal(clone.release(words()).status, 0);
      advanceOrigin(clone);
      const { status, stdout } = clone.release(words());
      assert.equal(status, 0, stdout);
    });

    it('refuses a tag of another name or place, and a commit that is not in main', () => {
      clone.git('tag', '--delete', TAG);
      clone.git('tag', 'v0.1.9');
      assert.match(clone.release(words()).failed.get(branch) ?? '', /no tag v9000\.2\.0 on this commit/);
      clone.git('tag', TAG);
      clone.save();
      assert.match(clone.release(words()).failed.get(branch) ?? '', /no tag v9000\.2\.0 on this commit/);
      clone.git('tag', '--force', TAG);
      assert.match(clone.release(words()).failed.get(branch) ?? '', /not in origin's main\. Delete the tag/);
    });
  });
});

function manifestOf(clone: Clone): Manifest {
  return JSON.parse(readFileSync(path.join(clone.folder, 'package.json'), 'utf8')) as Manifest;
}

/** In both files, with scripts that stand in for the long ones. */
function setVersion(clone: Clone, version: string, save = false): void {
  const manifest = manifestOf(clone);
  const before = manifest.version;
  manifest.version = version;
  for (const name of ['audit', 'test', 'package']) manifest.scripts[name] = standIn(name);
  clone.change('package.json', () => JSON.stringify(manifest, undefined, 2));
  const own = `"version": "${before}"`;
  // The package itself is named twice, and before all others.
  clone.change('package-lock.json', (text) =>
    text.replace(own, `"version": "${version}"`).replace(own, `"version": "${version}"`),
  );
  if (save) clone.save();
}

/** As fetched from an origin whose main has gone on. */
function advanceOrigin(clone: Clone): void {
  const [commit] = clone.git('commit-tree', 'HEAD^{tree}', '-p', 'HEAD', '-m', 'Later').split('\n');
  clone.git('update-ref', 'refs/remotes/origin/main', commit ?? '');
}

function changelog(heading: string, text = '### Added\n\n- Something new.', rest = ''): string {
  return `# Changelog\n\n## [Unreleased]\n\n## ${heading}\n\n${text}\n\n${rest}\n## [0.0.9] - 2025-12-31\n\n- First.\n\n[Unreleased]: https://example.com/compare\n`;
}
