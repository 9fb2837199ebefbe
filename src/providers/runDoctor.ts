import './editorLanguage';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { delay, systemClock } from '../sessions/clock';
import { fits } from '../sessions/appActions';
import type { App } from '../sessions/apps';
import type { AppView } from '../sessions/appView';
import type { DevServers } from '../sessions/devServers';
import { appLooks, examine, machineLooks, type Look } from '../sessions/doctor';
import type { DoctorContext } from '../sessions/doctorContext';
import {
  changedLines,
  isChange,
  isSameTrouble,
  titleOf,
  worstFirst,
  type Change,
  type Finding,
  type Fix,
} from '../sessions/doctorFinding';
import { deleteFreeLock, systemDoctorPorts, type OutputOf } from '../sessions/doctorSystem';
import { windowLooks } from '../sessions/doctorWindow';
import { otherOwner } from '../sessions/folderOwner';
import { errorMessage } from '../sessions/log';
import { errorToMessage } from '../sessions/messages';
import { runCommand } from '../sessions/runCommand';
import { serverEnvironment } from '../sessions/serverEnvironment';
import type { Settings, Surroundings } from '../sessions/settings';
import { ensureStateFolder } from '../sessions/stateFolder';
import { appCommands, SETTINGS_SECTION, windowCommands } from './ids';

/** Less than the doctor gives a look, so that a program that hangs is named by who asked it. In milliseconds. */
const PROGRAM_LIMIT_MS = 6000;
/** What a fix starts may take so long to be seen. */
const MENDING_LIMIT_MS = 20_000;
const MENDING_STEP_MS = 500;
/** The workspace is read in milliseconds; then the session host is told. */
const REFRESH_LIMIT_MS = 2000;
const DIFF_SCHEME = 'cheatcode-doctor';

/** What the doctor needs of its window. */
export interface RunDoctorPorts {
  readonly servers: DevServers;
  readonly views: () => readonly AppView[];
  readonly settings: () => Settings;
  readonly surroundings: Surroundings;
}

/** Looks for what commonly goes wrong, lists it, and does what a person chooses; `appKey` names the app that is meant. */
export async function runDoctor(ports: RunDoctorPorts, appKey: string | undefined): Promise<void> {
  const doctor = new Doctor(ports, appKey);
  let findings = await doctor.look();
  let news = '';
  for (let isFirst = true; findings !== undefined; isFirst = false) {
    const troubles = findings.filter(({ result }) => result !== 'ok');
    if (troubles.length === 0) return tellHealthy(findings.length, news);
    if (!isFirst && news !== '') void vscode.window.showInformationMessage(news);
    const chosen = await choose(findings, ports.servers.apps);
    if (chosen === 'report') return void vscode.commands.executeCommand(windowCommands.showReport);
    if (chosen === undefined) return;
    news = '';
    if (chosen === 'again') findings = await doctor.look();
    else {
      const done = await doctor.treat(chosen);
      if (done === 'left') return;
      // The list as it was: nothing was changed.
      if (done === undefined) continue;
      news = done;
      findings = await doctor.look();
    }
  }
}

class Doctor {
  readonly #ports: RunDoctorPorts;
  readonly #appKey: string | undefined;

  constructor(ports: RunDoctorPorts, appKey: string | undefined) {
    this.#ports = ports;
    this.#appKey = appKey;
  }

  /** All findings, the worst first; undefined: a person has cancelled it. */
  look(): Promise<readonly Finding[] | undefined> {
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: l10n.t('Checking the dev servers'),
      cancellable: true,
    };
    return Promise.resolve(
      vscode.window.withProgress(options, async (progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        await this.#refresh();
        const findings = await examine(await this.#looks(), {
          signal: abort.signal,
          onLook: (look, count) => progress.report({ increment: 100 / count, message: this.#nameOf(look) }),
        });
        return token.isCancellationRequested ? undefined : worstFirst(findings);
      }),
    );
  }

