import type { Server } from './codeServer.mjs';
/** Starts the VS Code server bare, with the smoke-test driver on: no `/proxy` routes. */
export declare function startServerMain(options: {
  /** Everything that the server keeps. */
  dataDir: string;
  /** Default: any free one. */
  port?: number;
  /** Added to the sandbox's environment; `undefined` removes. */
  env?: Record<string, string | undefined>;
  /** User settings. */
  settings?: Record<string, unknown>;
  logFile?: string;
}): Promise<Server>;
/** The address of a page that runs a test module in an extension host with the extension loaded from its folder. */
export declare function suiteUrl(what: {
  url: string;
  workspace?: string;
  extensionDevelopmentPath: string;
  extensionTestsPath: string;
}): string;
