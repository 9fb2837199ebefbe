import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { linuxProcesses } from '../../src/sessions/host/linuxProcesses';
import { loadEditorNodePty, loadShippedNodePty, nodePtyFactory } from '../../src/sessions/host/nodePtyTerminal';
import { pipeFactory } from '../../src/sessions/host/pipeTerminal';
import { readProcStat } from '../../src/sessions/procFiles';
import { findScriptTools, scriptFactory } from '../../src/sessions/host/scriptTerminal';
import type { TerminalExit, TerminalFactory, TerminalOptions, TerminalProcess } from '../../src/sessions/host/terminal';
import { chooseTerminalFactory } from '../../src/sessions/host/terminals';
import { inSandbox } from '../hosts/paths.mjs';
import { quietLog } from './support/quietLog';
import { waitUntil } from './support/waitUntil';
import { skipBecause } from '../support/skip';

const editorNodePty = inSandbox(
  'code-server',
  'node_modules',
  'code-server',
  'lib',
  'vscode',
  'node_modules',
  'node-pty',
);

interface Kind {
  readonly name: string;
  readonly make: () => Promise<TerminalFactory>;
  /** Whether its programs have a terminal: what must hold without one is tested for all. */
  readonly isTerminal: boolean;
  /** Why it can't be tested here. */
  readonly missing?: string;
}

const kinds: Kind[] = [
  {
    name: 'node-pty, ours',
    isTerminal: true,
    make: async () => {
      const module = await loadShippedNodePty();
      return nodePtyFactory(() => module);
    },
  },
  {
    name: "node-pty, the editor's",
    isTerminal: true,
    make: () => Promise.resolve(nodePtyFactory(() => loadEditorNodePty(editorNodePty))),
    ...(!existsSync(editorNodePty) && { missing: 'code-server is not installed here' }),
  },
  {
    name: 'script',
    isTerminal: true,
    make: async () => scriptFactory(quietLog(), await findScriptTools({ PATH: process.env['PATH'] ?? '' })),
    ...(process.platform !== 'linux' && { missing: 'for Linux only' }),
  },
  { name: 'pipes', isTerminal: false, make: () => Promise.resolve(pipeFactory(quietLog())) },
];

/** A terminal that remembers what came out of it. */
class Recorded {
  output = '';
  exit: TerminalExit | undefined;
  dataAfterExit = false;
  exits = 0;

  constructor(readonly terminal: TerminalProcess) {
    terminal.onData((data) => {
      this.output += data;
      this.dataAfterExit ||= this.exit !== undefined;
    });
    terminal.onExit((exit) => {
      this.exit = exit;
      this.exits++;
    });
  }

  shows(text: string): Promise<true> {
    return waitUntil(`the terminal shows ${JSON.stringify(text)}`, () => this.output.includes(text));
  }

  ended(limitMs?: number): Promise<TerminalExit> {
    return waitUntil('the program has ended', () => this.exit, limitMs);
  }
}

/**
 * What other machines' `script` answers to `--version`: macOS's (as people paste it into reports of software that expected
 * util-linux's), and BusyBox's, in the form of its usage texts, no capture: Debian's BusyBox has no `script`.
 */
const otherScripts = {
  "macOS's script": {
    said: 'script: illegal option -- -\nusage: script [-aeFkpqr] [-t time] [file [command ...]]\n       script -p [-deq] [-T fmt] [file]',
    reason: 'illegal option',
  },
  "BusyBox's script": {
    said: "script: unrecognized option '--version'\nBusyBox v1.36.1 (2023-11-07 18:53:09 UTC) multi-call binary.\n\nUsage: script [-afq] [-t[FILE]] [-c PROG] [OUTFILE]",
    reason: 'unrecognized option',
  },
};

