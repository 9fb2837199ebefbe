// The module that `runTests` names: runs every *.host.test.js in the extension host that loads it.
import Mocha from 'mocha';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';

/** Resolves when every test passed; the rejection becomes the editor's exit code. */
export async function run(): Promise<void> {
  // The editor's console carries its own messages too: the launcher prints only what is marked.
  Object.assign(Mocha.reporters.Base, {
    consoleLog: (...words: unknown[]) => console.log(`[test] ${format(...words)}`),
  });
  const outDir = path.dirname(__dirname);
  const grep = process.env['CHEATCODE_TEST_GREP'];
  const mocha = new Mocha({
    timeout: 120_000,
    slow: 10_000,
    reporter: path.join(outDir, '..', '..', 'test', 'hosts', 'results.cjs'),
    ...(grep ? { grep } : {}),
  });
  const names = readdirSync(path.join(outDir, 'integration'), { recursive: true, encoding: 'utf8' });
  for (const name of names.sort()) {
    if (name.endsWith('.host.test.js')) mocha.addFile(path.join(outDir, 'integration', name));
  }
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} failed`);
}
