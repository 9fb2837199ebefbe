/** What a person is told who types a second dev server into a terminal: that one runs, and where. Nothing is stopped for it. */
import { stat } from 'node:fs/promises';
import os from 'node:os';
import * as l10n from '@vscode/l10n';
import { canPreview, canShowTerminal } from './appActions';
import type { AppView } from './appView';
import { shortCommand } from './factWords';
import { errorCode } from './log';
import { message, type Message } from './messages';
import { readPackageJson } from './packageJson';
import type { AppType, SessionSnapshot } from './protocol';
import { typedServer, type TypedServer } from './typedServer';

/** A line that a person has just run in a terminal. */
export interface TypedLine {
  readonly line: string;
  /** The shell's working directory. */
  readonly folder: string;
}

/** The setting that turns this off. */
export const TELL_OF_SECOND_SERVER = 'cheatcode.terminal.tellOfSecondServer';

const typeOf: Readonly<Record<TypedServer['kind'], AppType>> = { next: 'web', expo: 'mobile' };

/** The message, where the line starts a server of an app of which one runs or is on its way; undefined otherwise. */
export async function secondServerNotice(
  { line, folder }: TypedLine,
  views: readonly AppView[],
): Promise<Message | undefined> {
  const running = views.filter(({ session }) => session !== undefined && isThere(session));
  if (running.length === 0) return undefined;
  const typed = await typedServer(line, folder, {
    home: os.homedir(),
    folders: running.map(({ app }) => app.folder),
    packageIn: async (at) => (await readPackageJson(at)).packageJson,
  });
  const id = typed && (await idOf(typed.folder));
  // One folder may be two apps under two names: the one of this type.
  const found = running.find(
    ({ app }) =>
      typed !== undefined &&
      app.key === `${id}:${app.name}` &&
      (app.type === typeOf[typed.kind] || app.type === 'custom'),
  );
  return found?.session && noticeOf(found, found.session, line);
}

function isThere({ state, adopted, listenerPid }: SessionSnapshot): boolean {
  if (state === 'installing' || state === 'starting') return true;
  if (state !== 'running' && state !== 'unhealthy') return false;
  // Of a server that is not ours we hear late: who ends it with Ctrl+C and types it again does not start a second one.
  return !adopted || listenerPid === undefined || !isGone(listenerPid);
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
}

async function idOf(folder: string): Promise<string | undefined> {
  const stats = await stat(folder, { bigint: true }).catch(() => undefined);
  return stats && `${stats.dev}:${stats.ino}`;
}

function noticeOf(view: AppView, session: SessionSnapshot, line: string): Message {
  const { app } = view;
  return message('info', sentence(app.label, session, shortCommand(line)), [
    ...(canShowTerminal(view)
      ? [{ title: l10n.t('Show Terminal'), action: 'showTerminal', appKey: app.key } as const]
      : []),
    ...(canPreview(view) ? [{ title: l10n.t('Open Preview'), action: 'openPreview', appKey: app.key } as const] : []),
    { title: l10n.t("Don't Show Again"), action: 'turnOff', setting: TELL_OF_SECOND_SERVER },
  ]);
}

function sentence(label: string, session: SessionSnapshot, line: string): string {
  const { port, id, state, adopted, listenerPid } = session;
  if (adopted)
    return listenerPid === undefined
      ? l10n.t(
          '{0} runs already, on port {1}, started outside Cheatcode. `{2}` starts a second dev server of it.',
          label,
          port,
          line,
        )
      : l10n.t(
          '{0} runs already, on port {1}, started outside Cheatcode (pid {2}). `{3}` starts a second dev server of it.',
          label,
          port,
          listenerPid,
          line,
        );
  return state === 'installing' || state === 'starting'
    ? l10n.t(
        '{0} is starting already, on port {1}, in the terminal {2}. `{3}` starts a second dev server of it.',
        label,
        port,
        id,
        line,
      )
    : l10n.t(
        '{0} runs already, on port {1}, in the terminal {2}. `{3}` starts a second dev server of it.',
        label,
        port,
        id,
        line,
      );
}
