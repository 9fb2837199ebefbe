import type { App } from './apps';
import type { SessionSnapshot } from './protocol';
import { isActive } from './sessionState';

/**
 * Which app is meant where none is named: `byItself`: the one that would start by itself; `running`: the only one that runs,
 * else that one, too.
 */
export type Preference = 'byItself' | 'running';

export interface AppChoice {
  /** Name, type or session; undefined: none is named. */
  readonly name: string | undefined;
  readonly apps: readonly App[];
  readonly sessions: readonly SessionSnapshot[];
  readonly preference: Preference;
  /** For the message; undefined where there is none. */
  readonly workspace: string | undefined;
  readonly byItself: () => readonly App[];
}

/** Why no app was chosen; the message names the candidates. */
export class AppChoiceError extends Error {
  constructor(
    readonly code: 'noSuchApp' | 'unclearApp',
    message: string,
  ) {
    super(message);
    this.name = 'AppChoiceError';
  }
}

/** The app that is meant. Throws `AppChoiceError` where there is none, or it is unclear. */
export function chooseApp(choice: AppChoice): App {
  const { name, apps, sessions, preference, byItself } = choice;
  if (name !== undefined) return named(name, choice);
  if (preference === 'running') {
    const running = apps.filter((app) => sessions.some(({ appKey, state }) => appKey === app.key && isActive(state)));
    if (running.length === 1 && running[0]) return running[0];
    if (running.length > 1) throw unclear(running);
  }
  const [wished, ...others] = byItself();
  if (wished && others.length === 0) return wished;
  if (apps.length === 1 && apps[0]) return apps[0];
  if (apps.length > 0) throw unclear(wished ? [wished, ...others] : apps);
  throw new AppChoiceError('noSuchApp', `There is no app in ${choice.workspace ?? 'this folder'}.`);
}

function named(name: string, { apps, workspace }: AppChoice): App {
  const type = name.replace(/^dev_server_/, '');
  const found = [(app: App) => app.name === name, (app: App) => app.type === name, (app: App) => app.type === type]
    .map((fits) => apps.filter(fits))
    .find((some) => some.length > 0);
  if (found === undefined)
    throw new AppChoiceError(
      'noSuchApp',
      workspace === undefined
        ? `No app or session "${name}" is known here.`
        : `There is no app "${name}" in ${workspace}${apps.length === 0 ? '' : `; there is ${listOf(apps)}`}.`,
    );
  const [first, ...others] = found;
  if (first && others.length === 0) return first;
  throw unclear(found);
}

function unclear(apps: readonly App[]): AppChoiceError {
  return new AppChoiceError('unclearApp', `Several apps fit; name one: ${listOf(apps)}.`);
}

function listOf(apps: readonly App[]): string {
  return apps.map(({ name, type }) => (name === type ? name : `${name} (${type})`)).join(', ');
}
