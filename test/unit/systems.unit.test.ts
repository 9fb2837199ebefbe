import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repoRoot } from './support/repository';

/** What not every system has: what it is, how it is known, and whether Linux alone has it, or Windows alone has it not. */
const MISSING: readonly (readonly [what: string, form: RegExp, where: 'linux' | 'posix'])[] = [
  ['/proc as a folder', /['"`]\/proc\b/, 'linux'],
  ['what reads /proc', /\breadProcStat\(|\blinuxProcesses\./, 'linux'],
  ['setsid', /\bsetsid\b/, 'linux'],
  ['a shell', /\/bin\/sh\b|'sh'/, 'posix'],
  ['a signal that suspends', /SIGSTOP/, 'posix'],
  ['a pipe in a folder', /mkfifo/, 'posix'],
];

/** How a test is left out, or a part of it. */
const GUARD = /\bif \([^;]*?\bskipBecause\([^;]*;|\bskipOnWindows\([^;]*;/g;

const indentOf = (line: string): number => /^ */.exec(line)?.[0].length ?? 0;

/** From a line to the one that closes it. The sources are formatted, so that depth tells what lies in what. */
function blockFrom(lines: readonly string[], start: number): readonly string[] {
  const depth = indentOf(lines[start] ?? '');
  const end = lines.findIndex((line, at) => at > start && line.trim() !== '' && indentOf(line) <= depth);
  return lines.slice(start, end < 0 ? lines.length : end + 1);
}

/** Whether what stands in that line is left out where it can't be: by its own test, by a hook of its suite, or by a question around it. */
function isGuarded(lines: readonly string[], hit: number, where: 'linux' | 'posix'): boolean {
  const asks = (text: string) =>
    text.includes("'linux'") || (where === 'posix' && /'win32'|\bskipOnWindows\(/.test(text));
  const leavesOut = (block: readonly string[]) => (block.join('\n').match(GUARD) ?? []).some(asks);
  let depth = Infinity;
  for (let at = hit; at >= 0; at--) {
    const line = lines[at] ?? '';
    if (line.trim() === '' || indentOf(line) >= depth) continue;
    depth = indentOf(line);
    if (line.includes('process.platform') && asks(line)) return true;
    // Before what it guards.
    if (/^ *it\(/.test(line) && leavesOut(lines.slice(at, hit))) return true;
    if (!/^ *describe\(/.test(line)) continue;
    const block = blockFrom(lines, at);
    const hooks = block.flatMap((one, below) => (/^ *before\(/.test(one) ? [blockFrom(block, below)] : []));
    if (hooks.some((hook) => indentOf(hook[0] ?? '') === depth + 2 && leavesOut(hook))) return true;
  }
  return false;
}

/** What a source does that not every system can, without a look at which one it is. */
function unguarded(source: string): string[] {
  const lines = source.split('\n');
  return lines.flatMap((line, at) =>
    /^\s*(\/\/|\*|\/\*)|^import /.test(line)
      ? []
      : MISSING.filter(([, form, where]) => form.test(line) && !isGuarded(lines, at, where)).map(
          ([what]) => `line ${at + 1}: ${what}`,
        ),
  );
}

describe('what CI runs on macOS and Windows', () => {
  const workflow = readFileSync(path.join(repoRoot, '.github/workflows/test.yml'), 'utf8');
  const job = /^ {2}systems:\n(?: {4}.*\n|\n)+/m.exec(workflow)?.[0] ?? '';
  const names = [...job.matchAll(/\bout\/(test\/contract\/\S+)\.js/g)].map(([, name = '']) => `${name}.ts`);
  const read = (name: string) => readFileSync(path.join(repoRoot, name), 'utf8');

  it('leaves out what those systems have not', () => {
    assert.match(job, /os: \[macos-latest, windows-latest\]/);
    assert.ok(names.length >= 5, names.join());
    for (const name of names) assert.deepEqual(unguarded(read(name)), [], name);
  });

  const contract = (name: string) => read(`test/contract/${name}.contract.test.ts`);
  const mistakes: Readonly<Record<string, readonly [name: string, from: RegExp | string, to: string]>> = {
    'a signal that Windows has not': ['kernelLock', / +if \(process.*'Windows has no SIGSTOP'\);\n/, ''],
    'a signal before the look at the system': [
      'kernelLock',
      /( +)(if \(process.*'Windows has no SIGSTOP'\);)\n/,
      "$1programs.start('x').signal('SIGSTOP');\n$1$2\n",
    ],
    'a folder that Linux alone has': ['startLock', "path.join(folder, 'start')", "'/proc/self/start'"],
    'a shell by its path': ['runCommand', "process.execPath, ['-e', script]", "'/bin/sh', ['-c', script]"],
    'a shell by its name': ['ports', "programs.command(process.execPath, ['-e'", "programs.command('sh', ['-c'"],
    'a hook that leaves out nothing': ['processes', / +if \(process.*no zombies'\);\n/, ''],
    'what reads /proc, where Windows alone is left out': [
      'startLock',
      '() => isSuspended(holder.pid)',
      "() => readProcStat(holder.pid)?.state === 'T'",
    ],
  };
  for (const [title, [name, from, to]] of Object.entries(mistakes))
    it(`would be found with ${title}`, () => {
      const broken = contract(name).replace(from, to);
      assert.notEqual(broken, contract(name), 'the mistake is made');
      assert.notDeepEqual(unguarded(broken), []);
    });

  it('would be found with a new test at the end of a suite', () => {
    const test =
      "\n  it('is new', () => {\n    spawnSync('setsid', ['true']);\n    spawnSync('mkfifo', ['x']);\n  });\n});\n";
    assert.equal(unguarded(contract('ports').replace(/\n\}\);\n$/, test)).length, 2);
  });
});
