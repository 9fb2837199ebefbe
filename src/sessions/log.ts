/** What the core needs to tell its story: a short lower-case sentence, then facts as `key=value`. */
export interface Logger {
  trace(message: string, facts?: LogFacts): void;
  debug(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
}

export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** `message key=value …`; values with spaces or quotes are quoted, control characters escaped. */
export function formatLogLine(message: string, facts: LogFacts = {}): string {
  let line = message;
  for (const [key, value] of Object.entries(facts)) {
    if (value === undefined) continue;
    const text = String(value);
    line += ` ${key}=${/^[\w.:/@,+-]+$/.test(text) ? text : quoted(text)}`;
  }
  return line;
}

/** JSON leaves some control characters as they are; a terminal that shows the log would obey them. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The readable part of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's code of an error (`ENOENT`), if it has one. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
