import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { build } from 'esbuild';
import ts from 'typescript';
import { agentTools } from '../../src/sessions/agentTools';
import { runCommand } from '../../src/sessions/runCommand';
import { suites } from '../hosts/suites.mjs';
import { blocksOf, commandsOf, mcpServersOf, pagesIn } from '../support/pages';
import type { look } from './support/addedAppType';
import { CliRig } from './support/cliRig';
import { freePort, repoRoot, waitFor } from './support/hostRig';

const known = new Map<string, string>();
function read(file: string): string {
  const text = known.get(file) ?? readFileSync(path.join(repoRoot, file), 'utf8');
  known.set(file, text);
  return text;
}

/** What was agreed and what was measured, as it was: their commands were an experiment's, and are nobody's to type. */
const isRecord = (file: string): boolean => file === 'docs/design.md' || file === 'docs/facts.md';

const pages = pagesIn(repoRoot, ['README.md', 'SECURITY.md', 'docs']).filter(({ file }) => !isRecord(file));
const commands = [...new Map(pages.flatMap(commandsOf).map((one) => [one.command, one])).values()];
const mcpServers = pages.flatMap(mcpServersOf);

/** Commands that can't run inside of a test, and the text of the test (or of what runs all of them) that runs them. */
const elsewhere: readonly (readonly [command: string, file: string, text: string])[] = [
  ['npm start', 'test/integration/start.tabs.test.ts', 'serves the editor with the extension'],
  ['npm test', '.ci/run', 'npm test'],
  ['npm run check', 'test/contract/house.contract.test.ts', "scripts['check']"],
  ['npm run build', 'test/hosts/test.mjs', "['esbuild.mjs', '--tests']"],
  ['npm run audit -- --required', 'test/contract/release.contract.test.ts', "'audit --required'"],
  ['npx --yes expo start', 'test/unit/typedServer.unit.test.ts', 'npx --yes expo start'],
  ['npm run l10n', 'test/unit/words.unit.test.ts', '`npm run l10n` has been run'],
  ['npm run docs', 'test/unit/docs.unit.test.ts', "['docs.mjs', '--check']"],
  ['npm run package', 'test/hosts/test.mjs', 'ensureVsix()'],
  ['npm run package -- --all', 'test/contract/vsix.contract.test.ts', "['test/hosts/package.mjs', '--all']"],
  ['npm run release', 'test/contract/release.contract.test.ts', "'release.mjs'"],
  ['npm run release -- --check', 'test/contract/release.contract.test.ts', "['--check']"],
  ['npm version --no-git-tag-version 0.2.0', 'test/contract/release.contract.test.ts', "'--no-git-tag-version'"],
  ['git push --atomic origin main v0.2.0', 'test/contract/release.contract.test.ts', 'push --atomic origin main'],
  [
    'docker build --build-arg CHEATCODE_PLATFORM=linux-x64 --tag my-sandbox .',
    'test/integration/sandbox.tabs.test.ts',
    'image.build(fragment',
  ],
  [
    'docker run --init --stop-timeout 30 --publish 8080:8080 --volume "$PWD:/workspace" --env PASSWORD=secret my-sandbox',
    'test/integration/sandbox.tabs.test.ts',
    'image.start(start)',
  ],
  ['npm run stack -- report.md', 'test/unit/bundles.unit.test.ts', "'test/hosts/stack.mjs'"],
  ['npm run simulate', 'test/simulation/protocol.simulation.test.ts', 'holds all invariants in'],
  ['npm run mutations', 'test/simulation/mutations.simulation.test.ts', 'notices every mutation of the protocol'],
  ['npm pack', 'test/contract/cliPackage.contract.test.ts', "npm('pack'"],
  [
    `npm install --global cheatcode-dev-server-${(JSON.parse(read('package.json')) as { version: string }).version}.tgz`,
    'test/contract/cliPackage.contract.test.ts',
    "npm('install', '--global'",
  ],
  ['npm install --global @expo/ngrok@^4.1.0', 'test/faults/network.faults.test.ts', "'@expo/ngrok@^4.1.0'"],
  [
    'code-server --install-extension out/cheatcode-dev-server-linux-x64.vsix',
    'test/hosts/codeServer.mjs',
    "'--install-extension'",
  ],
  // The same option of the same program's other face, which was never run (docs/hosts.md).
  [
    'code --install-extension out/cheatcode-dev-server-linux-x64.vsix',
    'test/hosts/codeServer.mjs',
    "'--install-extension'",
  ],
  ['cheatcode-dev attach', 'test/contract/cli.contract.test.ts', 'attaches a terminal, which types into the server'],
  ['cheatcode-dev mcp', 'test/contract/cliMcp.contract.test.ts', 'lists the tools of our table'],
  [
    'claude mcp add cheatcode -- cheatcode-dev mcp',
    'test/contract/cliMcp.contract.test.ts',
    'lists the tools of our table',
  ],
  [
    'cheatcode-dev ls --fleet',
    'test/contract/cli.contract.test.ts',
    'tells Redis of the server, and lists it from there',
  ],
  [
    'eval "$(cheatcode-dev completion bash)"',
    'test/contract/cliCompletion.contract.test.ts',
    'eval "$(cheatcode-dev completion bash)"',
  ],
  [
    'source <(cheatcode-dev completion zsh)',
    'test/contract/cliCompletion.contract.test.ts',
    'source <(cheatcode-dev completion zsh)',
  ],
  [
    'cheatcode-dev completion fish | source',
    'test/contract/cliCompletion.contract.test.ts',
    'cheatcode-dev completion fish | source',
  ],
];