describe('terminals', () => {
  for (const { name, make, missing, isTerminal } of kinds) {
    describe(`by ${name}${missing === undefined ? '' : ` (${missing})`}`, () => {
      let factory: TerminalFactory;
      let folder: string;
      let started: Recorded[] = [];
      before(async function () {
        if (missing !== undefined) return skipBecause(this, `${name}: ${missing}`);
        factory = await make();
        folder = await realpath(await mkdtemp(path.join(os.tmpdir(), "cheatcode it's a terminal ")));
      });
      afterEach(async () => {
        for (const { terminal, exit } of started) {
          const stat = exit ? undefined : readProcStat(terminal.pid);
          // What a test left in the middle; a paused one has to be read to its end.
          if (stat) linuxProcesses.signalGroup(terminal.pid, 'SIGKILL');
          terminal.resume();
        }
        await waitUntil('all programs have ended', () => started.every(({ exit }) => exit));
        started = [];
      });
      after(async () => {
        if (folder) await rm(folder, { recursive: true });
      });

      const spawn = (file: string, args: string[], options: Partial<TerminalOptions> = {}) => {
        const env = { PATH: process.env['PATH'] ?? '', TERM: 'xterm-256color' };
        const recorded = new Recorded(factory.spawn({ file, args, cwd: folder, env, cols: 80, rows: 24, ...options }));
        started.push(recorded);
        return recorded;
      };
      const sh = (script: string, options?: Partial<TerminalOptions>) => spawn('/bin/sh', ['-c', script], options);
      const node = (script: string) => spawn(process.execPath, ['-e', script]);

      it('show the output and then tell the exit code, once', async () => {
        const run = sh('printf "hello\\nthere\\n"; exit 3');
        assert.deepEqual(await run.ended(), { exitCode: 3, signal: undefined });
        assert.equal(run.output, 'hello\r\nthere\r\n');
        assert.deepEqual([run.dataAfterExit, run.exits], [false, 1]);
      });

      it('tell success', async () => {
        assert.deepEqual(await sh('exit 0').ended(), { exitCode: 0, signal: undefined });
      });

      it('tell which signal ended the program', async () => {
        assert.deepEqual(await sh('kill -TERM $$').ended(), {
          exitCode: undefined,
          signal: os.constants.signals.SIGTERM,
        });
        assert.deepEqual(await sh('kill -KILL $$').ended(), {
          exitCode: undefined,
          signal: os.constants.signals.SIGKILL,
        });
      });

      it('tell the exit after the last of much output', async () => {
        // Again and again: libuv's early end hits about one in four.
        for (let round = 0; round < 20; round++) {
          const run = sh('seq 1 20000; exit 5');
          assert.deepEqual(await run.ended(), { exitCode: 5, signal: undefined });
          assert.ok(run.output.endsWith('19999\r\n20000\r\n'), run.output.slice(-40));
          assert.equal(run.dataAfterExit, false);
        }
      });

      it('keep a character together that comes in pieces', async () => {
        const text = 'é€\u{1F600}中';
        const run = node(`
          const bytes = [...Buffer.from(${JSON.stringify(text)})];
          const next = () => {
            if (bytes.length === 0) return;
            process.stdout.write(Buffer.of(bytes.shift()));
            setTimeout(next, 3);
          };
          next();`);
        await run.ended();
        assert.equal(run.output, text);
      });

      it('pass the arguments, the folder and the environment as they are', async () => {
        const args = ['a b', "it's", '"$HOME"', '`x`', '', 'line\nbreak', '*', 'ü€'];
        const env = { PATH: process.env['PATH'] ?? '', ONE: "1 'and' $TWO\n", SHELL: "/bin/no such 'shell'" };
        const script = `console.log(JSON.stringify([process.argv.slice(1), process.cwd(), process.env.ONE, process.env.SHELL,
          process.env.HOME ?? null]))`;
        const run = spawn(process.execPath, ['-e', script, '--', ...args], { env });
        await run.ended();
        // A line of a terminal may be broken by nothing but the program itself.
        assert.deepEqual(JSON.parse(run.output), [args, folder, env.ONE, env.SHELL, null]);
      });

      it('give the program a session and a group of its own, and its pid', async () => {
        const run = sh('echo "pid $$"; sleep 1000 & echo "child $!"; wait');
        const child = await waitUntil('it says its child', () => /child (\d+)\r/.exec(run.output)?.[1]);
        assert.match(run.output, new RegExp(`^pid ${run.terminal.pid}\r\n`));
        const leader = readProcStat(run.terminal.pid);
        assert.deepEqual([leader?.pgid, leader?.sid], [run.terminal.pid, run.terminal.pid]);
        await waitUntil('the child runs', () => readProcStat(Number(child))?.pgid === run.terminal.pid);
        assert.equal(linuxProcesses.signalGroup(run.terminal.pid, 'SIGTERM'), true);
        assert.deepEqual(await run.ended(), { exitCode: undefined, signal: os.constants.signals.SIGTERM });
        await waitUntil('the child is gone', async () => (await linuxProcesses.identify(Number(child))) === undefined);
      });

      it('pass on what is typed', async () => {
        const run = sh('echo ready; read line; echo "got $line"');
        await run.shows('ready');
        run.terminal.write('abc é\r');
        await run.shows('got abc é\r\n');
      });

      it('interrupt the program at Ctrl+C', async () => {
        const run = sh('echo ready; exec sleep 1000');
        await run.shows('ready');
        run.terminal.write('\x03');
        assert.deepEqual(await run.ended(), { exitCode: undefined, signal: os.constants.signals.SIGINT });
      });

      it('take no harm from being used after the end', async () => {
        const run = sh('exit 0');
        await run.ended();
        run.terminal.write('late\r');
        run.terminal.resize(10, 10);
        run.terminal.pause();
        run.terminal.resume();
      });

      it('throw when the program can not be started', async () => {
        const file = path.join(folder, 'plain');
        await writeFile(file, 'no program');
        assert.throws(() => spawn(path.join(folder, 'missing'), []), { code: 'ENOENT' });
        assert.throws(() => spawn(file, []), { code: 'EACCES' });
        assert.throws(() => spawn(folder, []), { code: 'EACCES' });
        assert.throws(() => sh('true', { cwd: path.join(folder, 'missing') }), { code: 'ENOENT' });
        assert.throws(() => sh('true', { cwd: file }), { code: 'ENOTDIR' });
      });

      it('do not hang the host when somebody types more than the program reads', async () => {
        const run = sh('echo waiting; exec sleep 1000');
        await run.shows('waiting');
        const before = process.cpuUsage();
        for (let n = 0; n < 200; n++) run.terminal.write(`${'x'.repeat(1000)}\r`);
        // The loop turns, and is not busy with the typing.
        const began = performance.now();
        await waitUntil('half a second of turns', () => performance.now() - began > 500);
        const { user, system } = process.cpuUsage(before);
        assert.ok((user + system) / 1000 < 450, `${(user + system) / 1000} ms of CPU in half a second`);
        process.kill(run.terminal.pid, 'SIGKILL');
        await run.ended();
      });

      it('hold the program back while they are paused, and lose nothing of a flood', async () => {
        const last = 2_700_000; // 20 MB of lines
        const run = sh(`seq 1 ${last}; echo done > flooded; exit 4`);
        let chunks = 0;
        let received = 0;
        run.terminal.onData((data) => {
          received += data.length;
          if (++chunks % 50 !== 0) return;
          run.terminal.pause();
          setImmediate(() => run.terminal.resume());
        });
        await run.shows('1000\r\n');
        run.terminal.pause();
        // Nothing more comes for a while: the program is stuck in its write.
        let seen = -1;
        let still = 0;
        await waitUntil('the flow has stopped', () => {
          run.terminal.pause();
          still = received === seen ? still + 1 : 0;
          seen = received;
          return still === 20;
        });
        assert.ok(received < 2_000_000, `${received} characters came`);
        assert.equal(existsSync(path.join(folder, 'flooded')), false);
        run.terminal.resume();
        assert.deepEqual(await run.ended(30_000), { exitCode: 4, signal: undefined });
        const lines = run.output.split('\r\n');
        assert.equal(lines.length, last + 1);
        assert.equal(
          lines.findIndex((line, index) => line !== String(index + 1)),
          last,
        );
        assert.equal(await readFile(path.join(folder, 'flooded'), 'utf8'), 'done\n');
      });

      it('keep the last words of a program that ended while they were paused', async () => {
        const run = sh('seq 1 300; exit 6');
        run.terminal.pause();
        await waitUntil('it has ended', async () => (await linuxProcesses.identify(run.terminal.pid)) === undefined);
        run.terminal.resume();
        assert.deepEqual(await run.ended(), { exitCode: 6, signal: undefined });
        assert.ok(run.output.endsWith('299\r\n300\r\n'));
        assert.ok(run.output.startsWith('1\r\n2\r\n'));
      });

      it('tell the exit although a child was left behind that holds the output open', async () => {
        const run = sh('trap \'\' HUP; sleep 1000 & echo "child $!"; exit 2');
        assert.deepEqual(await run.ended(), { exitCode: 2, signal: undefined });
        const child = Number(/child (\d+)/.exec(run.output)?.[1]);
        const identity = await linuxProcesses.identify(child);
        assert.ok(identity, 'the child lives on');
        assert.equal(await linuxProcesses.signal(identity, 'SIGKILL'), true);
      });

      it('show what is typed, let it be changed, and begin a new line after it', async () => {
        const run = sh('echo ready; read line; echo "got $line"; sleep 1000');
        await run.shows('ready\r\n');
        run.terminal.write('abd');
        await run.shows('abd');
        run.terminal.write('\x7fc\r');
        await run.shows('\r\ngot abc\r\n');
      });

      it('end the input of the program at Ctrl+D', async () => {
        const run = sh('echo ready; cat; echo over; exit 3');
        await run.shows('ready');
        run.terminal.write('abc\r');
        await run.shows('abc\r\nabc\r\n');
        run.terminal.write('\x04');
        await run.shows('over');
        assert.deepEqual(await run.ended(), { exitCode: 3, signal: undefined });
      });

      it('interrupt all that runs in front at Ctrl+C, not the first program alone', async () => {
        const run = sh('trap "echo heard; exit 4" INT; echo ready; sh -c "sleep 1000"; sleep 1000');
        await run.shows('ready');
        await waitUntil('its child runs', async () =>
          (await linuxProcesses.list()).some((one) => one.pgid === run.terminal.pid && one.command === 'sleep 1000'),
        );
        run.terminal.write('\x03');
        // A shell does its trap only when its child has ended.
        await run.shows('heard');
        assert.deepEqual(await run.ended(), { exitCode: 4, signal: undefined });
      });

      it('say whether their programs have a terminal', async () => {
        assert.equal(factory.isTerminal, isTerminal);
        const run = node("console.log([0, 1, 2].map((fd) => require('tty').isatty(fd)).join())");
        await run.ended();
        assert.equal(run.output, `${[isTerminal, isTerminal, isTerminal].join()}\r\n`);
      });

      if (isTerminal) {
        it('are terminals for the program, of the size that was asked for', async () => {
          const script = `
            const size = () => console.log('size ' + process.stdout.columns + 'x' + process.stdout.rows);
            size();
            process.stdout.on('resize', size);
            setInterval(() => undefined, 1e6);`;
          const run = spawn(process.execPath, ['-e', script], { cols: 91, rows: 33 });
          await run.shows('size 91x33');
          run.terminal.resize(120, 40);
          await run.shows('size 120x40');
          for (let cols = 60; cols <= 70; cols++) run.terminal.resize(cols, 20);
          await run.shows('size 70x20');
        });
      } else {
        it('ask for colours by name, unless a person wants none, and take a size without harm', async () => {
          const script = 'console.log([process.env.FORCE_COLOR, process.env.CLICOLOR_FORCE].join())';
          const PATH = process.env['PATH'] ?? '';
          const [plain, none, own] = [{ PATH }, { PATH, NO_COLOR: '1' }, { PATH, FORCE_COLOR: '0' }].map((env) =>
            spawn(process.execPath, ['-e', script], { env }),
          );
          for (const run of [plain, none, own]) run?.terminal.resize(120, 40);
          for (const run of [plain, none, own]) await run?.ended();
          assert.deepEqual([plain?.output, none?.output, own?.output], ['1,1\r\n', ',\r\n', '0,1\r\n']);
        });
      }
    });
  }

  it('are chosen by trying, and the log says which and why', async () => {
    const log = quietLog();
    const choice = { nativeFolder: undefined, editorNodePty: undefined, platform: process.platform, log };
    const factory = await chooseTerminalFactory(choice);
    assert.equal(factory.kind, 'node-pty');
    assert.deepEqual(log.lines, ['terminals are made by=node-pty from=node_modules']);
  });

  describe('without node-pty', () => {
    let folder: string;
    const { PATH } = process.env;
    beforeEach(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'cheatcode-tools-'))));
    afterEach(async () => {
      process.env['PATH'] = PATH;
      await rm(folder, { recursive: true });
    });
    /** As on a machine that has these programs: names are linked to what this machine calls so, texts are scripts. */
    const choose = async (programs: Readonly<Record<string, string | true>>) => {
      for (const [name, text] of Object.entries(programs)) {
        const file = path.join(folder, name);
        if (text === true) await symlink(execFileSync('which', [name], { encoding: 'utf8' }).trim(), file);
        else await writeFile(file, text, { mode: 0o755 });
      }
      process.env['PATH'] = folder;
      const log = quietLog();
      const editorNodePty = '/no/such/node-pty';
      const choice = { nativeFolder: undefined, editorNodePty, platform: process.platform, log };
      const factory = await chooseTerminalFactory(choice, () => Promise.reject(new Error('none for this machine')));
      return { kind: factory.kind, isTerminal: factory.isTerminal, lines: log.lines.slice(2) };
    };

    it('are made by script, where it is the one of util-linux', async function () {
      if (process.platform !== 'linux') return skipBecause(this, 'for Linux only');
      assert.deepEqual(await choose({ script: true, stty: true }), {
        kind: 'script',
        isTerminal: true,
        lines: ['terminals are made by=script from=script'],
      });
    });

    for (const [what, programs, reason] of [
      ['nothing that makes terminals', {}, 'there is no script'],
      ['script without stty', { script: true }, 'there is no stty'],
      // What the real ones print at an option that they do not know, and then end with 1.
      ...Object.entries(otherScripts).map(
        ([name, { said, reason }]) =>
          [name, { stty: true, script: `#!/bin/sh\ncat >&2 <<'.'\n${said}\n.\nexit 1\n`, cat: true }, reason] as const,
      ),
    ] as const)
      it(`are pipes on a machine with ${what}, and the log says why`, async function () {
        if (process.platform !== 'linux') return skipBecause(this, 'for Linux only');
        const { kind, isTerminal, lines } = await choose(programs);
        assert.deepEqual([kind, isTerminal], ['pipes', false]);
        assert.match(lines[0] ?? '', new RegExp(`kind=script .*${reason}`));
        assert.equal(lines[1], 'no terminals on this machine, servers run on pipes');
      });
  });

  it("that the editor's folder can't give are an error with its reason", () => {
    assert.throws(() => loadEditorNodePty('/no/such/node-pty'), { code: 'MODULE_NOT_FOUND' });
  });
});
