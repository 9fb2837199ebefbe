/** From the opened window to the server that answers, beside the same app started by hand. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../../test/contract/support/hostRig';
import { sandboxEnv } from '../../test/hosts/sandboxEnv.mjs';
import { copyWorkspace } from '../../test/hosts/workspace.mjs';
import { readFile } from 'node:fs/promises';
import type { Bench, BenchContext, Budget, Figure } from '../figures';
import { APP, startsInEditors } from '../open/editorStarts';
import { metroQuestion, nextQuestion } from '../open/firstAnswer';
import { startByCommandLine, startByShell, startByWindow, type Stage } from '../open/starts';

const MOBILE = 'cheatcode-mobile';
/** A window of the editor takes its time, and each round opens four. */
const MOST_EDITOR_ROUNDS = 3;
const BUDGET: Budget = { of: 'ratio', most: 1.05 };
const SHELL = '`pnpm run dev` in a shell';

export const bench: Bench = async (context) => [...(await withoutEditor(context)), ...(await inEditor(context))];

async function withoutEditor({ rounds, dir, extensionDir, say }: BenchContext): Promise<readonly Figure[]> {
  const web = await stageOf(APP, path.join(dir, 'web'), extensionDir, dir);
  const nextFolder = path.join(web.workspace, APP, '.next');
  say('a first start by each hand: files get into the cache of the disk, the host its place in the state folder');
  await startByShell(web);
  await startByWindow(web);

  const hands = { window: startByWindow, shell: startByShell };
  say(`Next.js without .next, ${rounds} pairs`);
  const cold = await inTurn(rounds, hands, web, () => rm(nextFolder, { recursive: true, force: true }));
  say(`Next.js with .next, ${rounds} rounds of three`);
  const warm = await inTurn(rounds, { ...hands, line: startByCommandLine }, web);
  say(`Expo, ${rounds} pairs`);
  const mobile = await stageOf(MOBILE, path.join(dir, 'mobile'), extensionDir, dir);
  await startByShell(mobile);
  await startByWindow(mobile);
  const expo = await inTurn(rounds, hands, mobile);

  const common = { unit: 'ms', better: 'less' } as const;
  const shell = (samples: readonly number[]) => [{ name: SHELL, samples }];
  return [
    {
      ...common,
      what: 'web, no .next: activation → answers, without an editor',
      ours: cold.window,
      rivals: shell(cold.shell),
      budget: BUDGET,
      note: 'from what the extension does when it is activated, its session host not there yet, or from the Enter in a bash that waits, to the first HTTP answer; each with an idle machine',
    },
    { ...common, what: 'web, .next from before', ours: warm.window, rivals: shell(warm.shell), budget: BUDGET },
    {
      ...common,
      what: 'mobile (Expo, local network)',
      ours: expo.window,
      rivals: shell(expo.shell),
      budget: BUDGET,
      note: 'ours runs `npx expo start`, the script `expo start`; until Metro answers /status',
    },
    {
      ...common,
      what: 'web, .next from before: `cheatcode-dev ensure` typed into a shell',
      ours: warm.line,
      rivals: shell(warm.shell),
      note: 'from Enter to Enter, as it were: the start of the command’s own Node and of the host is in it',
    },
  ];
}

async function inEditor({ rounds, dir, extensionDir, extensionsDir, say }: BenchContext): Promise<readonly Figure[]> {
  const workspace = await copyWorkspace(path.join(dir, 'editor', 'w'), { only: [APP] });
  const editorRounds = Math.min(rounds, MOST_EDITOR_ROUNDS);
  say(`windows of code-server, ${editorRounds} rounds of four`);
  const { fromPage, fromActivation } = await startsInEditors({
    dir: path.join(dir, 'editor'),
    extensionsDir,
    extensionId: await extensionId(extensionDir),
    workspace,
    port: await freePort(),
    rounds: editorRounds,
    say,
  });
  const common = { unit: 'ms', better: 'less' } as const;
  return [
    {
      ...common,
      what: 'code-server, web, .next from before: activation → answers',
      ours: fromActivation.ours,
      rivals: [{ name: 'an extension that only spawns `pnpm run dev`', samples: fromActivation.bare }],
      budget: BUDGET,
      note: 'both while the workbench loads, from the editor’s own log of the activation',
    },
    {
      ...common,
      what: 'code-server, the same: page asked for → answers',
      ours: fromPage.ours,
      rivals: [
        {
          name: '`pnpm run dev` typed into its terminal at the first prompt, without a person’s pauses',
          samples: fromPage.typed,
        },
        { name: 'a task that runs when the folder opens', samples: fromPage.task },
      ],
    },
  ];
}

/** A fresh copy of the sample app, and how it is started in it. */
async function stageOf(app: string, folder: string, extensionDir: string, dir: string): Promise<Stage> {
  const port = await freePort();
  const env = await sandboxEnv({
    CHEATCODE_STATE_DIR: path.join(dir, 's'),
    CHEATCODE_WEB_PORT: String(port),
    CHEATCODE_MOBILE_PORT: String(port),
    CHEATCODE_MOBILE_CONNECTION: 'lan',
    // Versions are not asked for in the network, by neither side.
    EXPO_OFFLINE: '1',
  });
  return {
    workspace: await copyWorkspace(folder, { only: [app] }),
    app,
    question: app === MOBILE ? metroQuestion(port) : nextQuestion(port),
    typed: app === MOBILE ? `pnpm run dev --port ${port}` : `PORT=${port} pnpm run dev`,
    env,
    distFolder: path.join(extensionDir, 'dist'),
  };
}

/** A start by each hand in each round, another one first each time. */
async function inTurn<Hand extends string>(
  rounds: number,
  hands: Readonly<Record<Hand, (stage: Stage) => Promise<number>>>,
  stage: Stage,
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<Readonly<Record<Hand, readonly number[]>>> {
  const names = Object.keys(hands) as Hand[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Hand, number[]>;
  for (let round = 0; round < rounds; round++)
    for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      await before();
      samples[name].push(await hands[name](stage));
    }
  return samples;
}

async function extensionId(extensionDir: string): Promise<string> {
  const { publisher, name } = JSON.parse(await readFile(path.join(extensionDir, 'package.json'), 'utf8')) as {
    readonly publisher: string;
    readonly name: string;
  };
  return `${publisher}.${name}`;
}