/** Run in a shell in a real workspace, on a real session host; `follows` is ended once it has printed something. */
const isForWorkspace = (command: string) =>
  /\bcheatcode-dev (?!mcp\b|attach\b|completion\b|ls --fleet)/.test(command) || command.startsWith('export ');
const follows = 'cheatcode-dev logs -f';
/** Exit codes other than 0; the doctor may find that this machine has little memory. */
const exitCodes: Readonly<Record<string, readonly number[]>> = { 'cheatcode-dev doctor': [0, 1] };

/** Run as they stand, for they are small. */
const isSmall = (command: string) =>
  command === 'npm start -- --help' || /^npm run (?:simulate|mutations) -- /.test(command);
/** Too big, but nothing of them may lead nowhere: suites, files, titles, rows, programs. */
const isLookedAt = (command: string) =>
  /^(?:VSCODE_EXECUTABLE_PATH=\S+ )?npm (?:test|start|run (?:test:full|soak|bench)) -- (?!--help)/.test(command) ||
  isScript(command);
/** Asks the registry, which may not answer, or takes hours. */
const isScript = (command: string) => /^npm run (?:audit|bench|test:full)$/.test(command);
/** Run in a scratch copy: they change files, and one goes on for ever. */
const inScratch: readonly string[] = ['npm run format', 'npm run watch'];
/** Run by nothing of ours, and why; docs/contributing.md says so. */
const untried: Readonly<Record<string, string>> = {
  'npx ovsx create-namespace cheatcode': 'an account at a marketplace',
  'gh attestation verify FILE --repo OWNER/NAME': 'GitHub and a release',
  'loginctl enable-linger': 'systemd',
};
/** Blocks without commands, held by other tests or shown as a form; without a word a figure. */
const withoutCommands: readonly string[] = ['', 'js', 'json', 'jsonc', 'mermaid', 'ts'];

