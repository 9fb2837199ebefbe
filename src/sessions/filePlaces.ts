/** Finds places in files in a line of output: what a person may click on. Pure: whether there is such a file is seen elsewhere. */

/** A place in a line of text, as it is told. */
export interface ToldPlace {
  /** Where it begins in the line, and how long it is, in UTF-16 units. */
  readonly start: number;
  readonly length: number;
  readonly file: string;
  /** From 1, as the column. */
  readonly line: number | undefined;
  readonly column: number | undefined;
}

/** Longer lines are no place for a link, and neither are more of them. */
const MAX_CHARS = 2000;
const MAX_PLACES = 20;

/**
 * `./app/page.tsx:3:5`, `app/page.tsx (3:5)`, `(app/[slug]/page.tsx:3)`, `[project]/app/page.tsx`, `next.config.ts`; no addresses, and
 * nothing absolute, which the editor finds by itself.
 */
const PLACE =
  /(?<![\w/.:@\\-])((?:[\w@()[\]+$~.-]+\/)*[\w@()[\]+$~.-]*[\w)\]]\.[A-Za-z]\w{0,7})(?::(\d{1,7})(?::(\d{1,7}))?| ?\((\d{1,7}):(\d{1,7})\))?(?![\w/])/g;

/** The places that a line names, from left to right. */
export function filePlaces(text: string): readonly ToldPlace[] {
  if (text.length > MAX_CHARS) return [];
  return [...text.matchAll(PLACE)].slice(0, MAX_PLACES).map((match) => {
    const [whole, told = '', line1, column1, line2, column2] = match;
    // A bracket around the place, not one of its own: `(app/page.tsx:3:5)`, but `(group)/page.tsx`.
    const around = /^[([]+/.exec(told)?.[0] ?? '';
    const own = told.slice(around.length);
    const opening = isClosedIn(around, own) ? 0 : around.length;
    return {
      start: match.index + opening,
      length: whole.length - opening,
      file: told.slice(opening),
      line: count(line1 ?? line2),
      column: count(column1 ?? column2),
    };
  });
}

function isClosedIn(opening: string, rest: string): boolean {
  const closing = (text: string, bracket: string) => text.split(bracket).length - 1;
  const opened = (bracket: string) => closing(opening, bracket) + closing(rest, bracket);
  return opened('(') === closing(rest, ')') && opened('[') === closing(rest, ']');
}

function count(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || value < 1 ? undefined : value;
}
