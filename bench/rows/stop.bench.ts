/** How long a dev server takes to end, whoever ends it, and what it leaves: looked at from outside. */
import { cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { repoRoot } from '../../test/contract/support/hostRig';
import { ensurePnpm } from '../../test/hosts/pnpm.mjs';
import { sandboxEnv } from '../../test/hosts/sandboxEnv.mjs';
import { endSessionHosts } from '../../test/hosts/sessionHosts.mjs';
import { copyWorkspace } from '../../test/hosts/workspace.mjs';
import type { Bench, Figure } from '../figures';
import { App } from '../stop/app';
import { EditorTerminal } from '../stop/editorTerminal';
import { Family } from '../stop/family';
import { OurWindow } from '../stop/ourWindow';
import { byCommandLine, byWindow, type OursOptions } from '../stop/ours';
import { byCtrlC, byKill, bySigkill, byTmux } from '../stop/shells';
import type { Way } from '../stop/way';

/** What has not ended by then is left. */
const LIMIT_MS = 15_000;
/** What is left is a matter of kind, not of luck: it is not counted more often. */
const MOST_STUB_ROUNDS = 2;

/** Servers that do not end by themselves, and switches of the stub that make it one. */
const STUBBORN = 'a server that ignores SIGINT and SIGTERM';
const stubs = {
  [STUBBORN]: { STUB_IGNORE: 'SIGINT,SIGTERM' },
  'a server with a helper in a session of its own': { STUB_DAEMON: '1' },
  'a server with a helper whose parent is gone': { STUB_DAEMON: 'double' },
};

interface Measured {
  readonly ms: number[];
  readonly left: number[];
  readonly ports: number[];
  readonly answeredMs: number[];
}

/** Of each kind of server, of each way by its name. */
type Results = Map<string, Measured>;

export const bench: Bench = async ({ rounds, dir, extensionDir, extensionsDir, say }) => {
  await ensurePnpm();
  const stateFolder = path.join(dir, 's');
  const distFolder = path.join(extensionDir, 'dist');
  const env = await sandboxEnv({ CHEATCODE_STATE_DIR: stateFolder, TERM_PROGRAM: 'vscode', SHELL: '/bin/bash' });
  process.env['CHEATCODE_STATE_DIR'] = stateFolder;
  process.env['RIG_DIST'] = distFolder;
  const options: OursOptions = { distFolder, stateFolder, env };
  const workspace = await copyWorkspace(path.join(dir, 'w'), { only: ['cheatcode-app'] });
  const results: Results = new Map();
  const ourWorkspace = await copyWorkspace(path.join(dir, 'wo'), { only: ['cheatcode-app'] });
  const window = await OurWindow.open(ourWorkspace, extensionsDir, options);
  const editor = await EditorTerminal.open(dir, workspace).catch(async (error: unknown) => {
    await window.close();
    throw error;
  });
  try {
    const [ours, ...rivals] = [byWindow(options), editor, byCtrlC(env), byKill(env), byTmux(dir, env)];
    const ways = [ours, window, byCommandLine(options), ...rivals, bySigkill(env)].filter((way) => way !== undefined);
    for (let round = 0; round < rounds; round++)
      for (const way of rotated(ways, round)) {
        say(`round ${round + 1} of ${rounds}: Next.js, ${way.name}`);
        const app = await App.create(way === window ? ourWorkspace : workspace);
        await measure(way, app, /^next-server/, into(results, 'next', way));
      }
    for (let round = 0; round < Math.min(rounds, MOST_STUB_ROUNDS); round++)
      for (const [kind, switches] of Object.entries(stubs)) {
        say(`round ${round + 1} of ${Math.min(rounds, MOST_STUB_ROUNDS)}: ${kind}`);
        const one = async (way: Way, index: number) => {
          const app = await App.create(await stubWorkspace(path.join(dir, `w${index}`)), switches);
          await measure(way, app, /server\.mjs/, into(results, kind, way));
        };
        // They wait for the most part, and do not disturb each other.
        await allOf([ours, ...rivals].filter((way) => way !== undefined).map(one));
      }
  } finally {
    await Promise.all([window.close(), editor.close()]);
    await endSessionHosts(stateFolder);
  }
  return figures(results);
};

async function measure(way: Way, app: App, server: RegExp, { ms, left, ports, answeredMs }: Measured): Promise<void> {
  const started = await way.start(app);
  let family: Family | undefined;
  try {
    await app.answers();
    family = await Family.of(app, server);
    const end = await started.aim(family);
    const beganMs = performance.now();
    const answered = end().then(() => performance.now() - beganMs);
    const [ending, tookMs] = await Promise.all([family.ending(beganMs, LIMIT_MS), answered]);
    ms.push(ending.ms);
    left.push(ending.left.length);
    ports.push(ending.isPortHeld ? 1 : 0);
    answeredMs.push(tookMs);
  } finally {
    await family?.end();
    await started.leave();
  }
}

/** All of it has ended before an error is thrown: something may still run. */
async function allOf(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}

/** Each begins a round in turn. */
function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function into(results: Results, kind: string, { name }: Way): Measured {
  const key = `${kind}: ${name}`;
  const known = results.get(key) ?? { ms: [], left: [], ports: [], answeredMs: [] };
  results.set(key, known);
  return known;
}

/** The stub as the app of a workspace; it needs no packages. */
async function stubWorkspace(workspace: string): Promise<string> {
  const app = path.join(workspace, 'cheatcode-app');
  await cp(path.join(repoRoot, 'test/fixtures/stub'), app, { recursive: true });
  await mkdir(path.join(app, 'node_modules'), { recursive: true });
  return workspace;
}

function figures(results: Results): readonly Figure[] {
  const rivalNames = ["closing VS Code's terminal", 'Ctrl+C', 'kill of pnpm', 'tmux kill-session'];
  const of = (kind: string, way: string): Measured =>
    results.get(`${kind}: ${way}`) ?? { ms: [], left: [], ports: [], answeredMs: [] };
  const figure = (
    what: string,
    kind: string,
    field: keyof Measured,
    unit: string,
    more: Partial<Figure> = {},
    own = 'ours',
    rivals: readonly string[] = rivalNames,
  ): Figure => ({
    what,
    unit,
    better: 'less',
    ours: of(kind, own)[field],
    rivals: rivals.map((name) => ({ name, samples: of(kind, name)[field] })),
    ...more,
  });
  const over = 'stop → no process left, port free';
  const after = `after ${LIMIT_MS / 1000} s`;
  const limit = { limit: { name: 'SIGKILL to all', samples: of('next', 'SIGKILL to all').ms } };
  return [
    figure(
      `Next.js: Enter in the palette: ${over}`,
      'next',
      'ms',
      'ms',
      { ...limit, note: 'both in code-server, by its own commands: our Stop, and killing the terminal' },
      'ours, in the palette',
      ["closing VS Code's terminal"],
    ),
    figure(
      `Next.js: ${over}`,
      'next',
      'ms',
      'ms',
      { ...limit, note: `from a window's request to the session host; ${LIMIT_MS} ms: not over by then` },
      'ours',
      ['Ctrl+C', 'kill of pnpm', 'tmux kill-session'],
    ),
    figure(`Next.js: \`cheatcode-dev stop\` typed: ${over}`, 'next', 'ms', 'ms', limit, 'cheatcode-dev stop', [
      'tmux kill-session',
    ]),
    figure('Next.js: stop → the window is told that it has stopped', 'next', 'answeredMs', 'ms', {}, 'ours', []),
    figure(`Next.js: processes left ${after}`, 'next', 'left', 'processes'),
    figure(`Next.js: its port held ${after}`, 'next', 'ports', 'ports'),
    figure(`${STUBBORN}: ${over}`, STUBBORN, 'ms', 'ms', {
      note: 'closing a terminal hangs up, which it does not ignore',
    }),
    ...Object.keys(stubs).map((kind) => figure(`${kind}: processes left ${after}`, kind, 'left', 'processes')),
    figure(`${STUBBORN}: its port held ${after}`, STUBBORN, 'ports', 'ports'),
  ];
}
