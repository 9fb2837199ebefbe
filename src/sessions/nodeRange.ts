/**
 * Versions and ranges of Node.js as `.nvmrc` and `engines` write them: the part of npm's semver that these use, without
 * pre-releases. What is not understood is undefined, never a verdict.
 */

export type Version = readonly [major: number, minor: number, patch: number];

/** By the names of the long-term lines, as nvm knows them. */
const LTS: Readonly<Record<string, number>> = {
  argon: 4,
  boron: 6,
  carbon: 8,
  dubnium: 10,
  erbium: 12,
  fermium: 14,
  gallium: 16,
  hydrogen: 18,
  iron: 20,
  jod: 22,
  krypton: 24,
};

/** `v20.11.1` or `20.11.1`. */
export function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text.trim());
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

/** Whether the version is one that the line of a `.nvmrc` or `.node-version` asks for. */
export function isWantedByFile(version: Version, wanted: string): boolean | undefined {
  const word = wanted
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .find((line) => line !== '')
    ?.toLowerCase();
  if (word === undefined || ['node', 'stable', 'latest', 'current', 'system', 'default'].includes(word))
    return undefined;
  const line = /^lts\/(.+)$/.exec(word)?.[1];
  if (line === '*' || word === 'lts') return version[0] % 2 === 0;
  if (line !== undefined) return LTS[line] === undefined ? undefined : version[0] === LTS[line];
  return satisfies(version, word.replace(/^node-?/, ''));
}

/** Whether the version is in a range such as `>=20.9 <23`, `^20 || 22.x`, `18 - 20`. */
export function satisfies(version: Version, range: string): boolean | undefined {
  const verdicts = range.split('||').map((part) => satisfiesAll(version, part.trim()));
  if (verdicts.includes(true)) return true;
  return verdicts.includes(undefined) ? undefined : false;
}

function satisfiesAll(version: Version, part: string): boolean | undefined {
  const hyphen = /^(\S+)\s+-\s+(\S+)$/.exec(part);
  const words = hyphen
    ? [`>=${hyphen[1] ?? ''}`, `<=${hyphen[2] ?? ''}`]
    : part
        .replace(/([<>=^~])\s+/g, '$1')
        .split(/\s+/)
        .filter(Boolean);
  const verdicts = words.map((word) => satisfiesOne(version, word));
  if (verdicts.includes(undefined)) return undefined;
  return verdicts.every(Boolean);
}

function satisfiesOne(version: Version, word: string): boolean | undefined {
  if (/^(?:\*|x)$/i.test(word)) return true;
  const match = /^([<>]=?|=|\^|~)?v?(\d+)(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:[-+].*)?$/.exec(word);
  if (!match) return undefined;
  const [, operator = '=', major, minor, patch] = match;
  const number = (text: string | undefined) => (text === undefined || /[xX*]/.test(text) ? undefined : Number(text));
  const named = [Number(major), number(minor), number(patch)] as const;
  const least: Version = [named[0], named[1] ?? 0, named[2] ?? 0];
  /** The first version behind all that the word names: `20` ends before 21.0.0. */
  const behind: Version =
    named[1] === undefined
      ? [named[0] + 1, 0, 0]
      : named[2] === undefined
        ? [named[0], named[1] + 1, 0]
        : [named[0], named[1], named[2] + 1];
  const isFrom = compare(version, least) >= 0;
  switch (operator) {
    case '>=':
      return isFrom;
    case '<':
      return !isFrom;
    case '>':
      return compare(version, behind) >= 0;
    case '<=':
      return compare(version, behind) < 0;
    case '^':
      // Node.js has no versions before 1 that anybody still runs.
      return isFrom && version[0] === named[0];
    case '~':
      return isFrom && version[0] === named[0] && (named[1] === undefined || version[1] === named[1]);
    default:
      return isFrom && compare(version, behind) < 0;
  }
}

/** Below 0: the first is the older. */
export function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
