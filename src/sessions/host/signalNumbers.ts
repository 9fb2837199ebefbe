/** Signals by number, as node-pty and shells tell them; Node's child processes tell names. */
import { constants } from 'node:os';

/** The number of a signal on this system. */
export function signalNumber(signal: NodeJS.Signals): number {
  return constants.signals[signal];
}
