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

  /** hostLauncher.js is a bundle of its own with a class of its own, and an error of either is one of these. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'DevServerError';
  }
}

export type DevServerErrorCode =
  | 'appCannotStart'
  | 'packageManagerMissing'
  | 'stateFolderUnusable'
  | 'hostDidNotStart'
  | 'hostHangs'
  | 'hostRefused'
  | 'hostLockHeld'
  | 'hostNotReplaced'
  | 'hostRetiring'
  | 'stateFolderTaken'
  | 'unknownProcesses'
  | 'versionMismatch'
  | 'nodeMissing'
  | 'connectionLost'
  | 'workspaceUntrusted'
  /** Root's window acts as the owner of another folder of it. */
  | 'otherUsersFolder'
  /** The preview gateway could not be begun; fact `detail`. */
  | 'gatewayFailed'
  | 'stopFailed'
  /** Processes that are not ours were to be ended, and none is visible. */
  | 'foreignHidden'
  /** A person agreed to their end, and they live on. */
  | 'foreignAlive'
  /** They were others each time a person had agreed. */
  | 'foreignChanging';
