/** What a row of the benchmarks gives, and the statistics that its table shows. */

/** Something else that does the same work, measured in the same run. */
export interface Rival {
  readonly name: string;
  /** In pairs with ours where both have as many: the one and the other met the same minute. */
  readonly samples: readonly number[];
  /** They are as many as ours by chance, or in another order: medians are compared. */
  readonly isPaired?: false;
}

/** A number that DESIGN section 10 or the row itself promises. */
export interface Budget {
  /** Of our figure itself, of ours divided by the (first) rival's, or of ours minus the rival's. */
  readonly of: 'ours' | 'ratio' | 'difference';
  readonly most?: number;
  readonly least?: number;
  /** An invariant: kept only if each sample keeps it. Without it the median is what is compared. */
  readonly isOfEach?: true;
}

/** One line of the table: ours beside what a user would pick instead. */
export interface Figure {
  /** What is measured, and of what: "server killed → shown". */
  readonly what: string;
  /** `ms`, `MB`, `MB/s`, `servers`, `requests/min` … ; every number of the figure is in it. */
  readonly unit: string;
  readonly better: 'less' | 'more';
  readonly ours: readonly number[];
  readonly rivals: readonly Rival[];
  /** The physical limit, where there is one: a round trip of a bare socket, a copy in memory. */
  readonly limit?: Rival;
  readonly budget?: Budget;
  /** What a reader must know to read the numbers right. */
  readonly note?: string;
}

/** What a row's `bench` is given. */
export interface BenchContext {
  /** How many samples of each figure are wanted; a row that takes minutes may take fewer, and says so. */
  readonly rounds: number;
  /** An empty folder with a short path (sockets below it stay under 100 bytes), deleted after the row. */
  readonly dir: string;
  /** Our extension as a user has it: the unpacked VSIX, a production build. Its host and command line are in `dist/`. */
  readonly extensionDir: string;
  /** The VSIX itself. */
  readonly vsix: string;
  /** A folder of extensions for an editor (`Editor.open`) in which ours alone is installed. */
  readonly extensionsDir: string;
  /** Says on stderr what is being measured. */
  readonly say: (text: string) => void;
}

/** A row: `bench/rows/NAME.bench.ts` exports it as `bench`. It ends all that it started, also when it fails. */
export type Bench = (context: BenchContext) => Promise<readonly Figure[]>;

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between the two values that it lies between; NaN of nothing. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(at)] ?? NaN, sorted[Math.ceil(at)] ?? NaN];
  return low + (high - low) * (at - Math.floor(at));
}

/** Ours by the rival's: of each pair where both have as many samples, of the medians otherwise. */
export function ratios(ours: readonly number[], rival: Rival): readonly number[] {
  return paired(ours, rival, (a, b) => a / b);
}

/** Undefined without a budget; no samples keep none. */
export function isMet(figure: Figure): boolean | undefined {
  const { budget } = figure;
  if (!budget) return undefined;
  const judged = judgedSamples(figure);
  const values = budget.isOfEach ? judged : [median(judged)];
  const keeps = (value: number) => value <= (budget.most ?? Infinity) && value >= (budget.least ?? -Infinity);
  return values.length > 0 && values.every(keeps);
}

/** What the budget is about: our samples, their ratios to the first rival's, or how much more than it they are. */
export function judgedSamples({ ours, rivals, budget }: Figure): readonly number[] {
  const rival = rivals[0] ?? { name: '', samples: [] };
  switch (budget?.of) {
    case 'ratio':
      return ratios(ours, rival);
    case 'difference':
      return paired(ours, rival, (a, b) => a - b);
    default:
      return ours;
  }
}

function paired(
  ours: readonly number[],
  { samples, isPaired }: Rival,
  combine: (a: number, b: number) => number,
): readonly number[] {
  if (ours.length !== samples.length || isPaired === false) return [combine(median(ours), median(samples))];
  return ours.map((value, index) => combine(value, samples[index] ?? NaN));
}
