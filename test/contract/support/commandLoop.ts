import { createInterface } from 'node:readline';

/** The body of a program: answers each line of its input, and ends with its input. */
export function commandLoop(answer: (command: string, argument: string) => Promise<string | undefined>): void {
  const input = createInterface({ input: process.stdin });
  let last: Promise<void> = Promise.resolve();
  input.on('line', (line) => {
    const [command = ''] = line.split(' ', 1);
    last = last.then(async () => {
      const text = await answer(command, line.slice(command.length + 1));
      if (text !== undefined) process.stdout.write(`${text}\n`);
    });
  });
  // Whoever started it is gone or done with it.
  input.on('close', () => process.exit(0));
}
