/** Words for the facts of reasons and errors: what is missing makes a shorter sentence, never an `undefined` in it. */
import * as l10n from '@vscode/l10n';

/** Of a command line, as much as fits into a sentence, or into a line that names a process. */
const COMMAND_CHARS = 60;
export const COMMAND_LINE_CHARS = 120;

export type Facts = Readonly<Record<string, string | number | boolean>>;

/** The first of these facts that there is, as text. */
export function text(facts: Facts, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = facts[name];
    if (value !== undefined && value !== '') return String(value);
  }
  return undefined;
}

/** The same of a fact that is always told; dots where a host of another version did not. */
export function known(facts: Facts, ...names: readonly string[]): string {
  return text(facts, ...names) ?? '…';
}

/** ` (value)` behind a word, the same in every language; empty where there is nothing to say. */
export function inBrackets(value: string | undefined): string {
  return value === undefined ? '' : ` (${value})`;
}

/** `: value` behind a sentence's last word, likewise. */
export function afterColon(value: string | undefined): string {
  return value === undefined ? '' : `: ${value}`;
}

export function holder(facts: Facts): string | undefined {
  // Its socket is visible, its process is not.
  if (facts['hidden'] === true) return l10n.t('another container or user{0}', inBrackets(userOf(facts)));
  const pid = text(facts, 'pid', 'holderPid');
  const command = text(facts, 'command', 'commandLine');
  const folder = text(facts, 'folder');
  const parts = [
    pid === undefined ? undefined : l10n.t('pid {0}', pid),
    userOf(facts),
    command === undefined ? undefined : `\`${shortCommand(command)}\``,
    folder === undefined ? undefined : l10n.t('in {0}', folder),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(', ');
}

function userOf(facts: Facts): string | undefined {
  const name = text(facts, 'user');
  const uid = text(facts, 'uid');
  if (name !== undefined) return l10n.t('user {0}', name);
  return uid === undefined ? undefined : l10n.t('uid {0}', uid);
}

export function filesOf(facts: Facts): readonly string[] {
  return known(facts, 'files')
    .split(/,\s*/)
    .filter((name) => name !== '');
}

/** The lock file among what has changed, undefined when the packages were others from the start. */
export function lockFileOf(facts: Facts): string | undefined {
  return text(facts, 'file') ?? filesOf(facts).find((name) => /lock|shrinkwrap/.test(name));
}

/** A command line for a sentence: its program without the folder, and no more than fits. */
export function shortCommand(command: string): string {
  const text = command.replace(/\s+/g, ' ').replaceAll('`', "'").trim();
  return shorten(text.replace(/^\/\S*\/(?=[^/\s]+(?:\s|$))/, ''), COMMAND_CHARS);
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(names: readonly string[]): string {
  const last = names[names.length - 1] ?? '';
  return names.length < 2 ? last : l10n.t('{0} and {1}', names.slice(0, -1).join(', '), last);
}

export function exitOf(facts: Facts): string | undefined {
  const signal = text(facts, 'signal');
  if (signal !== undefined && signal !== '0') return /^\d+$/.test(signal) ? l10n.t('signal {0}', signal) : signal;
  const code = text(facts, 'exitCode', 'code');
  return code === undefined ? undefined : l10n.t('exit code {0}', code);
}

export function shorten(value: string, limit: number): string {
  return value.length <= limit ? value : `${value.slice(0, limit - 1)}…`;
}

export function quote(value: unknown): string {
  return shorten(JSON.stringify(value) ?? String(value), 60);
}
