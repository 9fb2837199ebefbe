import { AppChoiceError, chooseApp as choose, type AppChoice } from '../sessions/appChoice';
import type { App } from '../sessions/apps';
import { CommandError } from './commandError';

export type { AppChoice, Preference } from '../sessions/appChoice';

/** The app that is meant. Throws `CommandError`: notFound, or usage where it is unclear, naming the candidates. */
export function chooseApp(choice: AppChoice): App {
  try {
    return choose(choice);
  } catch (error) {
    if (!(error instanceof AppChoiceError)) throw error;
    throw new CommandError(error.code === 'noSuchApp' ? 'notFound' : 'usage', error.code, error.message);
  }
}
