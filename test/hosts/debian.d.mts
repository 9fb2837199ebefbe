/** The first of these commands that the PATH has. */
export function findCommand(names: readonly string[]): string | undefined;
/** Finds a command, installing Debian's packages if it is missing; gives its path. */
export function ensureCommand(wanted: {
  readonly title: string;
  /** Any of them will do. */
  readonly commands: readonly string[];
  readonly packages: readonly string[];
}): Promise<string>;
/** The shells that the command line writes completion scripts for; gives their paths. */
export function ensureShells(): Promise<string>[];
