/** The VSIX of each of these platforms, packed and checked. */
export declare function ensureVsixes(targets: readonly string[]): Promise<string[]>;
