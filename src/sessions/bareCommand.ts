/** What stands before a command without changing what it is: assignments, words of the shell, programs that run another. Pure. */
import path from 'node:path';
import { separateOptions } from './commandOptions';
import type { ShellWord } from './shellCommands';

/** Words of the shell that stand before a command, and programs that run another one in the same folder. */
const BEFORE: ReadonlySet<string> = new Set(
  'time ! { } then do else elif if while until exec command builtin nohup corepack'.split(' '),
);
/** Such programs with options that take a value, and words of their own before the command. */
const WRAPPERS: Readonly<Record<string, { readonly valued: string; readonly own?: number }>> = {
  env: { valued: '-u --unset' },
  sudo: { valued: '-u --user -g --group -h --host -p --prompt' },
  nice: { valued: '-n --adjustment' },
  timeout: { valued: '-s --signal -k --kill-after', own: 1 },
  'cross-env': { valued: '' },
  'cross-env-shell': { valued: '' },
  dotenv: { valued: '-e -p -v' },
};
/** They run what stands behind `--`. */
const RUN_BEHIND_DASHES: ReadonlySet<string> = new Set(['dotenvx', 'doppler', 'infisical', 'op', 'varlock']);

/** A command without what stands before its program. */
export function bareCommand(words: readonly ShellWord[]): readonly ShellWord[] {
  let rest = words;
  for (;;) {
    const [first] = rest;
    if (first === undefined) return rest;
    const name = path.basename(first);
    const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
    if (/^[A-Za-z_]\w*=/.test(first) || BEFORE.has(first)) rest = rest.slice(1);
    else if (wrapper !== undefined) {
      const { operands } = separateOptions(rest.slice(1), wrapper.valued, true);
      rest = operands.slice(wrapper.own ?? 0);
    } else if (RUN_BEHIND_DASHES.has(name) && rest.includes('--')) rest = rest.slice(rest.indexOf('--') + 1);
    else return rest;
  }
}
