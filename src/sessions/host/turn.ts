/** Lets one at a time do something; the others wait in line. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs the action when those before it have ended, however they did; gives what it gives. */
  take<T>(action: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(action, action);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
