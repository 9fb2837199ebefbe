export type NodeMajor = 20 | 22 | 24;
/** The folder of a Node version: `bin/node` and, for native builds, `include/node`. */
export declare function nodeDir(major: NodeMajor): string;
/** Installs a Node version unless it is there, and returns the path of its binary. */
export declare function ensureNode(major: NodeMajor): Promise<string>;
