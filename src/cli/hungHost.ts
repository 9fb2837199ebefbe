import type { DevServerError } from '../sessions/errors';

/** The way out; the commands that take the flag are those that start or end servers. */
export const HUNG_HOST_HELP =
  'It may recover by itself. --replace-host (of ensure, start, restart, stop, shutdown) ends it with the dev servers that it runs, ' +
  'and goes on with a new one.';

/** Says which session host (`hostHangs`) gave no answer. */
export function hungHostSentence({ facts }: DevServerError): string {
  return `The session host${facts['pid'] === undefined ? '' : ` (pid ${facts['pid']})`} does not answer.`;
}
