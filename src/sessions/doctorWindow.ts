/** What a window's doctor looks at besides: its workspace, its session host, its state folder, other machines. */
import * as l10n from '@vscode/l10n';
import type { App } from './apps';
import type { DevServers } from './devServers';
import type { Look } from './doctor';
import { about } from './doctorContext';
import type { Finding, Fix } from './doctorFinding';
import { errorToMessage } from './messages';
import { acrossMachinesSentence } from './sessionSentences';

export interface WindowFacts {
  readonly servers: Pick<DevServers, 'connection' | 'hostReplacement' | 'problems' | 'session'>;
  /** Those that are looked at. */
  readonly apps: readonly App[];
  /** Why no state folder can be had. */
  readonly stateTrouble: string | undefined;
  /** Any folder is open. */
  readonly hasFolder: boolean;
  readonly trusted: boolean;
}

/** The looks of a window. */
export function windowLooks(facts: WindowFacts): readonly Look[] {
  return [
    { id: 'host', run: () => Promise.resolve(hostFindings(facts)) },
    { id: 'stateFolder', run: () => Promise.resolve(stateFindings(facts)) },
    { id: 'workspace', run: () => Promise.resolve(workspaceFindings(facts)) },
    { id: 'redis', run: () => Promise.resolve(facts.apps.flatMap((app) => redisFindings(facts, app))) },
  ];
}

function hostFindings({ servers }: WindowFacts): readonly Finding[] {
  const { connection, hostReplacement } = servers;
  const replace: Fix = {
    title: l10n.t('Replace It…'),
    detail: l10n.t('Asks first: the session host ends with all its dev servers, and a new one starts them again.'),
    change: { kind: 'replaceHost' },
  };
  const fixes = hostReplacement === undefined ? [] : [replace];
  if (connection.kind === 'failed')
    return [{ id: 'host', result: 'fail', message: errorToMessage(connection.error).text, fixes }];
  if (connection.kind !== 'connected') return [];
  const { hostVersion, hostPid } = connection;
  if (hostReplacement === 'hung')
    return [
      { id: 'host', result: 'fail', message: l10n.t('The session host (pid {0}) does not answer.', hostPid), fixes },
    ];
  if (hostReplacement === 'older')
    return [
      {
        id: 'host',
        result: 'warn',
        message: l10n.t('The session host {0} (pid {1}) is older than this extension.', hostVersion, hostPid),
        help: l10n.t('It is replaced when the last server stops.'),
        fixes,
      },
    ];
  return [{ id: 'host', result: 'ok', message: l10n.t('version {0}, pid {1}', hostVersion, hostPid) }];
}

function stateFindings({ stateTrouble }: WindowFacts): readonly Finding[] {
  return stateTrouble === undefined
    ? []
    : [
        {
          id: 'stateFolder',
          result: 'fail',
          message: l10n.t('Dev servers need a folder for their state, and none can be used: {0}', stateTrouble),
          help: l10n.t('Make it writable, or set `CHEATCODE_STATE_DIR` to a short path on a local disk.'),
        },
      ];
}

function workspaceFindings({ servers, apps, hasFolder, trusted }: WindowFacts): readonly Finding[] {
  const problems = trusted ? [] : [untrusted()];
  const mistakes = servers.problems.map(({ file, offset, message }): Finding => {
    const open: Fix = {
      title: l10n.t('Open {0}', 'cheatcode.json'),
      detail: l10n.t('Shows the line. Nothing is changed.'),
      change: { kind: 'openFile', file, offset },
    };
    return {
      id: 'workspace',
      result: 'warn',
      message: l10n.t('{0}: {1}', file, message),
      help: l10n.t('The value is passed over until it is right.'),
      fixes: [open],
    };
  });
  if (problems.length + mistakes.length > 0) return [...problems, ...mistakes];
  if (apps.length > 0) return [{ id: 'workspace', result: 'ok', message: l10n.t('apps found: {0}', apps.length) }];
  return [
    {
      id: 'workspace',
      result: 'warn',
      message: hasFolder ? l10n.t('No app was found in this workspace.') : l10n.t('No folder is open.'),
      help: l10n.t(
        'Cheatcode looks for a Next.js app (cheatcode-app), an Expo app (cheatcode-mobile), and the apps that cheatcode.json names.',
      ),
    },
  ];
}

function untrusted(): Finding {
  return {
    id: 'workspace',
    result: 'warn',
    message: l10n.t('This workspace is not trusted: no dev server starts, and the doctor runs no program.'),
    help: l10n.t('Files and the lists of the system are looked at all the same.'),
    fixes: [
      {
        title: l10n.t('Manage Trust'),
        detail: l10n.t('Opens the page on which you decide. Nothing is changed.'),
        change: { kind: 'manageTrust' },
      },
    ],
  };
}

function redisFindings({ servers }: WindowFacts, app: App): readonly Finding[] {
  const trouble = servers.session(app)?.acrossMachines;
  if (trouble === undefined) return [];
  return [
    about(app, {
      id: 'redis',
      result: 'warn',
      message: acrossMachinesSentence(app.label, trouble),
      help: l10n.t('The server here goes on. The log of the extension says what Redis answered.'),
    }),
  ];
}
