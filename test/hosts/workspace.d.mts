/** The sample's apps. */
export declare const apps: readonly ['cheatcode-app', 'cheatcode-mobile'];
/** Prepares `.sandbox/workspace` unless it is there: a copy of the fixture with its dependencies. */
export declare function ensureWorkspace(): Promise<string>;
/**
 * Makes a fresh copy of the prepared workspace: installed packages are hard links, everything else may be changed.
 * `only` these apps; without `dependencies` they lack node_modules.
 */
export declare function copyWorkspace(
  to: string,
  options?: { only?: readonly string[]; dependencies?: boolean },
): Promise<string>;
/** Copies a tree of installed packages as hard links to a folder that is not there yet. */
export declare function linkTree(from: string, to: string): Promise<void>;
