/** Several machines that agree by one Redis: a lock, a start, many that start at once, and what very many cost. */
import type { Bench } from '../figures';
import { shippedConnect } from '../redis/connections';
import { contendedFigures } from '../redis/contended';
import { crowdFigures } from '../redis/crowdFigures';
import { lockFigures } from '../redis/lock';
import { oneMachineFigures } from '../redis/oneMachine';

/** These take a minute for a few samples. */
const FEW_ROUNDS = 3;

export const bench: Bench = async ({ rounds, dir, extensionDir, say }) => {
  const connect = shippedConnect(extensionDir);
  const few = Math.min(rounds, FEW_ROUNDS);
  say('a lock, a start');
  const lock = await lockFigures(connect, rounds);
  say(`one host, its Redis well and ill: ${few} rounds`);
  const one = await oneMachineFigures({ extensionDir, dir, rounds: few });
  say('twenty hosts at once');
  const contended = await contendedFigures({ extensionDir, dir, rounds });
  say(`ten thousand sandboxes: ${few} rounds`);
  return [...lock, ...one, ...contended, ...(await crowdFigures(connect, few))];
};
