/** Lets one at a time do something; the others wait in line. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Somebody has it now: who takes it waits. */
  get isTaken(): boolean {
    return this.#waiting > 0;
  }

  /** Runs the action when those before it have ended, however they did; gives what it gives. */
  take<T>(action: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const mine = this.#last.then(action, action).finally(() => this.#waiting--);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
