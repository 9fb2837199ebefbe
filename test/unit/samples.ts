/** Apps and sessions to test with; each part can be another. */
import type { App } from '../../src/sessions/apps';
import type { SessionSnapshot } from '../../src/sessions/protocol';

export function anApp(of: Partial<App> = {}): App {
  return {
    key: '1:2:cheatcode-app',
    name: 'cheatcode-app',
    type: 'web',
    folder: '/w/cheatcode-app',
    workspaceFolder: '/w',
    isWorkspaceFolder: false,
    isFirstOfType: true,
    label: 'Web',
    declared: { port: undefined, command: undefined, health: undefined, env: {}, managed: 'cheatcode' },
    problem: undefined,
    ...of,
  };
}

export function aSession(of: Partial<SessionSnapshot> = {}): SessionSnapshot {
  return {
    id: 'dev_server_web',
    appKey: '1:2:cheatcode-app',
    appName: 'cheatcode-app',
    type: 'web',
    folder: '/w/cheatcode-app',
    state: 'running',
    reason: { code: 'answered' },
    sinceMs: new Date(2026, 0, 2, 3, 4, 5).getTime(),
    adopted: false,
    desired: 'running',
    port: 3000,
    url: 'http://localhost:3000',
    windows: 1,
    crashes: 0,
    specDigest: 'a1',
    revision: 1,
    ...of,
  };
}

export function aMobileApp(of: Partial<App> = {}): App {
  return anApp({
    key: '1:3:cheatcode-mobile',
    name: 'cheatcode-mobile',
    type: 'mobile',
    folder: '/w/cheatcode-mobile',
    label: 'Mobile',
    ...of,
  });
}
