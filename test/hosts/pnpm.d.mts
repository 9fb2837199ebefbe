/** Installs pnpm unless it is there, and gives the path of its command. */
export function ensurePnpm(): Promise<string>;
