/** Our terminal and the editor's own in one tab, running the same program, each in front while it is measured. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../test/contract/support/hostRig';
import { Editor, eventually, type Tab } from '../../test/integration/support/workbench';
import { median, type BenchContext, type Figure } from '../figures';
import { wordOf } from './printed';
import { shown, watchScreen } from './screenWatch';
import { Talker, talkerCommand } from './talker';

const FLOOD_MB = 10;
const KEYS = 10;
/** How long a program has gone mad before a person presses Ctrl+C. */
const RAGE_MS = 5000;
const APP = 'talker';

/** A terminal of the tab, and the talker that runs in it. */
interface Shell {
  readonly title: 'ours' | 'own';
  readonly talker: Talker;
  /** Its entry in the list of terminals. */
  readonly entry: string;
}

interface Samples {
  readonly floodMbPerSecond: number[];
  readonly echoMs: number[];
  readonly slowestEchoMs: number[];
  readonly calmS: number[];
}

export async function inEditor({ rounds, dir, extensionsDir, say }: BenchContext): Promise<readonly Figure[]> {
  const folder = path.join(dir, 'w');
  const [oursPort, ownPort] = [await freePort(), await freePort()];
  await mkdir(path.join(folder, APP), { recursive: true });
  const command = talkerCommand.join(' ');
  const app = { name: APP, type: 'custom', path: APP, command, port: oursPort };
  await writeFile(path.join(folder, 'cheatcode.json'), JSON.stringify({ apps: [app] }));
  const editor = await Editor.open('terminal', {
    workspace: folder,
    extensionsDir,
    settings: {
      'cheatcode.autoStart': APP,
      'terminal.integrated.tabs.hideCondition': 'never',
      // An echo, and not what the editor guesses that it will be.
      'terminal.integrated.localEchoEnabled': 'off',
    },
  });
  try {
    const tab = await editor.tab();
    await tab.waitForStatus(new RegExp(`:${oursPort}`), 120_000);
    await tab.command('Cheatcode: Show Dev Server Terminal');
    await tab.command('Terminal: Create New Terminal');
    await tab.typeIntoTerminal(`PORT=${ownPort} exec ${command}`);
    await tab.page.keyboard.press('Enter');
    const shells: readonly Shell[] = [
      { title: 'ours', talker: new Talker(oursPort), entry: 'dev_server' },
      { title: 'own', talker: new Talker(ownPort), entry: 'node' },
    ];
    for (const { talker } of shells) await talker.ready();
    await watchScreen(tab.page);
    const samples = { ours: newSamples(), own: newSamples() };
    // The first round of each is compiled in it.
    for (let round = -1; round < rounds; round++)
      for (const shell of round % 2 === 0 ? shells : [...shells].reverse()) {
        await bringToFront(tab, shell);
        const mbPerSecond = await flood(tab, shell);
        const echoesMs = await type(tab, round);
        if (round < 0) continue;
        const calmS = await interrupt(tab, shell);
        say(
          `${shell.title}: ${mbPerSecond.toFixed(1)} MB/s, echo ${median(echoesMs).toFixed(1)} ms, calm ${calmS.toFixed(1)} s`,
        );
        samples[shell.title].calmS.push(calmS);
        samples[shell.title].floodMbPerSecond.push(mbPerSecond);
        samples[shell.title].echoMs.push(median(echoesMs));
        samples[shell.title].slowestEchoMs.push(Math.max(...echoesMs));
      }
    return figures(samples.ours, samples.own);
  } finally {
    await editor.close();
  }
}

function figures(ours: Samples, own: Samples): readonly Figure[] {
  const name = "the editor's own terminal";
  return [
    {
      what: `flood of ${FLOOD_MB} MB → its last line on the screen`,
      unit: 'MB/s',
      better: 'more',
      ours: ours.floodMbPerSecond,
      rivals: [{ name, samples: own.floodMbPerSecond }],
    },
    {
      what: `Ctrl+C after ${RAGE_MS / 1000} s of an endless flood → its last line on the screen`,
      unit: 's',
      better: 'less',
      ours: ours.calmS,
      rivals: [{ name, samples: own.calmS }],
    },
    {
      what: 'key pressed → its echo on the screen',
      unit: 'ms',
      better: 'less',
      ours: ours.echoMs,
      rivals: [{ name, samples: own.echoMs }],
      note: `median of ${KEYS} keys each`,
    },
    {
      what: `key pressed → its echo, the slowest of ${KEYS}`,
      unit: 'ms',
      better: 'less',
      ours: ours.slowestEchoMs,
      rivals: [{ name, samples: own.slowestEchoMs }],
    },
  ];
}

function newSamples(): Samples {
  return { floodMbPerSecond: [], echoMs: [], slowestEchoMs: [], calmS: [] };
}

/** Its own word is on the screen then: the one that is open is not the other. */
async function bringToFront(tab: Tab, { entry, talker }: Shell): Promise<void> {
  await eventually(`the terminal ${entry}`, async () => {
    await tab.page.locator('.terminal-tabs-entry', { hasText: entry }).click({ timeout: 2000 });
    return true;
  });
  const { mark } = await talker.flood(0);
  await shown(tab.page, wordOf(mark), 20_000);
  await tab.page.locator('.terminal-wrapper.active .xterm-helper-textarea').focus();
}

async function flood(tab: Tab, { talker }: Shell): Promise<number> {
  const { mark, beganMs } = await talker.flood(FLOOD_MB * 2 ** 20);
  const { wallMs } = await shown(tab.page, wordOf(mark), 120_000);
  return FLOOD_MB / ((wallMs - beganMs) / 1000);
}

/** Until the screen stands still, in seconds. */
async function interrupt(tab: Tab, { talker }: Shell): Promise<number> {
  const { mark } = await talker.flood(Infinity);
  await delay(RAGE_MS);
  const over = shown(tab.page, wordOf(mark), 300_000);
  await tab.page.keyboard.press('Control+c');
  return (await over).sinceKeyMs / 1000;
}

/** On a line that no other is like. */
async function type(tab: Tab, round: number): Promise<readonly number[]> {
  const { keyboard } = tab.page;
  let line = `keys${round + 1}-`;
  const begun = shown(tab.page, line, 20_000);
  await keyboard.type(line);
  await begun;
  const echoesMs: number[] = [];
  for (let n = 0; n < KEYS; n++) {
    const key = String.fromCharCode(97 + n);
    line += key;
    const echoed = shown(tab.page, line, 20_000);
    await keyboard.press(key);
    echoesMs.push((await echoed).sinceKeyMs);
    // As a person who types: not in step with what is drawn.
    await delay(40 + ((n * 17) % 40));
  }
  await keyboard.press('Enter');
  return echoesMs;
}
