/** An error that a user can read: a code and facts; `messages.ts` turns them into a sentence. */
export class DevServerError extends Error {
  constructor(
    readonly code: DevServerErrorCode,
    readonly facts: Readonly<Record<string, string | number>> = {},
    options?: ErrorOptions,
  ) {
    super(
      `${code}${Object.entries(facts)
        .map(([key, value]) => ` ${key}=${value}`)
        .join('')}`,
      options,
    );
    this.name = 'DevServerError';
  }
}

export type DevServerErrorCode =
  | 'appCannotStart'
  | 'packageManagerMissing'
  | 'stateFolderUnusable'
  | 'hostDidNotStart'
  | 'hostHangs'
  | 'hostRefused'
  | 'versionMismatch'
  | 'nodeMissing'
  | 'connectionLost'
  | 'workspaceUntrusted'
  | 'stopFailed';
