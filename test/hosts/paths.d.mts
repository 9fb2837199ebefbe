export declare const repoRoot: string;
export declare const sandboxDir: string;
export declare function inSandbox(...parts: string[]): string;
export declare function inRepo(...parts: string[]): string;
