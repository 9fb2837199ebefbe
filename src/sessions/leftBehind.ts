import path from 'node:path';
import type { App } from './apps';
import type { SessionSnapshot } from './protocol';

/** What a server that no app of the workspace claims is compared with. */
export interface LeftBehindLook {
  /** Those that the workspace has now. */
  readonly apps: readonly App[];
  /** Those that this window has shown until now. */
  readonly before: readonly App[];
  readonly sessions: Iterable<SessionSnapshot>;
  /** Real paths. */
  readonly workspaceFolders: readonly string[];
}

/**
 * Apps that are not declared any more while a server of ours still runs for them: it would go on where nobody sees it. They
 * stay until it has ended, and can only be stopped. A window that was reloaded knows them by their folder, unless another
 * window has them: then they may be of another workspace. Pure.
 */
export function leftBehind({ apps, before, sessions, workspaceFolders }: LeftBehindLook): readonly App[] {
  const found: App[] = [];
  for (const session of sessions) {
    if (!isOurs(session) || apps.some(({ key }) => key === session.appKey)) continue;
    const known = before.find(({ key }) => key === session.appKey);
    const workspaceFolder = workspaceFolders.find((folder) => session.folder.startsWith(`${folder}${path.sep}`));
    const problem = { code: 'undeclared' as const, facts: {} };
    if (known) found.push({ ...known, problem });
    else if (workspaceFolder !== undefined && session.windows === 0)
      found.push({
        key: session.appKey,
        name: session.appName,
        type: session.type,
        folder: session.folder,
        workspaceFolder,
        isWorkspaceFolder: false,
        isFirstOfType: false,
        label: session.appName,
        declared: { port: undefined, command: undefined, health: undefined, env: {}, managed: 'cheatcode' },
        problem,
      });
  }
  return found;
}

function isOurs(session: SessionSnapshot): boolean {
  return !session.adopted && session.managed !== 'external' && !['stopped', 'failed'].includes(session.state);
}
