import type { Server } from './codeServer.mjs';
/** Prepares an Expo app with a web build unless it is there, and returns its folder. */
export declare function ensureExpoWeb(): Promise<string>;
/** Makes a fresh copy of it and returns the folder; its packages are hard links. */
export declare function copyExpoWeb(to: string): Promise<string>;
/** Runs `expo start` in such a copy, on a free port, and waits until Metro answers. The caller stops it. */
export declare function startExpoWeb(folder: string, env?: Record<string, string>): Promise<Server & { port: number }>;
