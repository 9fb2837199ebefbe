/** What the talker prints, and how a reader knows the end of it. */

/** 20 a second: a person who saves all the time, with several requests for each page. */
export const LINES_OF_AN_HOUR = 20 * 3600;

/** Lines as Next prints them for each request, with its colours, of at least so many bytes. */
export function printedLines(bytes: number): string {
  let text = '';
  for (let n = 0; text.length < bytes; n++) {
    const ms = 20 + ((n * 37) % 400);
    text += ` GET /products/${1000 + n}?page=${n % 10} \x1b[32m200\x1b[39m in ${ms}ms\x1b[2m (next.js: ${(ms % 9) + 2}ms, application-code: ${ms - 11}ms)\x1b[22m\n`;
  }
  return text;
}

/** The line after the last. One word: nothing that copies a screen may put another thing for its blanks. */
export function endMark(mark: string): string {
  return `${wordOf(mark)}\n`;
}

export function wordOf(mark: string): string {
  return `<<end:${mark}>>`;
}
