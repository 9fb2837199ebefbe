/** The session hosts that are or were in a state folder (what CHEATCODE_STATE_DIR was set to). */
export declare function sessionHostsOf(stateDir: string): Promise<{ pid: number; startTicks: string }[]>;
/** Asks every session host of a state folder to end, its servers with it, and waits until it is gone. */
export declare function endSessionHosts(stateDir: string): Promise<void>;
