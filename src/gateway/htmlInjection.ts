/**
 * Puts a script into a page that streams through, as the first thing in its head.
 * Invariant: every byte is passed on unchanged and in order, and at most `HELD_BYTES` of them wait for their successors.
 * It reads only what may come before a head's contents (byte order mark, white space, comments, doctype, `<html>`, `<head>`);
 * at anything else an HTML parser has begun the head by itself, so the script goes before it.
 */
import { Transform, type TransformCallback } from 'node:stream';

/** The longest beginning that does not yet tell what it is: `<html` without its next letter. */
export const HELD_BYTES = 5;

type Where =
  /** Where a tag, a comment or text may begin. */
  | 'between'
  | 'comment'
  /** Doctype and processing instructions: to the next `>`. */
  | 'declaration'
  | 'html'
  | 'head'
  | 'past';

/** Takes UTF-8 or any other superset of ASCII; `script` is ASCII, with its tags. A page in UTF-16 passes unchanged. */
export class HtmlInjection extends Transform {
  readonly #script: string;
  #where: Where = 'between';
  #isFirst = true;
  #held = '';
  /** In a tag: the quote of the value that is being read, and whether one may begin. */
  #quote = '';
  #isValueNext = false;

  constructor(script: string) {
    super();
    this.#script = script;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#where === 'past') {
      done(null, chunk);
      return;
    }
    const text = this.#held + chunk.toString('latin1'); // One character a byte.
    const { end, insertAt } = this.#read(text);
    this.#held = text.slice(end);
    const out =
      insertAt === undefined ? text.slice(0, end) : text.slice(0, insertAt) + this.#script + text.slice(insertAt);
    done(null, Buffer.from(out, 'latin1'));
  }

  override _flush(done: TransformCallback): void {
    // A page that ends before it began, or in the middle of a comment, where a script would be text.
    const script = this.#where === 'between' ? this.#script : '';
    done(null, Buffer.from(script + this.#held, 'latin1'));
  }

  /** How far the text may be passed on, and where in it the script goes, if that is known. */
  #read(text: string): { readonly end: number; readonly insertAt?: number } {
    let at = 0;
    const insert = (where: number) => {
      this.#where = 'past';
      return { end: text.length, insertAt: where };
    };
    if (this.#isFirst) {
      if (text.length < 3 && '\xef\xbb\xbf'.startsWith(text)) return { end: 0 };
      this.#isFirst = false;
      if (text.startsWith('\xfe\xff') || text.startsWith('\xff\xfe')) {
        this.#where = 'past';
        return { end: text.length };
      }
      if (text.startsWith('\xef\xbb\xbf')) at = 3;
    }
    for (;;) {
      switch (this.#where) {
        case 'past':
          return { end: text.length };
        case 'between': {
          while (/[\t\n\f\r ]/.test(text.charAt(at))) at++;
          const rest = text.slice(at, at + HELD_BYTES + 1).toLowerCase();
          if (isUndecided(rest)) return { end: at };
          if (rest.startsWith('<!--')) {
            this.#where = 'comment';
            at += 2; // `<!-->` is a whole comment.
          } else if (rest.startsWith('<!') || rest.startsWith('<?')) this.#where = 'declaration';
          else if (/^<(?:html|head)[\t\n\f\r />]/.test(rest)) {
            this.#where = rest.startsWith('<html') ? 'html' : 'head';
            at += HELD_BYTES;
          } else return insert(at);
          break;
        }
        case 'comment': {
          const end = /--!?>/g;
          end.lastIndex = at;
          const found = end.exec(text);
          // Its end may be cut in two.
          if (!found) return { end: Math.max(at, text.length - 3) };
          at = found.index + found[0].length;
          this.#where = 'between';
          break;
        }
        case 'declaration': {
          const end = text.indexOf('>', at);
          if (end < 0) return { end: text.length };
          at = end + 1;
          this.#where = 'between';
          break;
        }
        case 'html':
        case 'head': {
          const end = this.#endOfTag(text, at);
          if (end === undefined) return { end: text.length };
          if (this.#where === 'head') return insert(end);
          at = end;
          this.#where = 'between';
          break;
        }
      }
    }
  }

  /** Where the tag ends that `at` is in; a `>` in a quoted value is none. */
  #endOfTag(text: string, at: number): number | undefined {
    for (let i = at; i < text.length; i++) {
      const char = text.charAt(i);
      if (this.#quote !== '') {
        if (char === this.#quote) this.#quote = '';
      } else if (char === '>') {
        this.#isValueNext = false;
        return i + 1;
      } else if (char === '=') this.#isValueNext = true;
      else if (this.#isValueNext && (char === '"' || char === "'")) {
        this.#quote = char;
        this.#isValueNext = false;
      } else if (!/\s/.test(char)) this.#isValueNext = false;
    }
    return undefined;
  }
}

/** Whether `rest`, in lower case, may still become something that comes before the head's contents. */
function isUndecided(rest: string): boolean {
  return ['<!--', '<html', '<head'].some((beginning) => beginning.startsWith(rest));
}
