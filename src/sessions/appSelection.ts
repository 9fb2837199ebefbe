import type { App, Discovery } from './apps';

/**
 * Which apps start by themselves (DESIGN section 5). `wish` is `cheatcode.autoStart`: `auto`, `all`, `off`, or the name
 * or type of an app. Never names an app that can't start or that is managed elsewhere.
 */
export function appsToStart(
  discovery: Discovery,
  wish: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly App[] {
  const startable = discovery.apps.filter((app) => !app.problem && app.declared.managed === 'cheatcode');
  const named = (name: string) => startable.filter((app) => app.name === name);
  const ofType = (type: string) => startable.filter((app) => app.type === type);
  const choose = (choice: string): readonly App[] | undefined => {
    if (choice === 'off') return [];
    if (choice === 'all') return startable;
    const found = named(choice).length > 0 ? named(choice) : ofType(choice).slice(0, 1);
    return found.length > 0 ? found : undefined;
  };
  if (wish !== 'auto') return choose(wish) ?? [];
  const type = env['CHEATCODE_APP_TYPE'];
  if (type) {
    const found = choose(type);
    if (found) return found;
  }
  const declared = discovery.declaredAutoStart;
  if (declared && declared !== 'auto') {
    const found = choose(declared);
    if (found) return found;
  }
  const opened = startable.filter((app) => app.isWorkspaceFolder);
  if (opened.length > 0) return opened.slice(0, 1);
  if (startable.length === 1) return startable;
  const web = ofType('web');
  return web.length > 0 ? web.slice(0, 1) : startable.slice(0, 1);
}

/** Whether a wish says something here: a rule, or the name or type of an app. Where there is no app at all, it may yet. */
export function isKnownWish(wish: string, apps: readonly Pick<App, 'name' | 'type'>[]): boolean {
  if (['auto', 'all', 'off'].includes(wish) || apps.length === 0) return true;
  return apps.some(({ name, type }) => name === wish || type === wish);
}
