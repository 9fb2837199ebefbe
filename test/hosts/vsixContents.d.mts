export interface PackedFile {
  /** Permission bits of Unix. */
  readonly mode: number;
  readonly content: Buffer;
}
/** The files of a VSIX by their paths, with slashes. */
export declare function readVsix(vsix: string): Promise<Map<string, PackedFile>>;
/** Rejects unless a VSIX holds every file that it needs and no other, starts its programs, and is no larger than its budget. */
export declare function checkVsix(
  vsix: string,
  made: { readonly target: string; readonly bundles: readonly string[] },
): Promise<void>;
