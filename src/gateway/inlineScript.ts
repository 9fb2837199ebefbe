import { createHash } from 'node:crypto';

/** A script in a page, and what a content security policy calls it. */
export interface InlineScript {
  /** The tag for a page that was asked for by `path` (with its query). ASCII. */
  readonly tag: (path: string, data?: Readonly<Record<string, string>>) => string;
  /** `'sha256-…'`: of the text between the tags. */
  readonly source: string;
}

/**
 * A script of ours for the pages of `app`. Its text gets nothing spliced in, so it has one hash; what it needs to know stands
 * in its tag's data attributes: `data-path`, by which it finds the prefix that the page lies under, and `data-app`.
 */
export function inlineScript(script: string, app: string): InlineScript {
  // A parser ends a script at the first such letters, and reads on otherwise after the second, wherever they are.
  const text = script.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
  return {
    tag: (path, data = {}) => {
      const attributes = Object.entries({ path, app, ...data }).map(
        ([name, value]) => ` data-${name}="${escapeHtml(value)}"`,
      );
      return `<script data-cheatcode${attributes.join('')}>${text}</script>`;
    },
    source: `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  };
}

/** Text for an element's content or a quoted attribute, in ASCII: it means the same in every encoding that a page has. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'\u0000-\u0008\u000b-\u001f\u007f-\u{10ffff}]/gu, (char) => `&#${char.codePointAt(0)};`);
}
