/** What takes the place of a secret. */
const HIDDEN = '***';

/** Names of things that nobody but their owner should see. */
const SECRET_NAME = String.raw`[\w.-]*(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credential|authorization|cookie)[\w.-]*`;

/** Each with what is kept of it, in the order in which they are looked for. */
const rules: readonly (readonly [form: RegExp, kept: string])[] = [
  // Private keys and certificates' keys, however many lines they have.
  [/(-----BEGIN [A-Z ]*PRIVATE KEY-----)[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, `$1${HIDDEN}$2`],
  // User and password of an address.
  [/\b([a-z][a-z\d+.-]*:\/\/)[^\s/@'"]+@/gi, `$1${HIDDEN}@`],
  // `Authorization: Bearer …`
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${HIDDEN}`],
  // `NAME=value`, `"name": "value"`, `?name=value`, `--name value`
  [new RegExp(String.raw`(["']?\b${SECRET_NAME}["']?\s*[=:]\s*)("[^"\n]*"|'[^'\n]*'|[^\s&#,;]+)`, 'gi'), `$1${HIDDEN}`],
  [new RegExp(String.raw`(--${SECRET_NAME}\s+)("[^"\n]*"|'[^'\n]*'|[^\s]+)`, 'gi'), `$1${HIDDEN}`],
  // Tokens that are known by how they begin: GitHub, npm, OpenAI and Anthropic, Slack, AWS, Google, Stripe; and JSON Web Tokens.
  [
    /\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|npm_\w{16,}|sk-[\w-]{16,}|[rs]k_(?:live|test)_\w{10,}|xox[abeprs]-[\w-]{10,}|AKIA[A-Z\d]{12,}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*)/g,
    HIDDEN,
  ],
];

/**
 * A text without what is known or looks like a secret, and with `~` for the home folder: for people to pass on. It can't know
 * every form of a secret; whoever passes it on is told to read it first.
 */
export function redacted(text: string, known: { readonly secrets: readonly string[]; readonly home: string }): string {
  let result = text;
  // The longest first: one may be a part of another.
  for (const secret of [...known.secrets].filter((one) => one.length > 3).sort((a, b) => b.length - a.length))
    result = result.replaceAll(secret, HIDDEN);
  for (const [form, kept] of rules) result = result.replace(form, kept);
  return known.home.length < 2
    ? result
    : result.replaceAll(new RegExp(`${escaped(known.home)}(?=[/\\\\]|\\b)`, 'g'), '~');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
