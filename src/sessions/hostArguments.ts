import type { HostSettings } from './protocol';

/** Exit codes of the host. `done` also when another host has the scope: that is no failure. */
export const HOST_EXIT = { done: 0, failed: 1 } as const;

/** What a host that does not serve tells the client that started it: one JSON line on its standard output. */
export type HostReport =
  /** Another process holds a host lock; pid and uid as far as the system tells. */
  | { readonly kind: 'lockHeld'; readonly pid: number | undefined; readonly uid: number | undefined }
  /** It could not serve; `folder` is the state folder where that is what can't be used (a full disk, a read-only one). */
  | { readonly kind: 'failed'; readonly detail: string; readonly folder?: string }
  /** The host that hangs was not ended. */
  | { readonly kind: 'notReplaced'; readonly pid: number; readonly detail: string };

/** What a client tells the host that it spawns: one JSON argument. */
export interface HostArguments {
  readonly stateFolder: string;
  readonly scopeId: string;
  readonly version: string;
  /** `<appRoot>/node_modules/node-pty` of the editor, the first fallback where our own binary does not load. */
  readonly editorNodePty?: string;
  /** A host that hangs, to be ended first (its process, verified): only ever on a person's or a flag's word. */
  readonly endHolder?: { readonly pid: number; readonly startTicks: string };
  /** Used until a client configures the host, and where no earlier ones are kept. */
  readonly settings: HostSettings;
}

/** Throws when the argument is not what `JSON.stringify` of `HostArguments` gives. */
export function parseHostArguments(text: string | undefined): HostArguments {
  const value = JSON.parse(text ?? '') as Partial<HostArguments>;
  if (
    typeof value.stateFolder !== 'string' ||
    typeof value.scopeId !== 'string' ||
    typeof value.version !== 'string' ||
    !value.settings
  )
    throw new Error('the session host is started by its clients, not by hand');
  return value as HostArguments;
}
