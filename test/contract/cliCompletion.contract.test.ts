import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { globalOptions, commands } from '../../src/cli/commands';
import { runCommand } from '../../src/sessions/runCommand';
import { ensureShells } from '../hosts/debian.mjs';
import { CliRig } from './support/cliRig';

/** What a shell offers at the end of a line. */
type Ask = (line: string) => Promise<readonly string[]>;

/**
 * A zsh at a terminal of its own, where Tab is pressed behind the line: `compadd` is what each candidate passes through on its
 * way to the person. Arguments: the line, and what makes the completion known.
 */
const ZSH = `
zmodload zsh/zpty zsh/zselect
line=$1 setup=$2 capture=$HOME/capture
: > $capture
zpty shell zsh -f -i
zpty -w shell "PROMPT='' PS2=''; stty -echo; $setup
compadd() {
  if [[ \\\${@[1,(i)(-|--)]} == *-(O|A|D)\\\\ * ]]; then builtin compadd \\"\\$@\\"; return; fi
  local -a hits; builtin compadd -A hits \\"\\$@\\"; print -rl -- \\$hits >> $capture; builtin compadd \\"\\$@\\"
}
over() { print -r -- '= over' >> $capture; BUFFER= }
zle -N over; bindkey '^X' over; bindkey '^I' complete-word; LISTMAX=0; print '= ready' >> $capture"
wait_for() {
  local tries said
  for tries in {1..1000}; do
    [[ "$(<$capture)" == *"= $1"* ]] && return
    zpty -rt shell said
    zselect -t 1
  done
  print -u2 "no $1: $(<$capture)"
  exit 1
}
wait_for ready
: > $capture
zpty -wn shell "$line"$'\\t'$'\\x18'
wait_for over
grep -v '^= ' $capture
zpty -d shell
`;

describe('the completion of the command line in a real shell', function () {
  this.timeout(120_000);
  let rig: CliRig;
  let home: string;
  before(async () => {
    await Promise.all(ensureShells());
    rig = await CliRig.create();
    home = path.join(rig.workspace, 'home');
    mkdirSync(path.join(home, 'functions'), { recursive: true });
    writeFileSync(path.join(home, 'ask.zsh'), ZSH);
  });
  after(() => rig.dispose());

  async function run(shell: string, ...args: string[]): Promise<readonly string[]> {
    const own = ['ZDOTDIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'];
    const rest = Object.fromEntries(Object.entries(rig.environment).filter(([name]) => !own.includes(name)));
    const env = { ...rest, HOME: home, TERM: 'xterm', PATH: `${rig.commandFolder()}:${rest['PATH'] ?? ''}` };
    const { stdout, stderr, exitCode } = await runCommand(shell, args, { cwd: rig.workspace, env, timeoutMs: 30_000 });
    assert.deepEqual([exitCode, stderr], [0, ''], stdout);
    return stdout.split('\n').filter(Boolean);
  }

  const bash: Ask = (line) => {
    const words = line.split(' ');
    return run(
      'bash',
      ...['--norc', '--noprofile', '-c'],
      `eval "$(cheatcode-dev completion bash)"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=\${#COMP_LINE}
set -- $(complete -p cheatcode-dev); "$3" cheatcode-dev "\${COMP_WORDS[COMP_CWORD]}"
printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      ...words,
    );
  };
  const zshBy =
    (setup: string): Ask =>
    async (line) => {
      const found = await run('zsh', '-f', path.join(home, 'ask.zsh'), line, setup);
      return [...new Set(found)];
    };
  const zsh = zshBy('autoload -Uz compinit && compinit -D -u; source <(cheatcode-dev completion zsh)');
  const fish: Ask = async (line) => {
    const found = await run(
      'fish',
      '--no-config',
      '-c',
      'cheatcode-dev completion fish | source; complete -C $argv[1]',
      line,
    );
    return found.map((one) => one.split('\t')[0] ?? '');
  };
  const sorted = (words: readonly string[]) => [...words].sort();

  for (const [name, ask] of Object.entries({ bash, zsh, fish }))
    describe(name, () => {
      it('completes the commands, also behind options', async () => {
        assert.deepEqual(sorted(await ask('cheatcode-dev st')), ['start', 'status', 'stop']);
        const all = (await ask('cheatcode-dev ')).filter((word) => !word.startsWith('-'));
        assert.deepEqual(sorted(all), sorted(Object.keys(commands)));
        assert.deepEqual(await ask('cheatcode-dev --json ens'), ['ensure']);
        assert.deepEqual(await ask('cheatcode-dev --workspace /tmp ens'), ['ensure']);
        assert.deepEqual(await ask('cheatcode-dev completion f'), ['fish']);
      });

      it('completes the app behind a command that takes one', async () => {
        assert.deepEqual(await ask('cheatcode-dev ensure m'), ['mobile']);
        assert.deepEqual(await ask('cheatcode-dev --json logs -f w'), ['web']);
        assert.deepEqual(await ask('cheatcode-dev ls m'), []);
      });

      it('completes the options of the command, and no others', async () => {
        assert.deepEqual(sorted(await ask('cheatcode-dev ensure --no-')), ['--no-color', '--no-wait']);
        assert.deepEqual(await ask('cheatcode-dev stop web --re'), ['--replace-host']);
        assert.deepEqual(await ask('cheatcode-dev status --re'), []);
        const short = await ask('cheatcode-dev logs -');
        for (const flag of ['-f', '--follow', '-n', '--lines', '--json']) assert.ok(short.includes(flag), flag);
        const first = await ask('cheatcode-dev --');
        assert.deepEqual(sorted(first), sorted(globalOptions.map((option) => `--${option}`)));
      });

      it('completes folders where one is wanted, and nothing where a number is', async () => {
        const folders = await ask('cheatcode-dev status --workspace cheatcode-');
        assert.deepEqual(
          folders.map((folder) => folder.replace(/\/$/, '')),
          ['cheatcode-app'],
          'cheatcode.json is no folder',
        );
        assert.deepEqual(await ask('cheatcode-dev ensure --timeout '), []);
      });
    });

  it('is there at the first Tab in a zsh that reads it as a file of its own', async () => {
    const script = (await run('cheatcode-dev', 'completion', 'zsh')).join('\n');
    writeFileSync(path.join(home, 'functions', '_cheatcode-dev'), script);
    const ask = zshBy('fpath=(~/functions $fpath); autoload -Uz compinit && compinit -D -u');
    assert.deepEqual(await ask('cheatcode-dev sto'), ['stop']);
  });
});