  /**
   * Shows one finding, and does the fix that a person chooses. Gives what came of it; undefined: nothing was chosen; `left`:
   * the fix led elsewhere.
   */
  async treat(finding: Finding): Promise<string | undefined> {
    const fix = await askAbout(finding);
    if (fix === undefined) return undefined;
    try {
      if (!(await this.#apply(fix))) return undefined;
    } catch (error) {
      const app = this.#ports.servers.apps.find(({ key }) => key === finding.appKey);
      void vscode.window.showErrorMessage(errorToMessage(error, app).text);
      return undefined;
    }
    if (!isChange(fix)) return 'left';
    if (fix.change.kind === 'terminal') {
      const again = l10n.t('Check Again');
      const text = l10n.t('Check again when the terminal is done: {0}', fix.change.command);
      void vscode.window.showInformationMessage(text, again).then((answer) => {
        if (answer === again) void vscode.commands.executeCommand(windowCommands.doctor, this.#appKey);
      });
      return 'left';
    }
    const title = titleOf(finding);
    return (await this.#isMended(finding, fix))
      ? l10n.t('Fixed: {0}.', title)
      : l10n.t('Not fixed yet: {0}', finding.message);
  }

  /** Whether the trouble is gone; what starts something is given time. */
  async #isMended(finding: Finding, fix: Fix): Promise<boolean> {
    const isSlow = ['action', 'install', 'replaceHost'].includes(fix.change.kind);
    const end = Date.now() + (isSlow ? MENDING_LIMIT_MS : 2 * MENDING_STEP_MS);
    const title = l10n.t('Checking whether it is fixed: {0}', titleOf(finding));
    return vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      async (_progress, token) => {
        await this.#refresh();
        for (;;) {
          const looks = (await this.#looks()).filter(
            ({ id, appKey }) => id === finding.id && appKey === finding.appKey,
          );
          const found = await examine(looks);
          if (!found.some((one) => isSameTrouble(finding, one))) return true;
          if (Date.now() > end || token.isCancellationRequested) return false;
          await delay(systemClock, MENDING_STEP_MS);
        }
      },
    );
  }

  /** What was changed a moment ago counts, though the editor may not have seen it yet. A host that hangs is not waited for. */
  async #refresh(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, REFRESH_LIMIT_MS)));
    // What is wrong with the connection is a finding of its own.
    await Promise.race([limit, this.#ports.servers.refresh().catch(() => undefined)]);
    clearTimeout(timer);
  }

  async #looks(): Promise<readonly Look[]> {
    const { servers } = this.#ports;
    const apps = servers.apps.filter(({ key }) => this.#appKey === undefined || key === this.#appKey);
    const { context, stateTrouble } = this.#context(apps);
    const own = windowLooks({
      servers,
      apps,
      stateTrouble,
      trusted: vscode.workspace.isTrusted,
      hasFolder: (vscode.workspace.workspaceFolders ?? []).length > 0,
    });
    const ofApps = await Promise.all(apps.map((app) => appLooks(context, app)));
    return [...own, ...ofApps.flat(), ...machineLooks(context, apps)];
  }

  #context(apps: readonly App[]): { readonly context: DoctorContext; readonly stateTrouble: string | undefined } {
    const { servers, settings, surroundings } = this.#ports;
    const trusted = vscode.workspace.isTrusted;
    let stateFolder: string | undefined;
    let stateTrouble: string | undefined;
    const [first] = apps;
    // Another owner's is not this user's to look at, and where nothing may run none is made.
    if (trusted && first !== undefined && otherOwner(first.folder) === undefined)
      try {
        stateFolder = ensureStateFolder(surroundings.env);
      } catch (error) {
        stateTrouble = errorMessage(error);
      }
    const environment = Promise.resolve(serverEnvironment(surroundings.env, surroundings.editorRoot, {}));
    const context: DoctorContext = {
      ports: systemDoctorPorts(outputOf),
      settings: settings(),
      isSandbox: surroundings.isSandbox,
      trusted,
      session: (app) => servers.session(app),
      env: surroundings.env,
      serverEnvironment: () => environment,
      stateFolder,
      editor: {
        isCodeServer: vscode.env.appName === 'code-server',
        asExternalUrl: async (url) => (await vscode.env.asExternalUri(vscode.Uri.parse(url, true))).toString(),
      },
    };
    return { context, stateTrouble };
  }

  /** False: it was not done, and a person knows why. */
  async #apply({ change }: Fix): Promise<boolean> {
    const { servers } = this.#ports;
    switch (change.kind) {
      case 'edit':
        return edit(change);
      case 'deleteLock':
        if (await deleteFreeLock(change.file, outputOf)) return true;
        void vscode.window.showWarningMessage(
          l10n.t('{0} was not deleted: a server holds its lock, or that can not be told here.', change.file),
        );
        return false;
      case 'setting':
        await configuration().update(keyOf(change.setting), change.value, targetOf(change.setting));
        return true;
      case 'action':
        await vscode.commands.executeCommand(appCommands[change.action], change.appKey);
        return true;
      case 'install': {
        const view = this.#ports.views().find(({ app }) => app.key === change.appKey);
        if (view === undefined) return false;
        if (fits.restart(view)) await servers.restart(view.app, { choice: { install: true } });
        else await servers.start(view.app, { install: true });
        return true;
      }
      case 'replaceHost':
        await vscode.commands.executeCommand(windowCommands.replaceHost);
        return true;
      case 'terminal': {
        const terminal = vscode.window.createTerminal({ name: l10n.t('Doctor'), cwd: change.folder });
        terminal.show();
        terminal.sendText(change.command);
        return true;
      }
      case 'manageTrust':
        await vscode.commands.executeCommand('workbench.trust.manage');
        return true;
      case 'openSetting':
        await vscode.commands.executeCommand('workbench.action.openSettings', change.setting);
        return true;
      case 'openFile': {
        const document = await vscode.workspace.openTextDocument(vscode.Uri.file(change.file));
        const at = document.positionAt(change.offset);
        await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at) });
        return true;
      }
    }
  }

  #nameOf({ id, appKey }: Look): string {
    const title = titleOf({ id, result: 'ok' });
    const app = this.#ports.servers.apps.find(({ key }) => key === appKey);
    return app === undefined ? title : l10n.t('{0} ({1})', title, app.label);
  }
}

