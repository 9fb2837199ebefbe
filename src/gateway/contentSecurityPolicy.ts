/**
 * Content security policies for the preview. Invariant: what a policy forbids it goes on forbidding, but for two things: to
 * be framed, and our own script, by its hash.
 */

interface Directive {
  readonly name: string;
  readonly sources: readonly string[];
}

/** The header with its policies changed; undefined when nothing is left. `scriptHash` is a source expression. */
export function previewPolicies(header: string, scriptHash: string | undefined): string | undefined {
  const policies = header
    .split(',')
    .map((policy) => previewPolicy(policy, scriptHash))
    .filter((policy) => policy !== '');
  return policies.length === 0 ? undefined : policies.join(', ');
}

function previewPolicy(policy: string, scriptHash: string | undefined): string {
  const directives = parse(policy).filter(({ name }) => name !== 'frame-ancestors');
  const changed = scriptHash === undefined ? directives : withScript(directives, scriptHash);
  return changed.map(({ name, sources }) => [name, ...sources].join(' ')).join('; ');
}

function parse(policy: string): Directive[] {
  return policy
    .split(';')
    .map((text) => text.trim().split(/\s+/))
    .filter(([name]) => name !== undefined && name !== '')
    .map(([name = '', ...sources]) => ({ name: name.toLowerCase(), sources }));
}

function withScript(directives: Directive[], hash: string): Directive[] {
  // Of directives with the same name the first counts.
  const find = (name: string) => directives.find((directive) => directive.name === name);
  const own = find('script-src-elem') ?? find('script-src');
  if (own) {
    if (allowsInline(own.sources)) return directives;
    return directives.map((directive) =>
      directive === own ? { name: own.name, sources: withHash(own.sources, hash) } : directive,
    );
  }
  const fallback = find('default-src');
  if (!fallback || allowsInline(fallback.sources)) return directives;
  // A directive of its own: in default-src a hash would speak for styles, too, and there turn 'unsafe-inline' off.
  return [...directives, { name: 'script-src', sources: withHash(fallback.sources, hash) }];
}

/** A nonce, a hash or 'strict-dynamic' turns 'unsafe-inline' off (CSP level 3, section 6.7.3.2); so would ours. */
function allowsInline(sources: readonly string[]): boolean {
  const lower = sources.map((source) => source.toLowerCase());
  return (
    lower.includes("'unsafe-inline'") &&
    !lower.some((source) => source === "'strict-dynamic'" || /^'(?:nonce|sha(?:256|384|512))-/.test(source))
  );
}

function withHash(sources: readonly string[], hash: string): string[] {
  return [...sources.filter((source) => source.toLowerCase() !== "'none'"), hash];
}
