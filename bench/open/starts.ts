/** One start of an app's dev server, by different hands: in milliseconds from the word to the first answer. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { repoRoot, waitFor } from '../../test/contract/support/hostRig';
import { firstAnswer, isFree, type Question } from './firstAnswer';
import { TypedShell } from './typedShell';
import type { WindowOptions } from './window.program';

/** An app and the surroundings that it is started in, the same for all hands. */
export interface Stage {
  readonly workspace: string;
  /** Name of the app's folder below it. */
  readonly app: string;
  readonly question: Question;
  /** What a person types in the app's folder. */
  readonly typed: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of the unpacked VSIX. */
  readonly distFolder: string;
}

const windowProgram = path.join(repoRoot, 'out/test/bench/open/window.program.js');

/** From the extension's activation, no session host there. */
export async function startByWindow(stage: Stage): Promise<number> {
  const { workspace, distFolder, env } = stage;
  await mustBeFree(stage);
  const options: WindowOptions = { workspace, distFolder };
  const child = spawn(process.execPath, [windowProgram, JSON.stringify(options)], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async (): Promise<string> => {
      const next = await lines.next();
      if (next.done === true) throw new Error('the window has ended');
      return next.value;
    };
    if ((await line()) !== 'ready') throw new Error('the window is not ready');
    const answered = firstAnswer(stage.question);
    child.stdin.write('go\n');
    const { beganMs } = JSON.parse(await line()) as { readonly beganMs: number };
    return (await answered).machineMs - beganMs;
  } finally {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await mustBecomeFree(stage);
  }
}

/** From the Enter after the app's own command in a shell. */
export function startByShell(stage: Stage): Promise<number> {
  return typedStart(stage, path.join(stage.workspace, stage.app), stage.typed);
}

/** From the Enter after `cheatcode-dev ensure` in a shell, no session host there. */
export async function startByCommandLine(stage: Stage): Promise<number> {
  const cli = `node ${path.join(stage.distFolder, 'cli.js')}`;
  const took = await typedStart(stage, stage.workspace, `${cli} ensure`, async (shell) => {
    // It prints the address alone, and then nothing of it runs any more but the server.
    await waitFor('the address', () => shell.output.includes(`http://localhost:${stage.question.port}`), 30_000);
    shell.type(`${cli} shutdown`);
    await mustBecomeFree(stage);
  });
  return took;
}

async function typedStart(
  stage: Stage,
  folder: string,
  line: string,
  endServer: (shell: TypedShell) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  await mustBeFree(stage);
  const shell = await TypedShell.open(folder, stage.env);
  try {
    const answered = firstAnswer(stage.question);
    const typedMs = shell.type(line);
    const took = (await answered.catch((error: unknown) => fail(error, shell))).machineMs - typedMs;
    await endServer(shell);
    return took;
  } finally {
    await shell.end();
    await mustBecomeFree(stage);
  }
}

function fail(error: unknown, { output }: TypedShell): never {
  throw new Error(`${String(error)}\n${output}`, { cause: error });
}

async function mustBeFree({ question }: Stage): Promise<void> {
  if (!(await isFree(question.port))) throw new Error(`somebody listens on ${question.port} before the start`);
}

async function mustBecomeFree({ question }: Stage): Promise<void> {
  await waitFor(`${question.port} to be free`, () => isFree(question.port), 30_000);
}
