import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { validate } from '@actions/languageservice/validate';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { skipOnWindows } from '../support/skip';
import { repoRoot } from './support/repository';

const folder = path.join(repoRoot, '.github/workflows');
const workflows = new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
const text = (name: string): string => workflows.get(name) ?? assert.fail(`there is no ${name}`);

let linted = 0;

/** What the linter of GitHub itself finds, which needs no network. */
async function findingsIn(workflow: string): Promise<string[]> {
  // It keeps what it has parsed, by the address.
  const document = TextDocument.create(`file:///.github/workflows/${++linted}.yml`, 'yaml', 1, workflow);
  const findings = await validate(document);
  return findings.map(({ range, message }) => `line ${range.start.line + 1}: ${JSON.stringify(message)}`);
}

/** Each thing that any workflow says in this form. */
function all(form: RegExp): string[] {
  const found = [...workflows.values()].flatMap((workflow) => [...workflow.matchAll(form)].map(([, one = '']) => one));
  assert.ok(found.length > 0, `nothing of the form ${form}`);
  return found;
}

describe('the workflows of the CI', () => {
  it('have nothing that the linter of GitHub finds', async () => {
    assert.deepEqual([...workflows.keys()].sort(), ['package.yml', 'publish.yml', 'test.yml']);
    for (const [name, workflow] of workflows) assert.deepEqual(await findingsIn(workflow), [], name);
  });

  const mistakes: Readonly<Record<string, readonly [from: string, to: string]>> = {
    'a key that there is not': ['timeout-minutes: 10', 'timeout: 10'],
    'a permission that there is not': ['attestations: write', 'atestations: write'],
    'a job that there is not': ['needs: check', 'needs: chek'],
    'a step that does nothing': ['- run: npm ci', '- runs: npm ci'],
    'an expression that does not end': ['secrets.VSCE_PAT }}', 'secrets.VSCE_PAT'],
    'a function that there is not': ['secrets.VSCE_PAT }}', 'text(secrets.VSCE_PAT) }}'],
    'an event that there is not': ['on:\n  push:', 'on:\n  pushed:'],
    'what is no YAML': ['jobs:\n', 'jobs: {\n'],
  };
  for (const [title, [from, to]] of Object.entries(mistakes))
    it(`would be found with ${title}`, async () => {
      const broken = text('publish.yml').replace(from, to);
      assert.notEqual(broken, text('publish.yml'), 'the mistake is made');
      assert.notDeepEqual(await findingsIn(broken), []);
    });

  it('call only what there is: scripts, suites, programs, files', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(repoRoot, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    for (const name of all(/\bnpm run (?:--\w+ )*([\w:-]+)/g)) assert.ok(scripts[name], `npm run ${name}`);
    for (const suite of all(/\bnpm test -- ([a-z ]+)/g).flatMap((names) => names.trim().split(' ')))
      assert.ok(
        allTests().some((file) => file.endsWith(`.${suite}.test.ts`)),
        `npm test -- ${suite}`,
      );
    for (const name of all(/\bnpx --no-install (\S+)/g))
      assert.ok(existsSync(path.join(repoRoot, 'node_modules/.bin', name)), name);
    for (const name of all(/\bout\/(test\/\S+)\.js/g)) assert.ok(existsSync(path.join(repoRoot, `${name}.ts`)), name);
    for (const name of all(/uses: \.\/(\S+)/g)) assert.ok(existsSync(path.join(repoRoot, name)), name);
  });

  it('run a program by its name', function () {
    assert.match(text('test.yml'), /- run: \.ci\/run\n/);
    skipOnWindows(this, 'Git makes no file a program there');
    assert.ok(statSync(path.join(repoRoot, '.ci/run')).mode & 0o111);
  });

  it('pin each action of others by its commit, and say which version that is', () => {
    for (const use of all(/uses: (.*)/g))
      if (!use.startsWith('./')) assert.match(use, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    // One version of each.
    const pins = new Set(all(/uses: ([\w-]+\/[\w-]+@.*)/g));
    assert.equal(new Set([...pins].map((pin) => pin.replace(/@.*/, ''))).size, pins.size, [...pins].join('\n'));
  });

  it('begin with the right to read, or none, and end', () => {
    for (const [name, workflow] of workflows) {
      assert.match(workflow, /^permissions:(?: \{\}|\n {2}contents: read)\n\n/m, name);
      assert.match(workflow, /^concurrency:\n {2}group: /m, name);
      const count = (form: RegExp) => workflow.match(form)?.length ?? 0;
      assert.equal(count(/^ {4}runs-on: /gm), count(/^ {4}timeout-minutes: \d+$/gm), name);
      // No step can push by what checkout would leave behind.
      assert.equal(count(/uses: actions\/checkout@/g), count(/persist-credentials: false/g), name);
    }
  });

  it('have secrets for tags alone, never for what others propose', () => {
    for (const [name, workflow] of workflows) {
      assert.doesNotMatch(workflow, /pull_request_target|workflow_run|secrets: inherit/, name);
      assert.equal(workflow.includes('secrets.'), name === 'publish.yml', name);
    }
    assert.match(text('publish.yml'), /^on:\n {2}push:\n {4}tags: \['v\*\.\*\.\*'\]\n\n/m);
    const secrets = all(/^ {10}\w+: \$\{\{ secrets\.(\w+) \}\}$/gm);
    assert.deepEqual(secrets.sort(), ['OVSX_PAT', 'VSCE_PAT'], 'in the environment of one step each');
  });

  it('publish after the tests, the packages and the checks', () => {
    const publish = text('publish.yml');
    assert.match(publish, /\n {2}check:\n {4}needs: \[test, package\]\n/);
    for (const job of ['marketplace', 'open-vsx', 'release'])
      assert.match(publish, new RegExp(`\\n {2}${job}:\\n {4}needs: check\\n`));
  });
});

function allTests(): string[] {
  return readdirSync(path.join(repoRoot, 'test'), { recursive: true, encoding: 'utf8' });
}
