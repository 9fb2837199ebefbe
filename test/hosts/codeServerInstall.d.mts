/** The oldest that the manifest promises, and the newest that the project knows: code-server 4.N is VS Code 1.N. */
export declare const oldestCodeServer: string;
export declare const newestCodeServer: string;
/** What `--code-server VERSION` asks for; the newest without one. Rejects what is no version, or older than the manifest promises. */
export declare function wantedCodeServer(version: string | undefined): Promise<string>;
