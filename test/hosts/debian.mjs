// Programs that come from the system's package manager, installed when they are missing.
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { exclusive } from './once.mjs';
import { run, SetupError } from './run.mjs';
import { step } from './step.mjs';

/**
 * The first of these commands that the PATH has.
 * @param {string[]} names
 * @returns {string | undefined}
 */
function findCommand(names) {
  for (const name of names) {
    for (const dir of (process.env['PATH'] ?? '').split(path.delimiter)) {
      if (!dir) continue;
      const file = path.join(dir, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}

/**
 * Finds a command, installing Debian's packages if it is missing.
 * @param {object} wanted
 * @param {string} wanted.title
 * @param {string[]} wanted.commands any of them will do
 * @param {string[]} wanted.packages
 * @returns {Promise<string>} its path
 */
export async function ensureCommand({ title, commands, packages }) {
  return (
    findCommand(commands) ??
    exclusive('apt', async () => {
      const there = findCommand(commands);
      if (there) return there;
      const install = `apt-get install ${packages.join(' ')}`;
      const missing = `${title} is missing`;
      if (!findCommand(['apt-get']))
        throw new SetupError(`${missing}: no ${commands.join(' or ')} on the PATH, and no apt-get to install it with`);
      const root = process.getuid?.() === 0;
      if (!root && !findCommand(['sudo']))
        throw new SetupError(`${missing}: run "${install}" as root (there is no sudo here)`);
      /** @param {string[]} args */
      const apt = (args) => {
        const command = ['apt-get', '-y', '-q', '-o', 'DPkg::Lock::Timeout=300', ...args];
        const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
        const [first, ...rest] = root ? command : ['sudo', '-n', 'DEBIAN_FRONTEND=noninteractive', ...command];
        return run(/** @type {string} */ (first), rest, { env, missing: `${missing}, and "${install}" failed` });
      };
      await step(`${title} (${install})`, async () => {
        await apt(['update']);
        await apt(['install', '--no-install-recommends', ...packages]);
      });
      const found = findCommand(commands);
      if (!found)
        throw new SetupError(
          `${missing}: "${install}" ran, and there is still no ${commands.join(' or ')} on the PATH`,
        );
      return found;
    })
  );
}

/** What the tests look at the machine with, and make namespaces by, where the smallest Debian has it not. @returns {Promise<string>[]} their paths */
export function ensureSystemTools() {
  return [
    { command: 'ip', package: 'iproute2' },
    { command: 'ps', package: 'procps' },
    { command: 'lsof', package: 'lsof' },
  ].map(({ command, package: name }) => ensureCommand({ title: command, commands: [command], packages: [name] }));
}

/** The shells that the command line writes completion scripts for. @returns {Promise<string>[]} their paths */
export function ensureShells() {
  return ['bash', 'zsh', 'fish'].map((name) => ensureCommand({ title: name, commands: [name], packages: [name] }));
}
