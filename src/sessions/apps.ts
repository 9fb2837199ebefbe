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
  readonly code: 'folderMissing' | 'noPackageJson' | 'badPackageJson' | 'noDevScript' | 'unknownPort';
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Something wrong in a `cheatcode.json`, for a diagnostic on its line. */
export interface ConfigProblem {
  readonly file: string;
  /** Zero-based character offset and length in the file. */
  readonly offset: number;
  readonly length: number;
  readonly message: string;
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
