export interface HolderOptions {
  readonly kind: 'pty' | 'pipe';
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cols: number;
  readonly rows: number;
  /** A Unix socket on which it serves all that the program prints, and takes what is typed. */
  readonly socket?: string;
}
