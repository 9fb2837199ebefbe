/** Which keys belong to the editor around the preview while the app has the focus. Pure. */

/** The part of a `KeyboardEvent` that decides. */
export interface KeyFacts {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  /** AltGr, which many keyboards say as Ctrl and Alt: it types. */
  readonly isAltGraph: boolean;
  /** The focus is in something that takes text. */
  readonly isTyping: boolean;
}

const modifiers: readonly string[] = ['Control', 'Alt', 'AltGraph', 'Meta', 'Shift', 'OS'];
/** Select all, copy, paste, cut, undo, redo: the browser does them in the page, and twice would be once too often. */
const editing = /^[acvxyz]$/i;

/** Whether the editor is told of this key. F5 and F12 are the browser's: it reloads, and opens its tools. */
export function isForEditor(event: KeyFacts): boolean {
  const { key } = event;
  if (modifiers.includes(key) || event.isAltGraph) return false;
  if (key === 'Escape') return true;
  if (/^F(?:[1-9]|1[0-2])$/.test(key)) return key !== 'F5' && key !== 'F12';
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand) return !(editing.test(key) && !event.altKey && !(event.shiftKey && !/^z$/i.test(key)));
  // Alt alone types letters on a Mac.
  return event.altKey && !(event.isTyping && key.length === 1);
}

/** Whether the browser must not act on it too: it would print, save or search where the editor has another meaning. */
export function isTakenFromBrowser(event: KeyFacts): boolean {
  if (!isForEditor(event) || event.key === 'Escape') return false;
  return /^F\d+$/.test(event.key) || ((event.ctrlKey || event.metaKey) && /^[a-z]$/i.test(event.key));
}
