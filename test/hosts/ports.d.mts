/** The port, or undefined if it is taken on 127.0.0.1; 0 asks for any. */
export declare function tryPort(port: number): Promise<number | undefined>;
/** A port of 127.0.0.1 that is free now. */
export declare function freePort(): Promise<number>;
/** The first free port of 127.0.0.1 from this one on. */
export declare function nextFreePort(from: number): Promise<number>;
