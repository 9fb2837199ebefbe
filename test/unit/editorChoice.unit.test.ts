import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { newestCodeServer, oldestCodeServer, wantedCodeServer } from '../hosts/codeServerInstall.mjs';
import { namedEditor } from '../hosts/desktop.mjs';
import { inRepo } from '../hosts/paths.mjs';
import { tempFolders } from './support/tempFolders';

const VARIABLE = 'VSCODE_EXECUTABLE_PATH';

interface Manifest {
  readonly version: string;
  readonly engines: { readonly vscode: string };
}
const manifestOf = (...folder: string[]) =>
  JSON.parse(readFileSync(inRepo(...folder, 'package.json'), 'utf8')) as Manifest;
/** Of code-server 4.N or VS Code 1.N. */
const minorOf = (version: string) => /^\^?\d+\.(\d+)\./.exec(version)?.[1];

describe('the oldest editor that the manifest promises', () => {
  const promised = minorOf(manifestOf().engines.vscode);

  it('is the one that the oldest suites run in', () => {
    assert.ok(promised !== undefined);
    assert.equal(minorOf(oldestCodeServer), promised);
  });

  it('is the one whose API the compiler knows: what is newer does not compile', () => {
    assert.equal(minorOf(manifestOf('node_modules', '@types', 'vscode').version), promised);
  });

  it('lacks what only one file asks for past the compiler, which looks whether it is there', () => {
    const files = readdirSync(inRepo('src'), { recursive: true, encoding: 'utf8' });
    const past = files.filter(
      (name) =>
        name.endsWith('.ts') && /vscode(\.\w+)* as (unknown|any)\b/.test(readFileSync(inRepo('src', name), 'utf8')),
    );
    assert.deepEqual(past, [path.join('providers', 'mcpDefinition.ts')]);
  });
});

describe('the choice of the editor that the suites run in', () => {
  const tempFolder = tempFolders();
  afterEach(() => {
    delete process.env[VARIABLE];
  });

  it('is the newest code-server, or the version that is named', async () => {
    assert.equal(await wantedCodeServer(undefined), newestCodeServer);
    assert.equal(await wantedCodeServer('4.112.0'), '4.112.0');
  });

  it('says of a code-server that is none, or too old, why it is not to be had', async () => {
    await assert.rejects(wantedCodeServer('newest'), { message: /^--code-server newest: no version of code-server/ });
    await assert.rejects(wantedCodeServer('4.96.4'), {
      message: '--code-server 4.96.4: that is VS Code 1.96, and the manifest wants ^1.99.0',
    });
  });

  it('is the program that VSCODE_EXECUTABLE_PATH names, if it is one', async () => {
    assert.equal(await namedEditor(), undefined);
    process.env[VARIABLE] = process.execPath;
    assert.equal(await namedEditor(), process.execPath);
    process.env[VARIABLE] = inRepo('package.json');
    await assert.rejects(namedEditor(), { message: `${VARIABLE}: ${inRepo('package.json')} is no program` });
    process.env[VARIABLE] = inRepo('test');
    await assert.rejects(namedEditor(), { message: `${VARIABLE}: ${inRepo('test')} is no program` });
  });

  it('is no script that starts the editor, as /usr/bin/code is', async () => {
    const folder = tempFolder();
    const named = (name: string, text: string) => {
      const file = path.join(folder, name);
      writeFileSync(file, text, { mode: 0o755 });
      process.env[VARIABLE] = file;
      return file;
    };
    const script = named('code', '#!/usr/bin/env sh\nexec true\n');
    await assert.rejects(namedEditor(), {
      message: `${VARIABLE}: ${script} is a script that starts the editor: name the editor's own program, such as /usr/share/code/code`,
    });
    for (const text of ['', '#', '\x7fELF']) {
      const program = named('program', text);
      assert.equal(await namedEditor(), program);
    }
  });

  it('fails the run at once, in a sentence, when there is no such editor', async () => {
    const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) =>
      execFile(
        process.execPath,
        [inRepo('test', 'hosts', 'test.mjs'), 'host'],
        { env: { ...process.env, [VARIABLE]: '/nowhere/code' } },
        (error, stdout, stderr) => resolve({ code: error?.code, output: `${stderr}${stdout}` }),
      ),
    );
    assert.equal(code, 1);
    assert.equal(output, `\n${VARIABLE}: there is no file /nowhere/code\n0 passed, 1 failed, 0 skipped\n`);
  });
});
