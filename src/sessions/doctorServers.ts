/**
 * Servers that should not be there: orphans, whose starter has ended, and second ones. They are named and never ended here:
 * a fix leads to the session host's own question, which names the processes (I6).
 */
import * as l10n from '@vscode/l10n';
import { canRestart, canStart, canStopOther } from './appActions';
import { about, actionFix, isUp, type DoctorContext, type Patient } from './doctorContext';
import type { Finding, Fix } from './doctorFinding';
import type { SeenProcess } from './doctorPorts';
import { COMMAND_LINE_CHARS } from './factWords';
import { isServer } from './runners';
import { secondServerSentence } from './sessionSentences';

/** Whoever takes in processes whose parent has ended. */
const INIT = /^(?:\S*\/)?(?:systemd|init|tini|dumb-init|docker-init|catatonit|s6-svscan|containerd-shim\S*)(?:\s|$)/;

/** Of an app's servers those that nobody looks after any more: their parent has ended, and so has what led their group or session. */
export async function orphanCheck(context: DoctorContext, patient: Patient): Promise<readonly Finding[]> {
  const { app, session } = patient;
  const servers = await serversIn(context, app.folder);
  if (servers === undefined) return [];
  const orphans = servers.heads.filter((head) => isOrphan(head, servers.all));
  if (orphans.length === 0)
    return [about(app, { id: 'orphans', result: 'ok', message: l10n.t('{0} has no orphaned server.', app.label) })];
  const lines = orphans.map((one) => processWords(one)).join('; ');
  return [
    about(app, {
      id: 'orphans',
      result: 'warn',
      message: l10n.t('A server of {0} was left behind by whatever started it: {1}.', app.label, lines),
      help: session?.adopted
        ? l10n.t('{0} uses it. A restart ends it and starts one that Cheatcode looks after.', app.label)
        : l10n.t('Start {0} to use it, if it still answers; else end it: {1}', app.label, killCommand(orphans)),
      fixes: orphanFixes(patient, orphans),
    }),
  ];
}

function orphanFixes({ app, session }: Patient, orphans: readonly SeenProcess[]): readonly Fix[] {
  const view = { app, session };
  if (session?.adopted === true && canRestart(view))
    return [
      actionFix(
        app,
        'restart',
        l10n.t('Restart in a Cheatcode Terminal…'),
        l10n.t(
          'Ends the orphaned server after a question that names its processes, and starts {0} in its own terminal.',
          app.label,
        ),
      ),
    ];
  if (canStopOther(view)) return [stopOtherFix(app)];
  if (session?.state !== 'blocked' && !isUp(session) && canStart(view) && orphans.length > 0)
    return [
      actionFix(
        app,
        'start',
        l10n.t('Take It Over'),
        l10n.t('Starts {0}: the orphaned server is shown as its server if it answers. No process is ended.', app.label),
      ),
    ];
  return [];
}

/** More servers of the app than one, as the session host has found them, or, where it runs none, as the list of processes shows. */
export async function secondServerCheck(context: DoctorContext, patient: Patient): Promise<readonly Finding[]> {
  const { app, session } = patient;
  const seconds = session?.secondServers ?? [];
  if (seconds.length > 0)
    return seconds.map((second) =>
      about(app, {
        id: 'secondServer',
        result: 'warn',
        message: secondServerSentence(app.label, second),
        help: l10n.t('Two servers in one folder write the same build: stop the one that nobody uses.'),
        fixes: canStopOther({ app, session }) ? [stopOtherFix(app)] : [],
      }),
    );
  if (isUp(session))
    return [about(app, { id: 'secondServer', result: 'ok', message: l10n.t('{0} has one server.', app.label) })];
  const heads = (await serversIn(context, app.folder))?.heads;
  if (heads === undefined) return [];
  if (heads.length < 2)
    return [about(app, { id: 'secondServer', result: 'ok', message: l10n.t('{0} has no second server.', app.label) })];
  return [
    about(app, {
      id: 'secondServer',
      result: 'warn',
      message: l10n.t(
        '{0} servers of {1} run beside each other: {2}.',
        heads.length,
        app.label,
        heads.map(processWords).join('; '),
      ),
      help: l10n.t(
        'Two servers in one folder write the same build: start {0} to use one of them, then stop the other.',
        app.label,
      ),
      fixes: canStart({ app, session })
        ? [
            actionFix(
              app,
              'start',
              l10n.t('Use One of Them'),
              l10n.t('Starts {0}: a server that answers is shown as its server. No process is ended.', app.label),
            ),
          ]
        : [],
    }),
  ];
}

function stopOtherFix(app: Patient['app']): Fix {
  return actionFix(
    app,
    'stopOther',
    l10n.t('Stop the Other…'),
    l10n.t('Asks first, and names the processes that it would end. Nothing else is changed.'),
  );
}

interface Servers {
  readonly all: ReadonlyMap<number, SeenProcess>;
  /** The topmost process of each server in the folder. */
  readonly heads: readonly SeenProcess[];
}

/** The servers that work in the folder; undefined where processes can't be seen. */
async function serversIn({ ports }: DoctorContext, folder: string): Promise<Servers | undefined> {
  const list = await ports.processes();
  if (list === undefined) return undefined;
  const all = new Map(list.map((one) => [one.pid, one]));
  const candidates = list.filter(({ isZombie, command }) => !isZombie && isServer(command));
  const here = await Promise.all(candidates.map(({ pid }) => ports.runsIn(pid, folder)));
  const servers = new Map(candidates.filter((_one, index) => here[index] === true).map((one) => [one.pid, one]));
  // `next dev` has `next-server` below it, with a shell or a package manager between at times.
  const isBelow = (one: SeenProcess): boolean => {
    const seen = new Set<number>();
    for (let at = all.get(one.ppid); at !== undefined && !seen.has(at.pid); at = all.get(at.ppid)) {
      if (servers.has(at.pid)) return true;
      seen.add(at.pid);
    }
    return false;
  };
  return { all, heads: [...servers.values()].filter((one) => !isBelow(one)) };
}

/**
 * The parent has ended, and so has the leader of the group or of the session. A service, or what a container starts, has its
 * own group and session alive; so has what somebody let go on purpose.
 */
function isOrphan(head: SeenProcess, all: ReadonlyMap<number, SeenProcess>): boolean {
  const isGone = (pid: number) => pid !== 0 && (all.get(pid)?.isZombie ?? true);
  const parent = all.get(head.ppid);
  const isTakenIn = head.ppid === 1 || (parent !== undefined && INIT.test(parent.command));
  return isTakenIn && (isGone(head.pgid) || isGone(head.sid));
}

function processWords({ pid, command }: SeenProcess): string {
  return l10n.t('pid {0} ({1})', pid, command.slice(0, COMMAND_LINE_CHARS / 2));
}

function killCommand(processes: readonly SeenProcess[]): string {
  return `\`kill ${processes.map(({ pid }) => pid).join(' ')}\``;
}
