/** What is wrong with the code of an app, as an editor lists it. Pure: a provider copies it where it changed. */
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { App } from './apps';
import type { CompileIssue, SessionSnapshot } from './protocol';

/** One of them. */
export interface Problem {
  /** Absolute. */
  readonly file: string;
  /** From 0, as the column; undefined: the whole file. */
  readonly line: number | undefined;
  /** Undefined: the whole line. */
  readonly column: number | undefined;
  readonly severity: CompileIssue['severity'];
  readonly message: string;
  /** Who says so. */
  readonly source: string;
  /** Files through which it is reached. */
  readonly related: readonly { readonly file: string; readonly message: string }[];
}

/** Of one app; none while nothing is known of it. */
export function problemsOf(app: App, session: Pick<SessionSnapshot, 'issues'> | undefined): readonly Problem[] {
  return (session?.issues ?? []).map(({ file, line, column, severity, message, thrown, importedBy = [] }) => ({
    // What has no place in the app is said of the app.
    file: path.join(app.folder, file ?? 'package.json'),
    line: line === undefined ? undefined : line - 1,
    column: column === undefined ? undefined : column - 1,
    severity,
    message: thrown ? l10n.t('Thrown at run time: {0}', message) : message,
    source: sourceOf(app),
    related: importedBy.map((name) => ({ file: path.join(app.folder, name), message: l10n.t('imported from here') })),
  }));
}

/** `1 problem`, `2 problems`; undefined while none is known. */
export function problemCount(session: Pick<SessionSnapshot, 'issues'> | undefined): string | undefined {
  const count = session?.issues?.length ?? 0;
  if (count === 0) return undefined;
  return count === 1 ? l10n.t('1 problem') : l10n.t('{0} problems', count);
}

/** Names of products, the same in all languages. */
function sourceOf({ type, label }: App): string {
  return type === 'web' ? 'Next.js' : type === 'mobile' ? 'Metro' : label;
}