describe('every command of the documentation', function () {
  this.timeout(300_000); // What compiles takes its time while others want the cores.

  it('is run by this test, or by one that is named here', () => {
    const named = new Set(elsewhere.map(([command]) => command));
    const unknown = commands.filter(
      ({ command }) =>
        !named.has(command) &&
        !isForWorkspace(command) &&
        !isSmall(command) &&
        !isLookedAt(command) &&
        !inScratch.includes(command) &&
        !(command in untried),
    );
    assert.deepEqual(unknown, []);
    assert.ok(commands.length > 40, `only ${commands.length} commands were found`);
  });

  it('is seen, in whatever block it stands', () => {
    // The fragment of an image, which has a test of its own, is the one that is in no line of commands.
    const seen = ['sh', 'console', 'ini', 'dockerfile', ...withoutCommands];
    const blocks = pages.flatMap(({ file, text }) => blocksOf(text).map((block) => ({ file, ...block })));
    assert.deepEqual(
      blocks.filter(({ language }) => !seen.includes(language)),
      [],
    );
    assert.deepEqual(
      blocks.filter(({ language }) => language === 'dockerfile').map(({ file }) => file),
      ['docs/sandbox.md'],
    );
    const figures = blocks.filter(({ language }) => language === '').map(({ body }) => body);
    const program = /^\s*(?:\$ |(?:npm|npx|node|git|gh|code|cheatcode-dev) [\w-])/m;
    assert.ok(!figures.some((body) => program.test(body)), 'a block of commands says that it is one');
    const file = 'page.md';
    const text = [
      ...['```ini', 'Description=x', 'ExecStart=/usr/bin/env x start', 'ExecStop=-/bin/x', '```'],
      ...['`npx x y`, `gh x`, `loginctl x` and `cheatcode-dev nothing`, not `npm`'],
    ].join('\n');
    assert.deepEqual(
      commandsOf({ file, text }).map(({ command }) => command),
      ['/usr/bin/env x start', '/bin/x', 'npx x y', 'gh x', 'loginctl x', 'cheatcode-dev nothing'],
    );
  });

  it('that nothing runs is named in docs/contributing.md with what it would need', () => {
    const words = read('docs/contributing.md').replaceAll(/\s+/g, ' ');
    for (const [command, need] of Object.entries(untried)) {
      const places = pages.filter((page) => commandsOf(page).some((one) => one.command === command));
      assert.ok(
        places.some((page) => page.file !== 'docs/contributing.md'),
        `nobody documents ${command}`,
      );
      assert.ok(words.includes(`\`${command}\` (${need})`), command);
    }
  });

  it('is still in the documentation, and in the test that is named for it', () => {
    for (const [command, file, text] of elsewhere) {
      assert.ok(
        commands.some((one) => one.command === command),
        `nobody documents ${command}`,
      );
      assert.ok(existsSync(path.join(repoRoot, file)), file);
      assert.ok(read(file).includes(text), `${file}: ${text}`);
    }
  });

  it('leads to suites, files, tests, benchmarks and programs that exist', () => {
    for (const { file, command } of commands) if (isLookedAt(command)) lookAt(command, file);
    for (const wrong of [
      'npm test -- units',
      'npm test -- unit --file noSuchFile',
      'npm run bench -- speed',
      'npm run soak -- --hours 2',
    ])
      assert.throws(() => lookAt(wrong, 'nowhere'), wrong);
  });

  describe('that changes files or goes on', () => {
    let folder: string;
    const file = (...names: readonly string[]) => path.join(folder, ...names);
    beforeEach(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'ccd-'));
      symlinkSync(path.join(repoRoot, 'node_modules'), file('node_modules'));
      for (const name of ['package.json', '.prettierrc.json', '.prettierignore'])
        cpSync(path.join(repoRoot, name), file(name));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    it('runs: npm run format', async () => {
      writeFileSync(file('a.ts'), 'export const a = {b:"c"}');
      const { exitCode, stdout, stderr } = await inShell('npm run format', folder, process.env);
      assert.equal(exitCode, 0, stdout + stderr);
      assert.equal(readFileSync(file('a.ts'), 'utf8'), "export const a = { b: 'c' };\n");
    });

    it('runs: npm run watch, which builds, and builds again what is changed', async () => {
      for (const name of ['esbuild.mjs', 'tsconfig.json', 'package-lock.json', 'src', 'l10n', 'media', 'test/hosts'])
        cpSync(path.join(repoRoot, name), file(name), { recursive: true });
      const child = spawn('npm', ['run', 'watch'], { cwd: folder, detached: true, stdio: ['pipe', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
      const ended = once(child, 'exit');
      try {
        const has = (words: string) =>
          existsSync(file('dist/cli.js')) && readFileSync(file('dist/cli.js'), 'utf8').includes(words);
        await waitFor('a first build', () => has('cheatcode-dev'), 120_000);
        await waitFor(
          'the others',
          () => ['extension', 'host', 'mcp'].every((one) => existsSync(file(`dist/${one}.js`))),
          120_000,
        );
        const main = file('src/cli.ts');
        writeFileSync(main, `${readFileSync(main, 'utf8')}\nconsole.error('it was built again');\n`);
        await waitFor('another build', () => has('it was built again'), 120_000);
      } finally {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
        await ended;
      }
      assert.equal(said, '');
    });
  });

  for (const { file, command } of commands.filter((one) => isSmall(one.command)))
    it(`runs: ${command}  (${file})`, async () => {
      const { exitCode, stdout, stderr } = await inShell(command, repoRoot, process.env);
      assert.equal(exitCode, 0, stdout + stderr);
      assert.ok(stdout.trim().length > 20, stdout);
    });

  describe('of the command line', () => {
    let rig: CliRig;
    let env: NodeJS.ProcessEnv;
    before(async () => {
      rig = await CliRig.create();
      // A second app, for the commands that name one.
      const phone = path.join(rig.workspace, 'cheatcode-mobile');
      cpSync(path.join(rig.workspace, 'cheatcode-app'), phone, { recursive: true });
      const app = (name: string, type: string, at: string, port: number) => ({
        ...{ name, type, path: at, port, command: 'node server.mjs', health: '/', env: { STUB_CHATTY: '1' } },
      });
      const apps = [
        app('shop', 'web', 'cheatcode-app', rig.host.port),
        app('phone', 'mobile', 'cheatcode-mobile', await freePort()),
      ];
      writeFileSync(path.join(rig.workspace, 'cheatcode.json'), JSON.stringify({ apps }));
      env = { ...rig.environment, BROWSER: '/bin/true', PATH: `${rig.commandFolder()}:${process.env['PATH'] ?? ''}` };
    });
    after(() => rig.dispose());

    it('starts each MCP server that a page has an agent start', async () => {
      assert.ok(mcpServers.length >= 2, 'docs/agents.md has two');
      for (const { command, args } of mcpServers) {
        const client = new Client({ name: 'test', version: '0' });
        const words = args.map((word) => word.replace('${workspaceFolder}', rig.workspace));
        const set = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
        const there = { cwd: rig.workspace, env: Object.fromEntries(set) as Record<string, string> };
        await client.connect(new StdioClientTransport({ command, args: words, ...there }));
        try {
          const { tools } = await client.listTools();
          assert.deepEqual(
            tools.map(({ name }) => name),
            Object.keys(agentTools),
          );
        } finally {
          await client.close();
        }
      }
    });

    for (const { file, command } of commands.filter((one) => isForWorkspace(one.command)))
      it(`runs: ${command.replaceAll('\n', ' ; ')}  (${file})`, async () => {
        const here = command.replaceAll('/workspace', rig.workspace);
        // What asks for a server that runs has one.
        if (!/\b(?:ensure|export)\b/.test(command)) assert.equal((await rig.run(['ensure'])).exitCode, 0);
        if (command === follows) {
          const child = spawn('/bin/bash', ['-c', `exec ${here}`], {
            cwd: rig.workspace,
            env,
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          let out = '';
          child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
          await waitFor('its output', () => out.includes('\n'), 30_000);
          child.kill('SIGINT');
          assert.deepEqual(await once(child, 'exit'), [130, null]);
          return;
        }
        const { exitCode, stdout, stderr } = await inShell(
          here.startsWith('#!') ? `set -- true\n${here}` : here,
          rig.workspace,
          env,
        );
        const expected = exitCodes[command] ?? [0];
        assert.ok(exitCode !== undefined && expected.includes(exitCode), `${exitCode}: ${stdout}${stderr}`);
        assert.doesNotMatch(stderr, /exit code/, 'what the script says when it fails');
        if (command.includes('--json')) assert.equal((JSON.parse(stdout) as { schema: number }).schema, 1);
        // Where two run, `logs` wants to know which.
        if (command.includes(' mobile')) assert.equal((await rig.run(['stop', 'mobile'])).exitCode, 0);
      });
  });
});

function inShell(command: string, cwd: string, env: NodeJS.ProcessEnv) {
  const all = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return runCommand('/bin/bash', ['-c', command], { cwd, env: all, timeoutMs: 150_000 });
}

/** Fails where a suite, a file of it, a title in it, a row, an option or a program is not there. */
function lookAt(command: string, file: string): void {
  const fail = (why: string): never => assert.fail(`${file}: ${command}: ${why}`);
  const [, , script, ...rest] = isScript(command)
    ? command.split(' ')
    : ['npm', 'run', '', ...(command.split(' -- ')[1]?.match(/"[^"]*"|\S+/g) ?? [])];
  const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
  if (script) {
    for (const [, program = '', project] of (scripts[script] ?? fail('no such script')).matchAll(
      /(?:^|&& )(?:node )?(\S+)(?:.*? -p (\S+))?/g,
    )) {
      if (!existsSync(path.join(repoRoot, program.endsWith('.mjs') ? program : `node_modules/.bin/${program}`)))
        fail(program);
      if (project !== undefined && !existsSync(path.join(repoRoot, project))) fail(project);
    }
    return;
  }
  const words = rest.filter((_, index) => !isValue(rest, index)).filter((word) => !word.startsWith('--'));
  const runner = command.startsWith('npm run bench')
    ? 'bench/run.mjs'
    : command.startsWith('npm start')
      ? 'test/hosts/start.mjs'
      : 'test/hosts/test.mjs';
  for (const word of rest)
    if (word.startsWith('--') && !new RegExp(`[ {]'?${word.slice(2)}'?: \\{ type: '`).test(read(runner)))
      fail(`${runner} takes no ${word}`);
  if (runner === 'bench/run.mjs') {
    for (const row of words)
      if (!new RegExp(`^  ${row}: \\{ title`, 'm').test(read('bench/rows.mjs'))) fail(`no row ${row}`);
    return;
  }
  const filesOfSuite = (name: string): readonly string[] => {
    const { folder, kind } = suites[name] ?? fail(`no suite ${name}`);
    return readdirSync(path.join(repoRoot, 'test', folder))
      .filter((one) => one.endsWith(`.${kind}.test.ts`))
      .map((one) => `test/${folder}/${one}`);
  };
  const wanted = valueOf(rest, '--file');
  const files = words.flatMap(filesOfSuite).filter((one) => one.includes(wanted ?? ''));
  if (words.length > 0 && files.length === 0) fail(`no file ${wanted}`);
  const title = valueOf(rest, '--grep');
  if (title !== undefined && !files.some((one) => read(one).includes(title))) fail(`no test ${title}`);
}

function isValue(words: readonly string[], index: number): boolean {
  return /^--(?:file|grep|minutes|seed|rounds|code-server)$/.test(words[index - 1] ?? '');
}

function valueOf(words: readonly string[], option: string): string | undefined {
  return words[words.indexOf(option) + 1 || words.length]?.replaceAll('"', '');
}

describe('a type of app, added as docs/contributing.md shows', function () {
  this.timeout(300_000); // What compiles takes its time while others want the cores.
  const table = path.join(repoRoot, 'src/sessions/appTypes.ts');
  let changed: string;
  let folder: string;
  before(async () => {
    const entry = /^```ts\n([\s\S]*?)^```$/m.exec(read('docs/contributing.md'))?.[1] ?? '';
    assert.match(entry, /^ {2}vite: \{$/m);
    const before = readFileSync(table, 'utf8');
    changed = before.replace('\n} as const satisfies', `\n${entry}} as const satisfies`);
    assert.notEqual(changed, before);
    folder = await mkdtemp(path.join(os.tmpdir(), 'ccd-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('needs no change of any other file: the sources compile', () => {
    const config = ts.parseJsonConfigFileContent(
      {
        ...(ts.readConfigFile(path.join(repoRoot, 'tsconfig.json'), (file) => ts.sys.readFile(file)).config as object),
        include: ['src'],
      },
      ts.sys,
      repoRoot,
    );
    const errorsWith = (text: string, files: readonly string[]) => {
      const plain = ts.createCompilerHost({ ...config.options, noEmit: true });
      const host: ts.CompilerHost = {
        ...plain,
        getSourceFile: (file, options) =>
          path.resolve(file) === table
            ? ts.createSourceFile(file, text, options, true)
            : plain.getSourceFile(file, options),
      };
      const program = ts.createProgram(files, { ...config.options, noEmit: true }, host);
      return ts
        .getPreEmitDiagnostics(program)
        .map(
          ({ file, messageText }) =>
            `${path.relative(repoRoot, file?.fileName ?? '')}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
        );
    };
    assert.ok(config.fileNames.length > 200);
    assert.deepEqual(errorsWith(changed, config.fileNames), []);
    const without = changed.replace(/^    icon: 'zap',\n/m, '');
    assert.ok(
      errorsWith(without, [table]).some((error) => error.includes('icon')),
      'an entry that lacks something',
    );
  });

  it('is found, named, started, taken by the host, shown and completed', async () => {
    const file = path.join(folder, 'addedAppType.js');
    await build({
      absWorkingDir: repoRoot,
      entryPoints: ['test/contract/support/addedAppType.ts'],
      outfile: file,
      bundle: true,
      platform: 'node',
      mainFields: ['module', 'main'],
      external: ['typescript', 'esbuild'],
      define: { TEST_BUILD: 'true' },
      logLevel: 'warning',
      plugins: [
        {
          name: 'added-type',
          setup(builder) {
            builder.onLoad({ filter: /[\\/]appTypes\.ts$/ }, () => ({ contents: changed, loader: 'ts' }));
          },
        },
      ],
    });
    const workspace = path.join(folder, 'w');
    for (const name of ['cheatcode-vite', 'other']) {
      mkdirSync(path.join(workspace, name), { recursive: true });
      const manifest = { name, scripts: { dev: 'vite' }, devDependencies: { vite: '^7' } };
      writeFileSync(path.join(workspace, name, 'package.json'), JSON.stringify(manifest));
    }
    writeFileSync(
      path.join(workspace, 'cheatcode.json'),
      '{ "apps": [{ "name": "admin", "type": "vite", "path": "other", "port": 5200 }] }',
    );
    const { apps, problems, completion } = await (createRequire(__filename)(file) as { look: typeof look }).look(
      workspace,
    );
    assert.deepEqual(problems, []);
    assert.match(completion, /\bvite\b/);
    const common = {
      type: 'vite',
      icon: 'zap',
      probe: { kind: 'tcp' },
      restartFiles: ['.env*'],
      install: ['pnpm', 'i'],
    };
    const command = ['pnpm', 'run', 'dev', '--port', '{port}'];
    assert.deepEqual(apps, [
      { ...common, name: 'admin', label: 'admin', folder: 'other', id: 'dev_server_vite', command, port: 5200 },
      {
        ...common,
        name: 'cheatcode-vite',
        label: 'cheatcode-vite',
        folder: 'cheatcode-vite',
        id: 'dev_server_vite_cheatcode-vite',
        command,
        port: 5173,
      },
    ]);
  });
});
