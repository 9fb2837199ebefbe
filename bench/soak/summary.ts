import os from 'node:os';
import type { SoakResult } from './soak';

/** The result as lines of Markdown: what was done, what was seen. Nothing in it names the machine. */
export function summary(result: SoakResult): string {
  const { options, peaks, longestMs } = result;
  const deeds = [...result.deeds].sort(([, a], [, b]) => b - a);
  const total = deeds.reduce((sum, [, count]) => sum + count, 0);
  return [
    `- ${options.minutes} minutes, seed ${options.seed}; ${machineShape()}`,
    `- ${result.breaches.length === 0 ? 'no invariant was breached' : `BREACHED: ${result.breaches.join(' | ')}`}`,
    `- ${total} deeds: ${deeds.map(([name, count]) => `${name} ${count}`).join(', ')}`,
    `- of the deeds with tabs ${result.failedTabDeeds} did not work out (the tab was mostly killed meanwhile); ${result.crashedTabs} tabs crashed`,
    `- ${result.samples} samples, the longest time between two ${Math.round(result.longestSampleGapMs)} ms; looking took ${result.witnessPercent.toFixed(1)} % of a core`,
    `- ${result.servers} servers and ${result.hosts} session hosts came to life`,
    `- at most at one moment: ${Object.entries(peaks)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    `- longest: ${Object.entries(longestMs)
      .map(([name, ms]) => `${name} ${Math.round(ms)} ms`)
      .join(', ')}`,
    `- wanted, a tab open, and no server listening: ${(result.longestOutageMs / 1000).toFixed(1)} s at the longest, ${result.outagePercent.toFixed(0)} % of the time`,
    `- gave up after crashes and was started again by hand: ${result.gaveUp}; stopped without being asked: ${result.unexpectedStops}`,
    `- the final start took ${(result.finalStartMs / 1000).toFixed(1)} s, the final stop ${(result.finalStopMs / 1000).toFixed(1)} s`,
  ].join('\n');
}

function machineShape(): string {
  const gb = Math.round(os.totalmem() / 2 ** 30);
  return `${os.availableParallelism()} cores, ${gb} GB, ${os.platform()} ${os.arch()}, Node ${process.versions.node}`;
}
