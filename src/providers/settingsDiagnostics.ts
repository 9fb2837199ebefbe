import './editorLanguage';
import { execFile } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import { declaredSettings, type DeclaredSettings } from '../sessions/declaredSettings';
import { DisposableStore } from '../sessions/event';
import { placeIn } from '../sessions/textPlace';
import { SETTINGS_SECTION } from './ids';
import { checkSettingsFile, type SettingPlace } from './settingsFileCheck';
import { isSettingsFile } from './settingsFiles';

/** Typing on: a look once it pauses. */
const PAUSE_MS = 300;
const NODE_TIMEOUT_MS = 5000;
const LEAST_NODE = 20;

/** What the settings are compared with. */
export interface SettingsDiagnosticsPorts {
  readonly extension: vscode.Extension<unknown>;
  readonly apps: () => readonly App[];
  /** The editor checks the document by its schema. */
  readonly checksBySchema: (uri: vscode.Uri) => boolean;
  readonly onError: (error: unknown) => void;
}

/**
 * Names a wrong setting where it stands, as far as the editor does not do so itself: in each file of settings that is open, and
 * in the workspace's own also when it is not. Loaded with the first of them.
 */
export class SettingsDiagnostics implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #collection = this.#store.add(vscode.languages.createDiagnosticCollection('cheatcode settings'));
  readonly #ports: SettingsDiagnosticsPorts;
  readonly #declared: DeclaredSettings;
  #timer: NodeJS.Timeout | undefined;
  #generation = 0;

  constructor(ports: SettingsDiagnosticsPorts) {
    this.#ports = ports;
    const { contributes } = ports.extension.packageJSON as { contributes: Parameters<typeof declaredSettings>[0] };
    this.#declared = declaredSettings(contributes);
    this.#store.add({ dispose: () => clearTimeout(this.#timer) });
    const { workspace } = vscode;
    this.#store.add(workspace.onDidOpenTextDocument((document) => this.#onDocument(document)));
    this.#store.add(workspace.onDidCloseTextDocument((document) => this.#onDocument(document)));
    this.#store.add(
      vscode.window.tabGroups.onDidChangeTabs(({ opened, closed }) => {
        const isOurs = ({ input }: vscode.Tab) =>
          input instanceof vscode.TabInputText && isSettingsFile(input.uri.path);
        if ([...opened, ...closed].some(isOurs)) this.update();
      }),
    );
    this.#store.add(workspace.onDidChangeTextDocument(({ document }) => this.#onDocument(document)));
    this.update();
  }

  /** The apps, or what counts of the settings, may be others now. */
  update(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look().catch(this.#ports.onError), PAUSE_MS);
  }

  #onDocument(document: vscode.TextDocument): void {
    if (isSettingsFile(document.uri.path)) this.update();
  }

  async #look(): Promise<void> {
    const generation = ++this.#generation;
    const open = vscode.workspace.textDocuments.filter(({ uri }) => isSettingsFile(uri.path));
    const own = workspaceSettings();
    const closed = own.filter((uri) => !open.some((document) => document.uri.toString() === uri.toString()));
    const entries = await Promise.all([
      ...open.map(async (document) => this.#entryOf(document.uri, document.getText())),
      ...closed.map(async (uri) => this.#entryOf(uri, await readFile(uri.fsPath, 'utf8').catch(() => '{}'))),
    ]);
    if (generation !== this.#generation || this.#store.isDisposed) return;
    this.#collection.clear();
    this.#collection.set(entries);
  }

  async #entryOf(uri: vscode.Uri, text: string): Promise<[vscode.Uri, vscode.Diagnostic[]]> {
    const configuration = vscode.workspace.getConfiguration(SETTINGS_SECTION);
    const isOwn = workspaceSettings().some((one) => one.toString() === uri.toString());
    const apps = this.#ports.apps();
    const places = await checkSettingsFile(text, {
      declared: this.#declared,
      effective: (key) => configuration.get(key),
      env: process.env,
      isOfWorkspace: isOwn,
      appWords: isOwn && apps.length > 0 ? apps.flatMap(({ name, type }) => [name, type]) : undefined,
      hasSchema: this.#ports.checksBySchema(uri),
      nodeProblem,
      exists: (file) => may(file, constants.R_OK),
    });
    return [uri, places.map((place) => toDiagnostic(text, place))];
  }

  dispose(): void {
    this.#generation++;
    this.#store.dispose();
  }
}

/** The files whose settings are this workspace's own. With several folders those of a folder are not asked for ours. */
function workspaceSettings(): readonly vscode.Uri[] {
  const { workspaceFile, workspaceFolders = [] } = vscode.workspace;
  if (workspaceFile !== undefined) return workspaceFile.scheme === 'file' ? [workspaceFile] : [];
  return workspaceFolders.map(({ uri }) => vscode.Uri.joinPath(uri, '.vscode', 'settings.json'));
}

function toDiagnostic(text: string, { offset, length, message, severity, setting }: SettingPlace): vscode.Diagnostic {
  const { Error, Warning } = vscode.DiagnosticSeverity;
  const range = new vscode.Range(...placeIn(text, offset), ...placeIn(text, offset + length));
  const diagnostic = new vscode.Diagnostic(range, message, severity === 'error' ? Error : Warning);
  diagnostic.source = 'cheatcode';
  diagnostic.code = setting;
  return diagnostic;
}

/** Only what is called like a Node is asked for its version: a path that is being typed may be any program's. */
async function nodeProblem(file: string): Promise<string | undefined> {
  if (!path.isAbsolute(file)) return undefined;
  if (!(await may(file, constants.X_OK))) return l10n.t('There is no program {0}.', file);
  if (!/^node(?:js)?[\d.]*(?:\.exe)?$/i.test(path.basename(file))) return undefined;
  const version = await new Promise<string>((resolve) =>
    execFile(file, ['--version'], { timeout: NODE_TIMEOUT_MS, windowsHide: true }, (error, stdout) =>
      resolve(error ? '' : stdout.trim()),
    ),
  );
  const major = /^v(\d+)\./.exec(version)?.[1];
  if (major === undefined) return l10n.t('{0} does not answer like a Node.js.', file);
  return Number(major) >= LEAST_NODE
    ? undefined
    : l10n.t('This is Node.js {0}, and {1} or newer is needed.', version.slice(1), LEAST_NODE);
}

function may(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
