/** How long it takes until a person sees that the server answers, has died or hangs. */
import path from 'node:path';
import type { Bench, Rival } from '../figures';
import { measureLimits } from '../notice/limits';
import { pollersNotice } from '../notice/pollers';
import { statusBarMoments } from '../notice/statusBar';
import { hangs, startsAndKills } from '../notice/windowRounds';

const POLLER = 'GET / every 15 s';

export const bench: Bench = async ({ rounds, dir, extensionDir, extensionsDir, say }) => {
  const distFolder = path.join(extensionDir, 'dist');
  say('the limits');
  const limits = await measureLimits(rounds);
  say(`${rounds} servers that answer and are killed, and ${rounds} pollers at each of three servers`);
  // At once: servers that nobody asks but once a second cost nothing, and both sides meet the same minute.
  const [window, polled] = await Promise.all([startsAndKills(distFolder, rounds), pollersNotice(rounds)]);
  say(`${rounds} servers that hang`);
  const hung = await hangs(distFolder, rounds);
  say('the same in the status bar of code-server');
  const shown = await statusBarMoments({ dir, extensionDir, extensionsDir, rounds });

  // The same pollers stand beside several of ours, and in the order of their phases.
  const rival = (samples: readonly number[]): Rival => ({ name: POLLER, samples, isPaired: false });
  const common = { unit: 'ms', better: 'less' } as const;
  const answersBudget = { of: 'ours', most: 50 } as const;
  const killedBudget = { of: 'ours', most: 100 } as const;
  return [
    {
      ...common,
      what: 'server answers → window knows',
      ours: window.answers,
      rivals: [rival(polled.answers)],
      limit: { name: 'connecting without a pause', samples: limits.answers },
      budget: answersBudget,
      note: 'from listening, 0.5 to 3 s after the start of `npm run dev`, to the news in a client process of its own',
    },
    {
      ...common,
      what: 'server killed → window knows',
      ours: window.killed,
      rivals: [rival(polled.killed)],
      limit: { name: 'the parent’s own news', samples: limits.killed },
      budget: killedBudget,
      note: 'SIGKILL to the process that listens, below `npm run dev`; the poller’s server has no parent that restarts it',
    },
    {
      ...common,
      what: 'server hangs → window knows',
      ours: hung,
      rivals: [rival(polled.hangs)],
      note: 'SIGSTOP at any time of the 15 s between two probes; ours asks twice before it says so; both wait 5 s for an answer',
    },
    {
      ...common,
      what: 'server answers → status bar shows it',
      ours: shown.answers,
      rivals: [rival(polled.answers)],
      budget: answersBudget,
      note: 'code-server, when the workbench has written the text',
    },
    {
      ...common,
      what: 'server killed → status bar shows it',
      ours: shown.killed,
      rivals: [rival(polled.killed)],
      budget: killedBudget,
    },
  ];
};
