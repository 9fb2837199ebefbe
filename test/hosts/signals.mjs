// Runs the undoing once, whichever signal asks for it first, and however often.

/** @type {(() => Promise<unknown>)[]} */
let undo = [];
/** @type {Promise<void> | undefined} */
let ending;

/**
 * Registers what has to be undone at the end; last in, first out.
 * @param {() => Promise<unknown>} work
 * @returns {() => void} call it when that is done already
 */
export function atEnd(work) {
  undo.push(work);
  return () => {
    undo = undo.filter((one) => one !== work);
  };
}

/** Undoes everything, once. */
export function end() {
  return (ending ??= (async () => {
    for (const work of [...undo].reverse())
      await work().catch((error) => console.error(error instanceof Error ? error.message : error));
  })());
}

/** The end has begun: what stops now was meant to stop. */
export function isEnding() {
  return ending !== undefined;
}

/**
 * Ends the program in an orderly way on Ctrl+C, SIGTERM and a closed terminal. npm passes a Ctrl+C on that the
 * terminal had already sent: the second one changes nothing.
 * @param {(signal: string) => void} [tell]
 */
export function endOnSignals(tell) {
  /** @param {string} why @param {number} code */
  const endWith = (why, code) => {
    if (!ending) tell?.(why);
    void end().then(() => process.exit(code));
  };
  for (const [signal, number] of /** @type {const} */ ([
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ])) {
    process.on(signal, () => endWith(signal, 128 + number));
  }
  // npm sends a SIGTERM that it gets to the shell between us alone, which dies without a word to us.
  const parent = process.ppid;
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return;
  setInterval(() => process.ppid !== parent && endWith('npm is gone', 143), 250).unref();
}
