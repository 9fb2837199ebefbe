/** What bench/activation/probe saw in one window's extension host. */

/** As the editor itself measured it, in whole milliseconds. */
export interface ActivationTimes {
  readonly id: string;
  /** The extension's script read, compiled and run. */
  readonly load: number;
  /** Its `activate`, until that returned. */
  readonly activate: number;
  /** From there until the promise that it returned was kept: the host does other things meanwhile. */
  readonly finish: number;
}

/** An extension that is active in the host, with its scripts that are loaded. */
interface ActiveExtension {
  readonly id: string;
  readonly scripts: readonly { readonly file: string; readonly bytes: number }[];
}

export interface Observation {
  /** Once the window was at rest, before anything was opened. */
  readonly atRest: readonly ActiveExtension[];
  /** Once files were opened, too. */
  readonly inUse: readonly ActiveExtension[];
  /** Node's own modules that are loaded. */
  readonly nodeModules: readonly string[];
  /** Of the extensions in this host; the report knows those in the browser as well. */
  readonly times: readonly ActivationTimes[];
}

interface Written extends Omit<Observation, 'times'> {
  readonly marks: readonly Mark[];
  /** What "Developer: Startup Performance" shows. */
  readonly report: string;
  readonly error?: string;
}

interface Mark {
  readonly name: string;
  readonly startTime: number;
}

/** Reads what the probe wrote; throws what it failed with. */
export function readObservation(text: string): Observation {
  const written = JSON.parse(text) as Written;
  if (written.error !== undefined) throw new Error(`the probe failed: ${written.error}`);
  const times = written.inUse.flatMap(({ id }) => {
    const found = activations(written.report).find((one) => one.id === id.toLowerCase());
    // One without a script has nothing to be measured.
    return found ? [{ ...found, load: loadTime(written.marks, id) }] : [];
  });
  return { ...written, nodeModules: nodeModuleNames(written.nodeModules), times };
}

/** Load and the call of `activate`: for so long nothing else runs in the host, no other extension and no answer to a key. */
export function held({ load, activate }: ActivationTimes): number {
  return load + activate;
}

/**
 * By the editor's marks around the loading of its script. "Load Code" of its report is something else: where one event
 * activates several extensions at once, it counts for each the loading of those before it as well.
 */
function loadTime(marks: readonly Mark[], id: string): number {
  const at = (part: string): number =>
    marks.find(({ name }) => name.toLowerCase() === `code/exthost/${part}/${id}`.toLowerCase())?.startTime ?? NaN;
  const ms = at('didLoadExtensionCode') - at('willLoadExtensionCode');
  if (Number.isNaN(ms)) throw new Error(`the editor has no marks of the loading of ${id}`);
  return ms;
}

/** The report's table: `| Extension | Eager | Load Code | Call Activate | Finish Activate | Event | By |`. */
function activations(report: string): Omit<ActivationTimes, 'load'>[] {
  const [, part = ''] = report.split('## Extension Activation Stats');
  const [table = ''] = part.trimStart().split('\n\n');
  const [head, , ...rows] = table.split('\n').filter((line) => line.startsWith('|'));
  const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim());
  const columns = cells(head ?? '');
  const at = ['Extension', 'Call Activate', 'Finish Activate'].map((name) => columns.indexOf(name));
  if (at.includes(-1)) throw new Error(`not the table of activation times: ${head ?? report.slice(0, 500)}`);
  return rows.map((row) => {
    const [id = '', ...numbers] = at.map((index) => cells(row)[index] ?? '');
    const [activate = NaN, finish = NaN] = numbers.map(Number);
    return { id: id.toLowerCase(), activate, finish };
  });
}

/** `NativeModule internal/url` and the like, without the internal ones. */
function nodeModuleNames(loaded: readonly string[]): string[] {
  return loaded.map((line) => /^NativeModule (?!internal\/)(.+)$/.exec(line)?.[1]).filter((name) => name !== undefined);
}
