/**
 * What the doctor finds, in words and as data: the same for the window and the command line. A finding says what is, never
 * does anything; a fix says exactly what it would change, and whoever shows it does that on a person's word.
 */
import * as l10n from '@vscode/l10n';
import type { AppActionId } from './appActions';

/** What is looked at; for programs, too: names are added, never changed. */
export type CheckId =
  | 'node'
  | 'stateFolder'
  | 'host'
  | 'redis'
  | 'workspace'
  | 'app'
  | 'port'
  | 'packageManager'
  | 'dependencies'
  | 'nodeVersion'
  | 'ci'
  | 'localhost'
  | 'orphans'
  | 'secondServer'
  | 'ngrok'
  | 'nextLock'
  | 'init'
  | 'networkDisk'
  | 'proxyAddress'
  | 'memory'
  | 'disk';

export interface Finding {
  readonly id: CheckId;
  readonly result: 'ok' | 'warn' | 'fail';
  /** What is, in a sentence. */
  readonly message: string;
  /** What helps, for who reads no further. */
  readonly help?: string;
  /** The app that it is about; absent for the machine. */
  readonly appKey?: string;
  /** The likelier first; empty where only a person can mend it. */
  readonly fixes?: readonly Fix[];
}

export interface Fix {
  /** A button's: a verb and its object. */
  readonly title: string;
  /** What exactly it changes: file and lines, setting and value, command and folder. */
  readonly detail: string;
  readonly change: Change;
}

/** How a fix is done. */
export type Change =
  /** `before` is what the file held when it was looked at: another text now, and nothing is changed. */
  | { readonly kind: 'edit'; readonly file: string; readonly before: string; readonly after: string }
  /** Of Next.js: deleted while its kernel lock is held, so that no server can be using it. */
  | { readonly kind: 'deleteLock'; readonly file: string }
  | { readonly kind: 'setting'; readonly setting: string; readonly value: string | number }
  /** One of the commands about an app, which asks by itself where it ends something that we did not start. */
  | { readonly kind: 'action'; readonly action: AppActionId; readonly appKey: string }
  /** Installs the app's packages, then starts or restarts its server. */
  | { readonly kind: 'install'; readonly appKey: string }
  | { readonly kind: 'replaceHost' }
  /** Run in a terminal, in sight. */
  | { readonly kind: 'terminal'; readonly folder: string; readonly command: string }
  /** Changes nothing: leads to where a person decides. */
  | { readonly kind: 'manageTrust' }
  | { readonly kind: 'openSetting'; readonly setting: string }
  | { readonly kind: 'openFile'; readonly file: string; readonly offset: number };

/** Whether a fix changes something, or only leads to where that is done. */
export function isChange({ change }: Fix): boolean {
  return !['manageTrust', 'openSetting', 'openFile'].includes(change.kind);
}

/** The trouble in two or three words, for a list. */
export function titleOf({ id, result }: Pick<Finding, 'id' | 'result'>): string {
  const isOk = result === 'ok';
  switch (id) {
    case 'node':
      return isOk ? l10n.t('Node.js of the command') : l10n.t('Node.js of the command is too old');
    case 'stateFolder':
      return isOk ? l10n.t('State folder') : l10n.t("State folder can't be used");
    case 'host':
      return isOk ? l10n.t('Session host') : l10n.t('Trouble with the session host');
    case 'redis':
      return isOk ? l10n.t('Redis') : l10n.t('Trouble with Redis');
    case 'workspace':
      return isOk ? l10n.t('Workspace') : l10n.t('Mistake in the workspace');
    case 'app':
      return isOk ? l10n.t('App') : l10n.t("App can't start");
    case 'port':
      return isOk ? l10n.t('Port') : l10n.t('Port in use');
    case 'packageManager':
      return isOk ? l10n.t('Package manager') : l10n.t('Program not found');
    case 'dependencies':
      return isOk ? l10n.t('Dependencies') : l10n.t('Dependencies missing');
    case 'nodeVersion':
      return isOk ? l10n.t('Node.js version') : l10n.t('Wrong Node.js version');
    case 'ci':
      return isOk ? l10n.t('CI and Expo') : l10n.t('CI is set for Expo');
    case 'localhost':
      return isOk ? l10n.t('Addresses') : l10n.t('127.0.0.1 instead of localhost');
    case 'orphans':
      return isOk ? l10n.t('Orphaned servers') : l10n.t('Orphaned server');
    case 'secondServer':
      return isOk ? l10n.t('Second servers') : l10n.t('Second server');
    case 'ngrok':
      return isOk ? l10n.t('Tunnel') : l10n.t('@expo/ngrok is missing');
    case 'nextLock':
      return isOk ? l10n.t('Lock of Next.js') : l10n.t('Stale lock of Next.js');
    case 'init':
      return isOk ? l10n.t('Process 1') : l10n.t('Process 1 does not reap');
    case 'networkDisk':
      return isOk ? l10n.t('Disk of the state folder') : l10n.t('State folder on a network disk');
    case 'proxyAddress':
      return isOk ? l10n.t('Proxy address') : l10n.t('No proxy address');
    case 'memory':
      return isOk ? l10n.t('Memory') : l10n.t('Little memory');
    case 'disk':
      return isOk ? l10n.t('Disk space') : l10n.t('Little disk space');
  }
}

const RANK = { fail: 0, warn: 1, ok: 2 } as const;

/** Worst first; what is alike stays in its order. */
export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((a, b) => RANK[a.result] - RANK[b.result]);
}

/** The same trouble, when it is looked for again. */
export function isSameTrouble(a: Finding, b: Finding): boolean {
  return a.id === b.id && a.appKey === b.appKey && b.result !== 'ok';
}

/** The lines that differ, `-` before and `+` after, for a person to agree to. */
export function changedLines(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const cut = (all: readonly string[]) => all.slice(start, all.length - end).map((line) => line.trimEnd());
  const both = [...cut(old), ...cut(now)].filter((line) => line !== '');
  // What all of them are indented by says nothing where only they are shown.
  const indent = Math.min(...both.map((line) => line.search(/\S/)));
  const lines = (sign: string, all: readonly string[]) => cut(all).map((line) => `${sign} ${line.slice(indent)}`);
  return [...lines('-', old), ...lines('+', now)].join('\n');
}
