/** What stands at a key: the text behind its colon, and the keys indented below it. */
export interface Indented {
  readonly text: string;
  readonly below: ReadonlyMap<string, Indented>;
}

/**
 * Reads the indented keys of the YAML that pnpm and Yarn write, and no more of YAML than they use: lists are skipped,
 * `{a: b}` stays a text. The last one of several documents counts (pnpm 11 may put one about itself before the lock).
 * Never throws: a text that is something else has few keys or none.
 */
export function readIndented(text: string): Indented {
  const root = { text: '', below: new Map<string, Indented>() };
  let open: { indent: number; below: Map<string, Indented> }[] = [{ indent: -1, below: root.below }];
  for (const raw of text.split(/\r?\n/)) {
    if (raw === '---') {
      root.below.clear();
      open = [{ indent: -1, below: root.below }];
      continue;
    }
    // A key of more than 128 characters stands behind a `?`, and what belongs to it behind a `:` on the next line.
    const line = raw.replace(/^( *)\? (.*)$/, '$1$2:').replace(/^( *): /, '$1  ');
    const indent = line.search(/[^ ]/);
    const entry = indent < 0 ? undefined : keyAndText(line.slice(indent));
    if (!entry) continue;
    while (open.length > 1 && (open.at(-1)?.indent ?? -1) >= indent) open.pop();
    const below = new Map<string, Indented>();
    open.at(-1)?.below.set(entry.key, { text: entry.text, below });
    open.push({ indent, below });
  }
  return root;
}

function keyAndText(line: string): { readonly key: string; readonly text: string } | undefined {
  const match =
    /^'((?:[^']|'')*)':(?: +(.*))?$/.exec(line) ??
    /^"([^"]*)":(?: +(.*))?$/.exec(line) ??
    /^([^\s'"#\-{[].*?):(?: +(.*))?$/.exec(line);
  const [, key, text = ''] = match ?? [];
  return key === undefined ? undefined : { key: key.replaceAll("''", "'"), text: unquoted(text.trim()) };
}

function unquoted(text: string): string {
  const inside = /^'(.*)'$/.exec(text)?.[1]?.replaceAll("''", "'") ?? /^"(.*)"$/.exec(text)?.[1];
  return inside ?? text;
}
