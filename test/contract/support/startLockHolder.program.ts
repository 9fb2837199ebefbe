// Runs an action under the start lock. args: file waitMs staleMs enabled witness
// With a witness folder's path: the action makes the folder and removes it a moment later, and says `overlap` if it was
// there. Without: says `in` and stays until it is told `leave`. Each warning is a line, `done` the last.
import { mkdir, rmdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { delay, systemClock } from '../../../src/sessions/clock';
import { errorCode } from '../../../src/sessions/log';
import { withStartLock } from '../../../src/sessions/startLock';

const [file = '', waitMs, staleMs, enabled, witness] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);
const input = createInterface({ input: process.stdin });
const told = (word: string) =>
  new Promise<void>((resolve) =>
    input.on('line', (line) => {
      if (line === word) resolve();
    }),
  );

async function alone(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return void say('overlap');
  }
  await delay(systemClock, 15);
  await rmdir(folder);
}

async function main(): Promise<void> {
  if (witness !== undefined) {
    say('ready');
    await told('go');
  }
  await withStartLock(
    {
      file,
      waitMs: Number(waitMs),
      staleMs: Number(staleMs),
      enabled: enabled === 'true',
      onWarning: (message) => say(`warning ${message}`),
    },
    async () => {
      if (witness !== undefined) return alone(witness);
      say('in');
      await told('leave');
    },
  );
  say('done');
  input.close();
  process.stdin.destroy();
}

void main();
