// Looks whether this commit can be released as the version that it names, and tags it. It publishes nothing: a CI does, by the tag (docs/releasing.md).
// usage: npm run release -- [--check] [--tested COMMIT] [--packaged COMMIT] [--tagged]
//        npm run --silent release -- --notes     (what CHANGELOG.md says of this version, and nothing else)
//   --check            changes nothing: the tag is left to a later run
//   --tested COMMIT    all tests have passed on that commit, which must be this one. Without it they are run here, unless they have passed here before.
//   --packaged COMMIT  the same of `npm run package -- --all`
//   --tagged           for the CI that the tag starts: the tag is there, on this commit, which is in origin's main
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    tagged: { type: 'boolean', default: false },
    notes: { type: 'boolean', default: false },
    tested: { type: 'string' },
    packaged: { type: 'string' },
  },
});

/** @param {string} file */
const read = (file) => readFileSync(path.join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json'));
/** @type {string} */
const version = manifest.version;
const tag = `v${version}`;
const commit = git('rev-parse', 'HEAD');
/** Names the commit on which `npm test` passed here. */
const testedFile = path.join(root, 'out', 'release', 'tested');

/**
 * What must be so, cheap things first: each returns what is wrong and what to do about it, or nothing.
 * @type {Record<string, () => string | undefined>}
 */
const looks = {
  'a version for everybody': () => {
    const [, , minor] = /^(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? [];
    if (minor === undefined)
      return `"${version}" is no MAJOR.MINOR.PATCH, the only form that the Marketplace takes. Set it by "npm version --no-git-tag-version X.Y.Z".`;
    if (Number(minor) % 2 === 1)
      return `${version} has an odd minor number, which by the Marketplace's custom is a pre-release. Take the next even one.`;
    return undefined;
  },
  'newer than the last release': () => {
    const tags = git('tag', '--list', 'v*').split('\n');
    const others = tags.filter((name) => /^v\d+\.\d+\.\d+$/.test(name) && !(options.tagged && name === tag));
    const last = others.sort(byVersion).at(-1);
    if (last !== undefined && byVersion(tag, last) <= 0)
      return `${tag} is not newer than ${last}. Raise the version by "npm version --no-git-tag-version X.Y.Z".`;
    return undefined;
  },
  'the same version in package-lock.json': () => {
    const lock = JSON.parse(read('package-lock.json'));
    const found = [lock.version, lock.packages?.['']?.version].filter((one) => one !== version);
    return found.length > 0
      ? `package.json has ${version}, the lock file ${found[0]}. Run "npm install --package-lock-only".`
      : undefined;
  },
  'the same version in the texts that name it': () => {
    const texts = ['README.md', ...readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`)];
    const wrong = texts
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        [...read(file).matchAll(/cheatcode-dev-server-(\d+\.\d+\.\d+)\.tgz/g)].map(([, one]) => [file, one]),
      )
      .filter(([, one]) => one !== version);
    return wrong.length > 0
      ? `${wrong.map(([file, one]) => `${file} names ${one}`).join(', ')}. Write ${version}.`
      : undefined;
  },
  'a section of CHANGELOG.md with its date': () => {
    const section = sectionOf(version);
    if (!section)
      return `there is no "## [${version}] - YYYY-MM-DD". Put what is under [Unreleased] below such a line.`;
    if (section.text === '') return `the section of ${version} is empty. Say what has changed.`;
    if (sections().find(({ name }) => name !== 'Unreleased')?.name !== version)
      return `the section of ${version} is not the first after [Unreleased]. Move it there.`;
    const isDate = new Date(`${section.date}T00:00:00Z`).toJSON?.()?.startsWith(section.date) === true;
    if (!isDate) return `the section of ${version} has no date like 2026-01-31. Write "## [${version}] - ${today()}".`;
    if (section.date > today())
      return `the section of ${version} is of ${section.date}, which is yet to come. Write ${today()}.`;
    return undefined;
  },
  'nothing left under [Unreleased]': () =>
    sectionOf('Unreleased')?.text ? `move what stands there into the section of ${version}.` : undefined,
  'a clean work tree': cleanTree,
  'the branch that is released': () => {
    if (options.tagged) {
      if (askGit('rev-parse', '--verify', '--quiet', `refs/tags/${tag}^{commit}`).output !== commit)
        return `there is no tag ${tag} on this commit. The tag's name is "v" and the version in package.json: delete the wrong tag, and run "npm run release".`;
      return askGit('merge-base', '--is-ancestor', commit, 'refs/remotes/origin/main').ok
        ? undefined
        : `this commit is not in origin's main. Delete the tag there, merge, and tag main by "npm run release".`;
    }
    const branch = git('rev-parse', '--abbrev-ref', 'HEAD');
    if (branch !== 'main') return `this is ${branch === 'HEAD' ? 'no branch' : branch}. Run "git switch main".`;
    const known = askGit('rev-parse', '--verify', '--quiet', 'refs/remotes/origin/main');
    return known.ok && !askGit('merge-base', '--is-ancestor', known.output, commit).ok
      ? 'origin has commits that are not here. Run "git pull --rebase", and test anew.'
      : undefined;
  },
  'the repository that package.json names': () => {
    const named = manifest.repository.url;
    const origin = askGit('remote', 'get-url', 'origin');
    if (!origin.ok) return `there is no remote "origin". Run "git remote add origin ${named}".`;
    return addressOf(origin.output) === addressOf(named)
      ? undefined
      : `origin is ${withoutSecret(origin.output)}, package.json has ${named}. Write the real one into repository, bugs, homepage and qna: README's pictures are taken from there.`;
  },
};

/** What takes its time, and is worth it only when all else is well. @type {Record<string, () => string | undefined>} */
const works = {
  'no known grave fault in what is shipped': () =>
    npm('run', 'audit', '--', '--required')
      ? undefined
      : '"npm run audit -- --required" failed. Update what it names; where the registry gave no answer, ask one that audits ("npm config set registry …").',
  'tests passed on this commit': () => {
    if (options.tested !== undefined) return sameCommit('--tested', options.tested);
    if (readFile(testedFile) === commit) return undefined;
    if (!npm('test')) return 'npm test failed. Repair what it names, commit, and come back.';
    mkdirSync(path.dirname(testedFile), { recursive: true });
    writeFileSync(testedFile, commit);
    return undefined;
  },
  'packages of all platforms, with what they should contain': () => {
    if (options.packaged !== undefined) return sameCommit('--packaged', options.packaged);
    return npm('run', 'package', '--', '--all')
      ? undefined
      : '"npm run package -- --all" failed. Repair what it names, commit, and come back.';
  },
  'a work tree that this left clean': cleanTree,
};

if (options.notes) {
  const section = sectionOf(version);
  if (!section?.text) throw new Error(`CHANGELOG.md says nothing of ${version}`);
  console.log(section.text);
} else {
  process.exitCode = release() ? 0 : 1;
}

/** @returns {boolean} whether all is well */
function release() {
  if (!take(looks)) {
    console.log(`\n${tag} can't be released yet. Tests and packages come when the rest is well.`);
    return false;
  }
  if (!take(works)) {
    console.log(`\n${tag} can't be released yet.`);
    return false;
  }
  if (options.check || options.tagged) {
    console.log(`\n${tag} can be released${options.check && !options.tagged ? ': "npm run release" tags it' : ''}.`);
    return true;
  }
  const made = askGit('tag', '--annotate', tag, '--message', `${manifest.displayName} ${version}`);
  if (!made.ok) {
    console.log(`\ngit could not make the tag: ${made.error}`);
    return false;
  }
  console.log(`\n${tag} is tagged here. This publishes it:\n\n  git push --atomic origin main ${tag}\n`);
  console.log(`Not yet? "git tag --delete ${tag}" takes it back.`);
  return true;
}

/** @param {Record<string, () => string | undefined>} checks @returns {boolean} */
function take(checks) {
  const failed = Object.entries(checks).filter(([name, check]) => {
    const wrong = check();
    console.log(wrong === undefined ? `✓ ${name}` : `✗ ${name}: ${wrong}`);
    return wrong !== undefined;
  });
  return failed.length === 0;
}

function cleanTree() {
  const output = git('status', '--porcelain');
  return output === ''
    ? undefined
    : `commit or stash these first: ${output
        .split('\n')
        .map((line) => line.trim())
        .join(', ')}.`;
}

/** @param {string} option @param {string} named */
function sameCommit(option, named) {
  return named === commit
    ? undefined
    : `${option} is of ${named}, and this is ${commit}. Check out that one, or leave the option out.`;
}

/** @returns {{ name: string, date: string, text: string }[]} of CHANGELOG.md, in its order */
function sections() {
  const [, ...parts] = read('CHANGELOG.md').split(/^## /m);
  return parts.map((part) => {
    const [, name = '', date = ''] = /^\[([^\]]+)\](?: - (\S+))?/.exec(part) ?? [];
    // Without the addresses of links, which stand below the last section.
    const text = part.replace(/^.*\n?/, '').replaceAll(/^\[[^\]]+\]: .*$/gm, '');
    return { name, date, text: text.trim() };
  });
}

/** @param {string} name */
function sectionOf(name) {
  return sections().find((section) => section.name === name);
}

/** The day, here or in Greenwich: wherever it is later. */
function today() {
  const now = new Date();
  const here = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
    .map((one) => String(one).padStart(2, '0'))
    .join('-');
  const there = now.toISOString().slice(0, 10);
  return here > there ? here : there;
}

/** @param {string} a @param {string} b */
function byVersion(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** Of a remote, however it is written: host, owner and name. @param {string} url */
function addressOf(url) {
  const [, host, folder] = /^(?:git\+)?(?:\w+:\/\/)?(?:[^@/]+@)?([\w.-]+)[:/](.+?)(?:\.git)?\/?$/.exec(url) ?? [];
  return `${host}/${folder}`.toLowerCase();
}

/** A remote's address may hold a token. @param {string} url */
function withoutSecret(url) {
  return url.replace(/\/\/[^@/]+@/, '//');
}

/** @param {string} file */
function readFile(file) {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** What git answers. @param {string[]} words @returns {string} @throws {Error} with git's words, when it fails */
function git(...words) {
  const { ok, output, error } = askGit(...words);
  if (!ok) throw new Error(`git ${words.join(' ')}: ${error}`);
  return output;
}

/** Where "no" is an answer, too. @param {string[]} words @returns {{ ok: boolean, output: string, error: string }} */
function askGit(...words) {
  const { status, stdout, stderr, error } = spawnSync('git', words, { cwd: root, encoding: 'utf8' });
  if (error) throw error;
  return { ok: status === 0, output: stdout.trim(), error: stderr.trim() };
}

/** Runs npm with its output on ours. @param {string[]} words @returns {boolean} whether it ended well */
function npm(...words) {
  const { status } = spawnSync('npm', words, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  return status === 0;
}
