// Runs the undoing once, whichever signal asks for it first, and however often.

/** @type {(() => Promise<unknown>)[]} */
const undo = [];
/** @type {Promise<void> | undefined} */
let ending;

/** Registers what has to be undone at the end; last in, first out. @param {() => Promise<unknown>} work */
export function atEnd(work) {
  undo.push(work);
}

/** Undoes everything, once. */
export function end() {
  return (ending ??= (async () => {
    for (const work of undo.reverse())
      await work().catch((error) => console.error(error instanceof Error ? error.message : error));
  })());
}

/**
 * Ends the program in an orderly way on Ctrl+C, SIGTERM and a closed terminal. npm passes a Ctrl+C on that the
 * terminal had already sent: the second one changes nothing.
 * @param {(signal: string) => void} [tell]
 */
export function endOnSignals(tell) {
  for (const [signal, number] of /** @type {const} */ ([
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ])) {
    process.on(signal, () => {
      if (!ending) tell?.(signal);
      void end().then(() => process.exit(128 + number));
    });
  }
}
