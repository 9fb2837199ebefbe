/** Ctrl+], as telnet has it; and Ctrl+P Ctrl+Q, as Docker has it. */
const LEAVE = '\u001d';
const FIRST = '\u0010';
const SECOND = '\u0011';

/** Finds the keys that leave an attached terminal in what a person types. */
export class DetachKeys {
  #isHeld = false;

  /** What goes to the program, and whether the person leaves; what follows the key is nobody's. */
  feed(data: string): { readonly forward: string; readonly leaves: boolean } {
    let forward = '';
    for (const char of data) {
      if (char === LEAVE || (this.#isHeld && char === SECOND)) return { forward, leaves: true };
      if (this.#isHeld) forward += FIRST;
      this.#isHeld = char === FIRST;
      if (!this.#isHeld) forward += char;
    }
    return { forward, leaves: false };
  }
}
