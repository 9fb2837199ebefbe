/** The environment of what runs inside the sandbox: its own Node 24, pnpm and home folder, without CI. */
export declare function sandboxEnv(extra?: Record<string, string | undefined>): Promise<Record<string, string>>;
