import type { AppReport } from '../sessions/appReport';
import type { ExitName } from './exitCodes';

/** Ends a command: with its exit code, a code for programs, and a sentence for people. */
export class CommandError extends Error {
  /**
   * @param exit how the process ends
   * @param code for programs, in camel case; never changes its meaning
   * @param message whole sentences
   * @param apps what is known of the apps that it is about, for `--json`
   */
  constructor(
    readonly exit: ExitName,
    readonly code: string,
    message: string,
    readonly apps?: readonly AppReport[],
  ) {
    super(message);
    this.name = 'CommandError';
  }
}
