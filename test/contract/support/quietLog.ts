import { formatLogLine, type Logger } from '../../../src/sessions/log';

/** A log that keeps its lines for the test to look at. */
export function quietLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const note: Logger['info'] = (message, facts) => void lines.push(formatLogLine(message, facts));
  return { lines, trace: note, debug: note, info: note, warn: note, error: note };
}
