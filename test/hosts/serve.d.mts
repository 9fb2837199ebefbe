import type { Server } from './codeServer.mjs';
/** Starts a server in a process group of its own and waits until `healthPath` answers. */
export declare function serve(options: {
  /** For errors. */
  name: string;
  command: string[];
  env: Record<string, string>;
  cwd: string;
  url: string;
  healthPath: string;
  /** Keeps all output. */
  logFile?: string;
  timeoutMs?: number;
}): Promise<Server>;
