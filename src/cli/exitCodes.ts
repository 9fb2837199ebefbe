/** How the command line ends: the numbers that scripts rely on, and their only home. A number never changes its meaning. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  nothingRuns: 3,
  timedOut: 4,
  needsPerson: 5,
  notFound: 6,
  interrupted: 130,
  readerGone: 141,
} as const;

/** The name of an exit code. */
export type ExitName = keyof typeof exitCodes;

/** One line about each, for `--help`. */
export const exitMeanings: Readonly<Record<ExitName, string>> = {
  done: 'done',
  failed: 'failed; the message says why',
  usage: 'wrong usage, or it is unclear which app is meant',
  nothingRuns: 'no session host or no dev server runs',
  timedOut: 'timed out; the server goes on starting',
  needsPerson:
    "needs a person: the port is taken, the server is another program's or runs on another machine, or the session host hangs",
  notFound: 'no such app, or no cheatcode workspace',
  interrupted: 'interrupted; the server is left alone',
  readerGone: 'whoever read the output has gone, as after `| head`',
};
