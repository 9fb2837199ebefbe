/** The one table of a run, as Markdown. */
import { isMet, judgedSamples, median, quantile, ratios, type Budget, type Figure, type Rival } from './figures';

/** What one row gave: its figures, or why it has none. */
export interface RowResult {
  readonly name: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly failure?: string;
}

/** Fewer than these have no middle half: all that there is is shown. */
const FEW = 5;

/**
 * The rows that are kept, in the order of `names`: a row that was measured now takes the place of what was kept of it, one that
 * failed leaves it as it is.
 */
export function merged<Row extends RowResult>(
  names: readonly string[],
  now: readonly Row[],
  before: readonly Row[],
): readonly Row[] {
  const all = [...now, ...before].filter(({ failure }) => failure === undefined);
  return names.flatMap((name) => all.find((row) => row.name === name) ?? []);
}

/** Each figure has a line for each rival; a missed budget is marked. */
export function table(rows: readonly RowResult[]): string {
  const head = ['| | ours | instead | ratio | limit | budget |', '|:--|--:|:--|--:|:--|:--|'];
  return [...head, ...rows.flatMap(rowLines)].join('\n');
}

/**
 * Some of the figures, each beside its first rival: `headlines` has of each row what a figure is called here, by what it
 * is called there. Throws when a row that was measured has no such figure.
 */
export function shortTable(
  rows: readonly RowResult[],
  headlines: Readonly<Record<string, Readonly<Record<string, string>>>>,
): string {
  const lines = rows.flatMap(({ name, figures }) =>
    Object.entries(headlines[name] ?? {}).map(([what, headline]) => {
      const figure = figures.find((one) => one.what === what);
      if (!figure) throw new Error(`row ${name} has no figure "${what}"`);
      const [rival] = figure.rivals;
      const middle = (samples: readonly number[]) => amount(number(median(samples)), figure.unit);
      const instead = rival ? `${middle(rival.samples)}: ${escaped(rival.name)}` : '';
      const mark = isMet(figure) === false ? ` (**missed**: ${budgetText(figure.budget)})` : '';
      return `| ${escaped(headline)} | ${middle(figure.ours)}${mark} | ${instead} |`;
    }),
  );
  return ['| | ours | instead |', '|:--|--:|:--|', ...lines].join('\n');
}

/** The missed budgets, a line each; empty when all are met. */
export function missed(rows: readonly RowResult[]): readonly string[] {
  return rows.flatMap(({ name, figures }) =>
    figures
      .filter((figure) => isMet(figure) === false)
      .map((figure) => `${name}: ${figure.what}: ${budgetText(figure.budget)}, and it is ${judgedText(figure)}`),
  );
}

function rowLines({ name, title, figures, failure }: RowResult): string[] {
  const head = `| **${title}** (\`${name}\`) | | | | | |`;
  if (failure !== undefined) return [head, `| not measured: ${escaped(failure)} | | | | | |`];
  return [head, ...figures.flatMap(figureLines)];
}

function figureLines(figure: Figure): string[] {
  const { what, unit, ours, rivals, limit, note } = figure;
  const rest = [limit ? `${limit.name}: ${cell(limit.samples, unit)}` : '', budgetCell(figure)];
  const title = escaped(note === undefined ? what : `${what} (${note})`);
  const lines: (Rival | undefined)[] = rivals.length === 0 ? [undefined] : [...rivals];
  return lines.map((rival, index) => {
    const instead = rival ? `${escaped(rival.name)}: ${cell(rival.samples, unit)}` : '';
    const ratio = rival ? ratioCell(ratios(ours, rival)) : '';
    const cells = index === 0 ? [title, cell(ours, unit), instead, ratio, ...rest] : ['', '', instead, ratio, '', ''];
    return `| ${cells.join(' | ')} |`;
  });
}

function budgetCell(figure: Figure): string {
  const met = isMet(figure);
  if (met === undefined) return '';
  const value = figure.budget?.of === 'ours' ? '' : ` (${judgedText(figure)})`;
  return met ? `${budgetText(figure.budget)}: met${value}` : `**${budgetText(figure.budget)}: missed**${value}`;
}

/** The value that the budget was compared with, and for a ratio what it is one of. */
function judgedText(figure: Figure): string {
  const judged = judgedSamples(figure);
  switch (figure.budget?.of) {
    case 'ratio':
      return `${number(median(judged))} ×`;
    case 'difference':
      return `${amount(number(median(judged)), figure.unit)} more`;
    default:
      return cell(judged, figure.unit);
  }
}

function budgetText(budget: Budget | undefined): string {
  if (!budget) return '';
  const { of, most, least } = budget;
  const parts = [...(most === undefined ? [] : [`≤ ${most}`]), ...(least === undefined ? [] : [`≥ ${least}`])];
  return `${parts.join(', ')}${of === 'ratio' ? ' ×' : of === 'difference' ? ' more' : ''}`;
}

/** The median, its spread, and how many samples there are where they are few. */
function cell(samples: readonly number[], unit: string): string {
  const spread = spreadOf(samples);
  const count = samples.length < FEW ? `n ${samples.length}` : '';
  const rest = [spread, count].filter((part) => part !== '').join(', ');
  const text = amount(number(median(samples)), unit);
  return rest === '' ? text : `${text} (${rest})`;
}

function ratioCell(values: readonly number[]): string {
  if (!Number.isFinite(median(values))) return '';
  const spread = spreadOf(values);
  return spread === '' ? number(median(values)) : `${number(median(values))} (${spread})`;
}

/** Between which values the middle half lies; of few, the least and the most. Empty where they look the same. */
function spreadOf(values: readonly number[]): string {
  const part = values.length < FEW ? 0 : 0.25;
  const [low, high] = [number(quantile(values, part)), number(quantile(values, 1 - part))];
  return low === high ? '' : `${low}–${high}`;
}

/** What is counted, in the singular where it is one: units of counts are the plurals of words (servers, processes), all others stay. */
function amount(shown: string, unit: string): string {
  if (shown !== '1' || !/^[a-z]{3,}s$/.test(unit)) return `${shown} ${unit}`;
  return `1 ${unit.replace(/(?<=s|x|ch|sh)es$|s$/, '')}`;
}

/** Three digits that mean something. */
function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Number.isInteger(value) || Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
