import './editorLanguage';
import os from 'node:os';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { declaredSettings } from '../sessions/declaredSettings';
import { errorMessage } from '../sessions/log';
import type { AppView } from '../sessions/appView';
import type { DevServers } from '../sessions/devServers';
import { parseRedisAddress, redisSecrets } from '../sessions/redisAddress';
import { reportText } from '../sessions/report';
import type { Settings } from '../sessions/settings';
import { SETTINGS_SECTION } from './ids';

const OUTPUT_LINES = 50;
/** Variables that decide where and how servers run; of any other not even the name is told. */
const VARIABLES =
  /^(?:CHEATCODE_\w+|VSCODE_PROXY_URI|CODESPACES|GITPOD_WORKSPACE_ID|CI|PORT|NODE_ENV|EXPO_PACKAGER_PROXY_URL)$/;

/** What a report is gathered from. */
export interface ReportPorts {
  readonly extension: vscode.Extension<unknown>;
  readonly servers: DevServers;
  readonly views: () => readonly AppView[];
  readonly settings: () => Settings;
  /** What this window has logged last, each line with its time. */
  readonly windowLog: () => readonly string[];
}

/** Opens the report as a new, unsaved Markdown document. What can't be had is named in it: it is for when things are broken. */
export async function showReport(ports: ReportPorts): Promise<void> {
  const { servers, extension } = ports;
  const { connection } = servers;
  const views = ports.views();
  const [hostLog, ...outputs] = await Promise.all([
    servers.hostLog().catch(lineOf),
    ...views.map(({ app }) => servers.lastOutput(app, OUTPUT_LINES).catch(lineOf)),
  ]);
  const { properties, version } = manifestOf(extension);
  const content = reportText({
    atMs: Date.now(),
    versions: [
      [l10n.t('Extension'), version],
      [
        l10n.t('Session host'),
        connection.kind === 'connected'
          ? l10n.t('{0}, pid {1}', connection.hostVersion, connection.hostPid)
          : connection.kind === 'failed'
            ? l10n.t('failed: {0}', errorMessage(connection.error))
            : connection.kind,
      ],
      [
        l10n.t('Editor'),
        `${vscode.env.appName} ${vscode.version}, ${vscode.env.uiKind === vscode.UIKind.Web ? l10n.t('web') : l10n.t('desktop')}`,
      ],
      [l10n.t('Remote'), vscode.env.remoteName ?? l10n.t('none')],
      [l10n.t('Node of the editor'), process.version],
      [
        l10n.t('System'),
        l10n.t(
          '{0}, {1} cores, {2}',
          `${os.type()} ${os.release()} ${process.arch}`,
          os.availableParallelism(),
          gigabytes(os.totalmem()),
        ),
      ],
      [l10n.t('Memory free'), gigabytes(os.freemem())],
      [l10n.t('User'), l10n.t('uid {0}', process.getuid?.() ?? l10n.t('none'))],
      [l10n.t('Workspace'), vscode.workspace.isTrusted ? l10n.t('trusted') : l10n.t('not trusted')],
    ],
    settings: changedSettings(Object.keys(properties)),
    variables: Object.entries(process.env)
      .filter(([name]) => VARIABLES.test(name))
      .map(([name, value = '']) => [name, name === 'CHEATCODE_REDIS_URL' ? shownRedis(value) : value] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    views,
    window: { connection, trusted: vscode.workspace.isTrusted },
    configProblems: servers.problems,
    hostLog,
    windowLog: ports.windowLog(),
    outputs: new Map(views.map(({ app, session }, index) => [session?.id ?? app.name, outputs[index] ?? []])),
    known: { secrets: redisSecrets(ports.settings().redis?.url), home: os.homedir() },
  });
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'markdown', content }));
}

function manifestOf(extension: vscode.Extension<unknown>) {
  const { version, contributes } = extension.packageJSON as {
    readonly version: string;
    readonly contributes: Parameters<typeof declaredSettings>[0];
  };
  return { version, properties: declaredSettings(contributes) };
}

/** Of each place that sets one, since the last of them counts and the others may explain it. */
function changedSettings(names: readonly string[]): (readonly [string, string, string])[] {
  const configuration = vscode.workspace.getConfiguration();
  return names.flatMap((name) => {
    const found = configuration.inspect(name);
    const places = [
      [l10n.t('user'), found?.globalValue],
      [l10n.t('workspace'), found?.workspaceValue],
      [l10n.t('folder'), found?.workspaceFolderValue],
    ] as const;
    return places
      .filter(([, value]) => value !== undefined)
      .map(([place, value]) => {
        const isRedis = name === `${SETTINGS_SECTION}.redis.url` && typeof value === 'string';
        return [name, isRedis ? shownRedis(value) : JSON.stringify(value), place] as const;
      });
  });
}

function shownRedis(url: string): string {
  try {
    return parseRedisAddress(url).shown;
  } catch {
    return l10n.t('set, and no address of a Redis');
  }
}

function gigabytes(bytes: number): string {
  return l10n.t('{0} GB', (bytes / 1024 ** 3).toFixed(1));
}

function lineOf(error: unknown): readonly string[] {
  return [l10n.t('could not be had: {0}', errorMessage(error))];
}
