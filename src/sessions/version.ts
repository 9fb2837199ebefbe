/**
 * Compares versions of the extension by the rules of semver. Only a strictly newer client may replace a host: what is no
 * version, or the same one, is newer than nothing, or two windows would replace each other's host for ever.
 */
export function isNewerVersion(candidate: string, than: string): boolean {
  const [a, b] = [parse(candidate), parse(than)];
  if (!a || !b) return false;
  for (let at = 0; at < 3; at++) {
    const difference = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  // A release follows its own pre-releases.
  if (a.pre.length === 0 || b.pre.length === 0) return a.pre.length === 0 && b.pre.length > 0;
  for (let at = 0; at < Math.max(a.pre.length, b.pre.length); at++) {
    const [left, right] = [a.pre[at], b.pre[at]];
    if (left === undefined || right === undefined) return right === undefined;
    if (left !== right) return isGreaterPart(left, right);
  }
  return false;
}

function parse(version: string): { readonly numbers: readonly number[]; readonly pre: readonly string[] } | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?(?:\+[\w.-]+)?$/.exec(version);
  if (!match) return undefined;
  return { numbers: match.slice(1, 4).map(Number), pre: match[4]?.split('.') ?? [] };
}

/** Numbers by value and below words, words by their letters. */
function isGreaterPart(left: string, right: string): boolean {
  const [a, b] = [left, right].map((part) => (/^\d+$/.test(part) ? Number(part) : undefined));
  if (a !== undefined && b !== undefined) return a > b;
  if (a !== undefined || b !== undefined) return b !== undefined;
  return left > right;
}
