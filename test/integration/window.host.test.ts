import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { CheatcodeApi } from '../../src/cheatcode';
import { GATEWAY_HEADER, GATEWAY_PATH } from '../../src/sessions/gatewayProtocol';
import { holdersOf, nextServersOf } from '../hosts/witness';

const EXTENSION = 'cheatcode.cheatcode-dev-server';
const WEB_PORT = 3000;

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

/** Resolves when the condition holds, looked at after each event and now; the suite's own limit ends a wait in vain. */
function once(event: vscode.Event<unknown> | CheatcodeApi['onDidChange'], condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const subscription = (event as vscode.Event<unknown>)(() => {
      if (!condition()) return;
      subscription.dispose();
      resolve();
    });
    if (!condition()) return;
    subscription.dispose();
    resolve();
  });
}

describe('a window on the sample workspace', () => {
  let api: CheatcodeApi;
  const folder = () => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  const reaches = (state: string) => once(api.onDidChange, () => api.state('web') === state);

  before(async () => {
    const extension = vscode.extensions.getExtension<CheatcodeApi>(EXTENSION);
    assert.ok(extension, 'the extension is installed');
    api = await extension.activate();
  });

  it('finds both apps, and starts the web app alone by itself', async () => {
    await reaches('running');
    assert.deepEqual(
      api.apps().map(({ name, type }) => [name, type]),
      [
        ['cheatcode-app', 'web'],
        ['cheatcode-mobile', 'mobile'],
      ],
    );
    assert.equal(api.state('mobile'), undefined);
    assert.equal((await nextServersOf(path.join(folder(), 'cheatcode-app'))).length, 1);
    assert.equal((await holdersOf(WEB_PORT)).length, 1);
  });

  it('registers every command of the manifest', async () => {
    const manifest = vscode.extensions.getExtension(EXTENSION)?.packageJSON as Manifest;
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = manifest.contributes.commands.map(({ command }) => command).filter((id) => !registered.has(id));
    assert.deepEqual(missing, []);
    assert.ok(manifest.contributes.commands.length >= 10);
  });

  it('finds in the editor the commands that buttons under messages lead to', async () => {
    const registered = new Set(await vscode.commands.getCommands(true));
    for (const id of ['workbench.action.openSettings', 'workbench.trust.manage', 'workbench.action.reloadWindow'])
      assert.ok(registered.has(id), id);
  });

  it('holds one terminal named after the session, without taking the focus', () => {
    assert.deepEqual(
      vscode.window.terminals.map(({ name }) => name),
      ['dev_server_web'],
    );
    assert.equal(vscode.window.activeTextEditor, undefined);
  });

  it('copies the address that a browser reaches', async () => {
    await vscode.commands.executeCommand('cheatcode.copyUrl');
    const copied = await vscode.env.clipboard.readText();
    const [, behindProxy, plain] = /\/proxy\/(\d+)\/__cheatcode\/#\/$|^http:\/\/localhost:(\d+)\/$/.exec(copied) ?? [];
    const port = behindProxy ?? plain;
    assert.ok(port !== undefined && port !== String(WEB_PORT), copied);
    // Asked itself: this server of the editor has no path proxy, which code-server adds.
    const answer = await fetch(`http://localhost:${port}${GATEWAY_PATH}state`);
    assert.match(answer.headers.get(GATEWAY_HEADER) ?? '', /^[0-9a-f]{16}$/);
    assert.equal(((await answer.json()) as { readonly ready?: unknown }).ready, true);
  });

  it('stops the server when a person closes its terminal', async () => {
    vscode.window.terminals[0]?.show();
    await vscode.commands.executeCommand('workbench.action.terminal.killAll');
    await reaches('stopped');
    assert.deepEqual(await holdersOf(WEB_PORT), []);
  });

  it('starts and stops by the API, and opens the terminal again', async () => {
    await api.start('dev_server_web');
    await reaches('running');
    await once(vscode.window.onDidOpenTerminal, () =>
      vscode.window.terminals.some(({ name }) => name === 'dev_server_web'),
    );
    await api.stop('web');
    assert.equal(api.state('web'), 'stopped');
    assert.deepEqual(await nextServersOf(folder()), []);
  });

  it('marks what is wrong in a cheatcode.json on its line, and takes in what is right', async () => {
    const file = vscode.Uri.joinPath(vscode.Uri.file(folder()), 'cheatcode.json');
    const problems = () =>
      vscode.languages.getDiagnostics(file).filter(({ source }) => /cheatcode/i.test(source ?? ''));
    const text =
      '{\n  "apps": [\n    { "name": "shop", "path": "cheatcode-app", "port": 70000 },\n    { "path": "nowhere" }\n  ]\n}\n';
    await writeFile(file.fsPath, text);
    try {
      await once(vscode.languages.onDidChangeDiagnostics, () => problems().length >= 2);
      assert.deepEqual(
        problems().map(({ range }) => range.start.line),
        [2, 3],
      );
      assert.ok(api.apps().some(({ name }) => name === 'shop'));
    } finally {
      await rm(file.fsPath);
    }
    await once(vscode.languages.onDidChangeDiagnostics, () => problems().length === 0);
  });

  it('opens a report with versions, states, events and output, and without the password of a Redis', async () => {
    const password = 'geheim-4711';
    const { Global } = vscode.ConfigurationTarget;
    const update = (value: string | undefined) =>
      vscode.workspace.getConfiguration('cheatcode').update('redis.url', value, Global);
    await update(`redis://me:${password}@127.0.0.1:1/0`);
    try {
      await vscode.commands.executeCommand('cheatcode.showReport');
      const document = vscode.window.activeTextEditor?.document;
      assert.equal(document?.languageId, 'markdown');
      assert.ok(document.isUntitled, 'nothing was written');
      const text = document.getText();
      const { version } = vscode.extensions.getExtension(EXTENSION)?.packageJSON as { readonly version: string };
      assert.match(text, new RegExp(`^\\| Extension \\| ${version.replaceAll('.', '\\.')} \\|$`, 'm'));
      assert.match(text, /^\| cheatcode\.redis\.url \| 127\.0\.0\.1:1 \| user \|$/m);
      assert.match(text, /^## Web\n[^]*?^\| State \| stopped \|$/m);
      assert.match(text, /info session changed session=dev_server_web state=running/);
      assert.match(text, /^## Last output of dev_server_web\n[^]*next dev/m);
      assert.doesNotMatch(text, new RegExp(password));
    } finally {
      await update(undefined);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
  });

  it('takes no setting for its default that the manifest does not name', () => {
    const manifest = JSON.parse(
      readFileSync(path.join(vscode.extensions.getExtension(EXTENSION)?.extensionPath ?? '', 'package.json'), 'utf8'),
    ) as {
      contributes: {
        configuration:
          { properties: Record<string, { default: unknown }> } | { properties: Record<string, { default: unknown }> }[];
      };
    };
    const groups = [manifest.contributes.configuration].flat();
    for (const { properties } of groups)
      for (const [id, { default: value }] of Object.entries(properties))
        assert.deepEqual(vscode.workspace.getConfiguration().inspect(id)?.defaultValue, value, id);
  });
});
