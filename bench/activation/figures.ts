/** Figures of what was seen in windows, ours beside the naive extension and those that come with the editor. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { median, type Figure, type Rival } from '../figures';
import { held, type ActivationTimes, type Observation } from './observation';

export const OURS = 'cheatcode.cheatcode-dev-server';
export const NAIVE = 'example.naive';
const PROBE = 'example.probe';
/** Of the editor's own, those that nearly every window with such an app has. */
const KNOWN = { git: 'vscode.git', TypeScript: 'vscode.typescript-language-features', Emmet: 'vscode.emmet' };

/** What was seen in the windows of one round, one after another. */
export interface Round {
  /** Our extension where nothing is to be started. */
  readonly off: Observation;
  /** Our extension, and it starts a server. */
  readonly starting: Observation;
  /** The naive extension, which starts a server. */
  readonly naive: Observation;
}

/** What the editor measured of each activation. */
export function timeFigures(rounds: readonly Round[]): Figure[] {
  const figure = (
    what: string,
    kind: 'off' | 'starting',
    value: (times: ActivationTimes) => number,
    more: Partial<Figure> = {},
  ): Figure => ({
    what,
    unit: 'ms',
    better: 'less',
    ours: rounds.map((round) => value(timesOf(round[kind], OURS))),
    rivals: [
      // It starts a server in every window that it is in.
      { name: 'naive extension', samples: rounds.map(({ naive }) => value(timesOf(naive, NAIVE))) },
      ...builtIns(
        rounds.map((round) => round[kind]),
        value,
      ),
    ],
    ...more,
  });
  const budget = { of: 'ours', most: 15 } as const;
  return [
    figure('load + activate where a server is started', 'starting', held, {
      budget,
      note: 'by the editor’s own Startup Performance',
    }),
    figure('load + activate where none is started', 'off', held, { budget }),
    figure('of these, load', 'off', ({ load }) => load),
    figure('of these, activate', 'off', ({ activate }) => activate),
    figure('until active: what its promise waits for as well', 'off', (times) => held(times) + times.finish),
  ];
}

/** What is loaded for it, in a window at rest. */
export async function loadFigures(
  rounds: readonly Round[],
  { elsewhere, extensionDir }: { elsewhere: Observation; extensionDir: string },
): Promise<Figure[]> {
  const [round] = rounds;
  if (!round) return [];
  const bytes = (seen: Observation, id: string): number =>
    scriptsOf(seen, id).reduce((sum, script) => sum + script.bytes, 0);
  const count = (seen: Observation, id: string): number => scriptsOf(seen, id).length;
  const figure = (what: string, unit: string, kind: 'off' | 'starting', value: typeof bytes): Figure => ({
    what,
    unit,
    better: 'less',
    ours: rounds.map((one) => value(one[kind], OURS)),
    rivals: [
      { name: 'naive extension', samples: rounds.map(({ naive }) => value(naive, NAIVE)) },
      { name: 'git', samples: rounds.map((one) => value(one[kind], KNOWN.git)) },
    ],
    note: scriptsOf(round[kind], OURS)
      .map(({ file }) => path.basename(file))
      .join(', '),
  });
  const own = await onlyOurs(extensionDir, round.starting, elsewhere);
  const kilobytes: typeof bytes = (...of) => bytes(...of) / 1024;
  const main = scriptsOf(round.off, OURS).find(({ file }) => file === path.join('dist', 'extension.js'));
  return [
    {
      what: 'the bundle that is loaded for the activation',
      unit: 'KB',
      better: 'less',
      ours: [(main?.bytes ?? NaN) / 1024],
      rivals: [],
      budget: { of: 'ours', most: 150 },
    },
    figure('scripts loaded at rest where a server was started', 'files', 'starting', count),
    figure('the size of these', 'KB', 'starting', kilobytes),
    figure('scripts loaded at rest where none was started', 'files', 'off', count),
    figure('the size of these, where none was started', 'KB', 'off', kilobytes),
    {
      what: 'modules of Node that a window without us has not loaded',
      unit: 'modules',
      better: 'less',
      ours: [own.length],
      rivals: [],
      ...(own.length > 0 ? { note: own.join(', ') } : {}),
    },
  ];
}

/** 1 or 0. */
export function activations(seen: Observation, id: string): number {
  return seen.inUse.filter((extension) => isOf(extension, id)).length;
}

/** The median of all that come with the editor, of each window, and some of them that everybody knows. */
function builtIns(windows: readonly Observation[], value: (times: ActivationTimes) => number): Rival[] {
  const all = windows.map(({ times }) => times.filter(({ id }) => ![OURS, NAIVE, PROBE].includes(id)));
  return [
    {
      name: `the median of ${median(all.map(({ length }) => length))} built-in ones`,
      samples: all.map((times) => median(times.map(value))),
    },
    ...Object.entries(KNOWN).map(([name, id]) => ({
      name,
      samples: windows.map((seen) => value(timesOf(seen, id))),
    })),
  ];
}

function timesOf({ times }: Observation, id: string): ActivationTimes {
  const found = times.find((one) => isOf(one, id));
  if (!found) throw new Error(`${id} was not activated: ${times.map((one) => one.id).join(' ')}`);
  return found;
}

function scriptsOf({ atRest }: Observation, id: string): Observation['atRest'][number]['scripts'] {
  const found = atRest.find((one) => isOf(one, id));
  if (!found || found.scripts.length === 0) throw new Error(`no script of ${id} is loaded`);
  return found.scripts;
}

/** Modules of Node that our loaded scripts ask for, and that are loaded in no window that has nothing of ours. */
async function onlyOurs(extensionDir: string, ours: Observation, elsewhere: Observation): Promise<string[]> {
  const before = new Set(elsewhere.nodeModules);
  const texts = await Promise.all(
    scriptsOf(ours, OURS).map(({ file }) => readFile(path.join(extensionDir, file), 'utf8')),
  );
  const wanted = texts.flatMap((text) =>
    [...text.matchAll(/\brequire\("(?:node:)?([\w/]+)"\)/g)].map(([, name]) => name),
  );
  const loaded = new Set(ours.nodeModules);
  return [...new Set(wanted)].filter((name) => name !== undefined && loaded.has(name) && !before.has(name)) as string[];
}

function isOf(one: { readonly id: string }, id: string): boolean {
  return one.id.toLowerCase() === id;
}
