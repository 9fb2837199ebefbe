export type Need = 'editor' | 'nextApps' | 'expoWeb' | 'redis' | 'tmux';
export interface Row {
  readonly title: string;
  readonly needs: readonly Need[];
  /** Samples of a figure unless the caller says otherwise. */
  readonly rounds: number;
  /** More than it takes on a slow machine. */
  readonly minutes: number;
}
/** In the order of the table: bench/rows/<name>.bench.ts. */
export declare const rows: Readonly<Record<string, Row>>;
/** By row and figure. */
export declare const headlines: Readonly<Record<string, Readonly<Record<string, string>>>>;
