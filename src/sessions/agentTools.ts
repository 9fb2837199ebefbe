/**
 * The tools that agents have, for language models in the editor and over MCP alike: what each is called, what a model is told of it,
 * what it takes. The manifest repeats it for the editor, and a test keeps both equal.
 */
import type { AgentToolName } from './agentToolNames';

/** One tool as a model sees it. All texts are English: models read them. */
export interface AgentTool {
  /** For people who type `#` in a chat. */
  readonly referenceName: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: {
    readonly type: 'object';
    readonly properties: Readonly<Record<string, PropertySchema>>;
    readonly additionalProperties: false;
  };
  /** Changes nothing. */
  readonly isReadOnly: boolean;
  /** May end what somebody else uses. */
  readonly isDestructive: boolean;
  /** Asked for twice it does no more than once. */
  readonly isIdempotent: boolean;
}

interface PropertySchema {
  readonly type: 'string' | 'integer';
  readonly description: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
}

/** How long a tool waits for a server where nobody says, in seconds: below the minute that most MCP clients wait for an answer. */
export const DEFAULT_WAIT_SECONDS = 40;
const MAX_WAIT_SECONDS = 600;
/** Lines of output where nobody says, and at most. */
export const DEFAULT_LINES = 50;
const MAX_LINES = 200;

const app: PropertySchema = {
  type: 'string',
  description:
    'Which app: its name, its type (web or mobile) or its session (such as dev_server_web). Leave it out for the main app of the workspace, or, where the tool is about a server that runs, for the only one that does.',
};

const timeoutSeconds: PropertySchema = {
  type: 'integer',
  description:
    'How long to wait until the server runs. When the time is over, the result says so and the server goes on starting: call the tool again to wait on.',
  minimum: 1,
  maximum: MAX_WAIT_SECONDS,
  default: DEFAULT_WAIT_SECONDS,
};

const taking = (properties: AgentTool['inputSchema']['properties']): AgentTool['inputSchema'] => ({
  type: 'object',
  properties,
  additionalProperties: false,
});

export const agentTools: Readonly<Record<AgentToolName, AgentTool>> = {
  cheatcode_listDevServers: {
    referenceName: 'listDevServers',
    title: 'List dev servers',
    description:
      'Lists the apps of this workspace and the state of the dev server of each: state (running, starting, stopped, failed and so on), a sentence that says why, url, port and pid. Use it to find out whether a dev server runs and at which address. It changes nothing. The result is JSON.',
    inputSchema: taking({}),
    isReadOnly: true,
    isDestructive: false,
    isIdempotent: true,
  },
  cheatcode_ensureDevServer: {
    referenceName: 'ensureDevServer',
    title: 'Ensure that the dev server runs',
    description:
      'Makes sure that the one dev server of an app runs, waits until it answers, and gives its url. If it runs already, whoever started it, nothing is started. Always use this instead of running `pnpm dev`, `npm run dev`, `next dev` or `expo start` in a terminal, which would start a second server. Missing dependencies are installed first, which may take minutes. If it fails, the error has the last lines of output.',
    inputSchema: taking({ app, timeoutSeconds }),
    isReadOnly: false,
    isDestructive: false,
    isIdempotent: true,
  },
  cheatcode_readDevServerOutput: {
    referenceName: 'readDevServerOutput',
    title: 'Read output and errors of the dev server',
    description:
      'Reads the last lines that the dev server of an app has printed, and what its code does not compile for: message, file, line and column of each error (`issues`; missing where the server can not tell, as for Expo and older Next.js). Use it after an edit to see whether the app still compiles, or when a page shows an error. It changes nothing. The result is JSON.',
    inputSchema: taking({
      app,
      lines: {
        type: 'integer',
        description: 'How many lines of output at most, the last ones.',
        minimum: 0,
        maximum: MAX_LINES,
        default: DEFAULT_LINES,
      },
    }),
    isReadOnly: true,
    isDestructive: false,
    isIdempotent: true,
  },
  cheatcode_restartDevServer: {
    referenceName: 'restartDevServer',
    title: 'Restart the dev server',
    description:
      'Stops the dev server of an app, starts it again, waits until it answers, and gives its url. Needed only for what is read at the start, such as new dependencies, or environment files of an Expo app: Next.js and Expo take up changed code by themselves, and Next.js its configuration and .env files, too. People and other agents may be using the server, and the user may be asked first.',
    inputSchema: taking({ app, timeoutSeconds }),
    isReadOnly: false,
    isDestructive: true,
    isIdempotent: false,
  },
  cheatcode_stopDevServer: {
    referenceName: 'stopDevServer',
    title: 'Stop the dev server',
    description:
      'Stops the dev server of an app for everybody who uses it; it then stays stopped until somebody starts it. Use it only when the user asks for that: do not stop a server when a task is done, and to start a server anew use the tool that restarts it. The user may be asked first.',
    inputSchema: taking({ app }),
    isReadOnly: false,
    isDestructive: true,
    isIdempotent: true,
  },
};