interface FindingItem extends vscode.QuickPickItem {
  readonly chosen?: Finding | 'again' | 'report';
}

async function choose(
  findings: readonly Finding[],
  apps: readonly App[],
): Promise<Finding | 'again' | 'report' | undefined> {
  const troubles = findings.filter(({ result }) => result !== 'ok');
  const labelOf = (finding: Finding) => apps.find(({ key }) => key === finding.appKey)?.label;
  const items: FindingItem[] = [
    ...troubles.map((finding) => {
      const fix = finding.fixes?.find(isChange)?.title;
      return {
        label: `$(${finding.result === 'fail' ? 'error' : 'warning'}) ${titleOf(finding)}`,
        description: [labelOf(finding), fix && `$(lightbulb) ${fix}`].filter(Boolean).join(' · '),
        detail: finding.message,
        chosen: finding,
      };
    }),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: `$(refresh) ${l10n.t('Check Again')}`, chosen: 'again' },
    {
      label: `$(report) ${l10n.t('Show Report')}`,
      description: l10n.t('for a bug report'),
      chosen: 'report',
    },
    { label: l10n.t('passed'), kind: vscode.QuickPickItemKind.Separator },
    ...findings
      .filter(({ result }) => result === 'ok')
      .map((finding) => ({
        label: `$(pass) ${titleOf(finding)}`,
        description: finding.message,
        chosen: finding,
      })),
  ];
  const count = troubles.length;
  const picked = await vscode.window.showQuickPick(items, {
    title: l10n.t('Doctor'),
    placeHolder:
      count === 1
        ? l10n.t('One problem found: select it to see what helps')
        : l10n.t('{0} problems found: select one to see what helps', count),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.chosen;
}

function tellHealthy(count: number, news: string): void {
  const report = l10n.t('Show Report');
  const text = l10n.t('No problems found: {0} checks passed.', count);
  void vscode.window.showInformationMessage(news === '' ? text : `${news} ${text}`, report).then((answer) => {
    if (answer === report) void vscode.commands.executeCommand(windowCommands.showReport);
  });
}

/** The finding as a whole, and each fix with what it changes; a difference is shown in an editor before it is made. */
async function askAbout(finding: Finding): Promise<Fix | undefined> {
  const fixes = finding.fixes ?? [];
  const detail = [finding.help, ...fixes.map(wordsOf)].filter((text) => text !== undefined).join('\n\n');
  const show = l10n.t('Show Difference');
  const edited = fixes.find(({ change }) => change.kind === 'edit');
  const buttons = [...fixes.map(({ title }) => title), ...(edited === undefined ? [] : [show])];
  const options = { modal: true, detail };
  const answer =
    finding.result === 'ok'
      ? await vscode.window.showInformationMessage(finding.message, options)
      : finding.result === 'warn'
        ? await vscode.window.showWarningMessage(finding.message, options, ...buttons)
        : await vscode.window.showErrorMessage(finding.message, options, ...buttons);
  if (answer === show && edited?.change.kind === 'edit')
    return (await agreesToDifference(edited, edited.change)) ? edited : undefined;
  return fixes.find(({ title }) => title === answer);
}

function wordsOf({ title, detail, change }: Fix): string {
  const lines = change.kind === 'edit' ? `\n${changedLines(change.before, change.after)}` : '';
  const place = change.kind === 'setting' ? ` ${placeOf(change.setting)}` : '';
  return `${title} – ${detail}${place}${lines}`;
}

async function agreesToDifference(
  { title }: Fix,
  { file, after }: Extract<Change, { kind: 'edit' }>,
): Promise<boolean> {
  const right = vscode.Uri.file(file).with({ scheme: DIFF_SCHEME });
  const provider = vscode.workspace.registerTextDocumentContentProvider(DIFF_SCHEME, {
    provideTextDocumentContent: () => after,
  });
  const name = path.basename(file);
  try {
    const heading = l10n.t('{0}: what the doctor would change', name);
    await vscode.commands.executeCommand('vscode.diff', vscode.Uri.file(file), right, heading);
    const text = l10n.t('{0}: make the change that is shown?', name);
    return (await vscode.window.showInformationMessage(text, title, l10n.t('Leave It'))) === title;
  } finally {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(
      tabs.filter(({ input }) => input instanceof vscode.TabInputTextDiff && input.modified.scheme === DIFF_SCHEME),
    );
    provider.dispose();
  }
}

/** Changes the file in the editor, so that it can be undone there, and saves it. */
async function edit({ file, before, after }: Extract<Change, { kind: 'edit' }>): Promise<boolean> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
  const byLine = (text: string) => text.replace(/^\uFEFF/, '').replace(/\r\n/g, '\n');
  if (document.isDirty || byLine(document.getText()) !== byLine(before)) {
    void vscode.window.showWarningMessage(
      l10n.t('{0} has changed since it was looked at, or is not saved. Check again.', path.basename(file)),
    );
    return false;
  }
  const change = new vscode.WorkspaceEdit();
  const whole = new vscode.Range(new vscode.Position(0, 0), document.positionAt(document.getText().length));
  change.replace(document.uri, whole, after);
  return (await vscode.workspace.applyEdit(change)) && (await document.save());
}

/** Where a setting is written: where it stands now, else in the workspace. */
function targetOf(setting: string): vscode.ConfigurationTarget {
  const found = configuration().inspect(keyOf(setting));
  if (found?.workspaceFolderValue !== undefined || found?.workspaceValue !== undefined)
    return vscode.ConfigurationTarget.Workspace;
  if (found?.globalValue !== undefined) return vscode.ConfigurationTarget.Global;
  return vscode.ConfigurationTarget.Workspace;
}

function placeOf(setting: string): string {
  return targetOf(setting) === vscode.ConfigurationTarget.Global
    ? l10n.t('In the settings of the user.')
    : l10n.t('In the settings of the workspace.');
}

function configuration(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(SETTINGS_SECTION);
}

function keyOf(setting: string): string {
  return setting.slice(SETTINGS_SECTION.length + 1);
}

const outputOf: OutputOf = async (file, args, { cwd, env }) => {
  const known = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const result = await runCommand(file, args, { cwd, env: Object.fromEntries(known), timeoutMs: PROGRAM_LIMIT_MS });
  return result.exitCode === 0 ? result.stdout : undefined;
};
