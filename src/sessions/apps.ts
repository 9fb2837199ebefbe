import type { AppType } from './protocol';

/** One folder with a dev server, as found in the workspace (DESIGN section 5). */
export interface App {
  /** `<device>:<inode>:<name>`; for a folder that does not exist, `missing:<path>:<name>`. */
  readonly key: string;
  readonly name: string;
  readonly type: AppType;
  /** Real path. */
  readonly folder: string;
  /** The workspace folder it was found in. */
  readonly workspaceFolder: string;
  /** The workspace folder is the app itself. */
  readonly isWorkspaceFolder: boolean;
  /** Among the workspace's apps of its type; custom apps go by their own names. */
  readonly isFirstOfType: boolean;
  /** `Web`, `Mobile`, or the name where that would be ambiguous. */
  readonly label: string;
  /** From `cheatcode.json`; undefined where it is silent. */
  readonly declared: {
    readonly port: number | undefined;
    readonly command: string | undefined;
    readonly health: string | undefined;
    readonly env: Readonly<Record<string, string>>;
    readonly managed: 'cheatcode' | 'external';
  };
  /** Why it can't be started; the other apps still work. */
  readonly problem: AppProblem | undefined;
}

export interface AppProblem {
  /** `undeclared`: its server runs, and nothing makes it an app of the workspace any more (see `leftBehind`). */
  readonly code: 'folderMissing' | 'noPackageJson' | 'badPackageJson' | 'noDevScript' | 'unknownPort' | 'undeclared';
  readonly facts: Readonly<Record<string, string | number>>;
}

/** What is wrong in a `cheatcode.json`: by this the editor knows whether its schema says so, too, and what helps. */
export type ConfigProblemCode =
  | 'syntax'
  | 'wrongValue'
  | 'unknownProperty'
  | 'unreadable'
  | 'nameTwice'
  | 'portTwice'
  | 'appTwice'
  | 'folderMissing'
  | 'outsideWorkspace'
  | 'noPackageJson'
  | 'badPackageJson'
  | 'noDevScript'
  | 'scriptMissing'
  | 'portMissing'
  | 'unknownApp';

/** Something wrong in a `cheatcode.json`, for a diagnostic on its line. */
export interface ConfigProblem {
  readonly file: string;
  /** Zero-based character offset and length in the file. */
  readonly offset: number;
  readonly length: number;
  readonly code: ConfigProblemCode;
  /** A whole sentence. */
  readonly message: string;
  /** A warning: it works all the same, or only something unused is wrong. */
  readonly severity: 'error' | 'warning';
  readonly facts: Readonly<Record<string, string | number>>;
  /** Another place in the same file that has to do with it. */
  readonly related?: { readonly offset: number; readonly length: number; readonly message: string };
}

/** All that a look at the workspace folders found. */
export interface Discovery {
  readonly apps: readonly App[];
  readonly problems: readonly ConfigProblem[];
  /** The `autoStart` that `cheatcode.json` asks for, if any. */
  readonly declaredAutoStart: string | undefined;
  /** False: no cheatcode workspace, the extension stays inert. */
  readonly isCheatcodeWorkspace: boolean;
}
