import type { HostSettings } from './protocol';

/** What a client tells the host that it spawns: one JSON argument. */
export interface HostArguments {
  readonly stateFolder: string;
  readonly scopeId: string;
  readonly version: string;
  /** `<appRoot>/node_modules/node-pty` of the editor, the first fallback where our own binary does not load. */
  readonly editorNodePty?: string;
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
