/**
 * The settings as the core sees them: one frozen value, made by the edge from the editor's configuration (whose
 * manifest holds the only defaults) and by the command line from its own sources.
 */
export interface Settings {
  /** `auto`, `all`, `off`, or the name or type of an app. */
  readonly autoStart: string;
  readonly web: {
    readonly port: number | undefined;
    readonly command: string | undefined;
    /**
     * Template of the address by which a browser reaches the app: `{{port}}` in it, and `{{sandboxId}}` only where there is
     * one. Undefined: the editor's own address. Of custom apps, too.
     */
    readonly previewUrl: string | undefined;
  };
  readonly mobile: {
    readonly port: number | undefined;
    readonly command: string | undefined;
    /** `auto`: a tunnel in a sandbox, the local network on a desktop. */
    readonly connection: 'auto' | 'tunnel' | 'lan';
    /** As the web app's. */
    readonly previewUrl: string | undefined;
  };
  /** What to do when a stranger has an app's port; `ask` waits and asks. */
  readonly portConflict: 'ask' | 'wait' | 'useNext';
  /** What to do when a file has changed that is read at the start only. */
  readonly restartOnChange: 'offer' | 'restart';
  readonly healthIntervalSeconds: number;
  /** What happens to servers when no window is left: `auto` keeps them in a sandbox and stops them on a desktop. */
  readonly lastWindow: 'auto' | 'keep' | 'stop';
  readonly graceSeconds: number;
  /** Memory of a server's processes together above which it is warned about; undefined: no limit. */
  readonly memoryLimitMb: number | undefined;
  /** How long a server may not answer before it is restarted; undefined: it never is. */
  readonly restartUnresponsiveSeconds: number | undefined;
  /** Path of the Node that runs the session host; undefined: found. */
  readonly nodePath: string | undefined;
  readonly terminal: {
    /** What closing the terminal's tab means. */
    readonly onClose: 'stop' | 'detach';
    /** Whether a window opens the terminal of a running server by itself, in the background. */
    readonly attachAutomatically: boolean;
    /** Whether a person who types a second dev server of a running app is told that one runs. */
    readonly tellOfSecondServer: boolean;
  };
  /** Whether the editor is told of the MCP server, too. */
  readonly offerMcpServer: boolean;
  /** How the sandbox provider names this sandbox. */
  readonly sandboxId: string | undefined;
  /** Where the machines of one sandbox agree; undefined: this client knows of no such place. */
  readonly redis: RedisPlace | undefined;
}

/** A Redis as settings or the environment name it. */
export interface RedisPlace {
  /** May hold a password: never logged or shown. */
  readonly url: string;
  /** Whether a start is refused while it does not answer. */
  readonly required: boolean;
  /** File with the authority (PEM) that signed its certificate, in place of the system's. */
  readonly caFile: string | undefined;
}

/** A setting whose value can't be used; its default is used instead. */
export interface SettingProblem {
  /** Full id, `cheatcode.web.port`. */
  readonly setting: string;
  /** The variable of the environment that has the value, where the setting itself is well. */
  readonly variable?: string;
  readonly value: unknown;
  /** What it must be, as a phrase: `a whole number from 1 to 65535`. */
  readonly expected: string;
}

/** A flag as variables of the environment have it; a text that is none is left as it is, for the reader to name. */
export function flagOf(text: string): boolean | string {
  if (text === '1' || text === 'true') return true;
  return text === '0' || text === 'false' ? false : text;
}

/** What the core must know of the machine and editor it runs in. */
export interface Surroundings {
  /** code-server or any remote: nobody's own desktop. Decides tunnel, last-window policy, global installs. */
  readonly isSandbox: boolean;
  /** Environment that servers start from, before the deny-list. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the editor's installation, whose PATH entries servers must not see; undefined outside an editor. */
  readonly editorRoot: string | undefined;
}
