// The environment of what runs inside the sandbox: the sandbox's own Node, pnpm and home folder, nothing of the
// person's or the CI's that would make the tools behave differently.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { nodeDir } from './nodes.mjs';
import { withoutNpm } from './npm.mjs';
import { inSandbox } from './paths.mjs';
import { toolsBin } from './pnpm.mjs';

/** Variables that would change what npm, pnpm, Expo, Next.js or VS Code do, or lead them out of the sandbox. The marker of a test run stays. */
const unwanted =
  /^(CI|CONTINUOUS_INTEGRATION|BUILD_NUMBER|GITHUB_ACTIONS|NODE_OPTIONS|NODE_ENV|PORT|HOST|BROWSER|EDITOR|VSCODE_.*|ELECTRON_.*|CODE_SERVER_.*|CHEATCODE_(?!TEST_RUN$).*|XDG_(CONFIG|DATA|CACHE|STATE)_HOME|FORCE_COLOR|NO_COLOR)$/;

/** @param {import('./nodes.mjs').NodeMajor} [major] */
const pathOf = (major = 24) => [path.join(nodeDir(major), 'bin'), toolsBin, inSandbox('npm-global', 'bin')];

/**
 * The environment of what runs inside the sandbox: its own Node 24, pnpm and home folder, without CI.
 * @param {Record<string, string | undefined>} [extra] added last; `undefined` removes
 * @returns {Promise<Record<string, string>>}
 */
export async function sandboxEnv(extra = {}) {
  const home = await sandboxHome();
  const userConfig = process.env['npm_config_userconfig'] ?? path.join(os.homedir(), '.npmrc');
  /** @type {Record<string, string | undefined>} */
  const env = {
    ...Object.fromEntries(Object.entries(withoutNpm(process.env)).filter(([name]) => !unwanted.test(name))),
    PATH: [...pathOf(), process.env['PATH']].join(path.delimiter),
    HOME: home,
    SHELL: process.env['SHELL'] ?? '/bin/sh',
    LANG: process.env['LANG'] ?? 'C.UTF-8',
    // The registry and certificates that the machine is set up with, and the cache that it has.
    ...(existsSync(userConfig) ? { npm_config_userconfig: userConfig } : {}),
    npm_config_cache: process.env['npm_config_cache'] ?? path.join(os.homedir(), '.npm'),
    NEXT_TELEMETRY_DISABLED: '1',
    EXPO_NO_TELEMETRY: '1',
    DO_NOT_TRACK: '1',
    ...extra,
  };
  return /** @type {Record<string, string>} */ (
    Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
  );
}

/**
 * A home folder whose shell profiles put the sandbox's tools on the PATH again: VS Code's extension hosts take
 * their environment from a login shell, and Debian's /etc/profile sets the PATH anew.
 */
async function sandboxHome() {
  const home = inSandbox('home');
  await mkdir(home, { recursive: true });
  const line = `# written by test/hosts/sandboxEnv.mjs\nexport PATH="${pathOf().join(':')}:$PATH"\n`;
  for (const name of ['.profile', '.zprofile']) await writeFile(path.join(home, name), line);
  // pnpm's own file: in the environment npm would warn about an option that it does not know.
  const pnpmConfig = path.join(home, '.config', 'pnpm');
  await mkdir(pnpmConfig, { recursive: true });
  await writeFile(path.join(pnpmConfig, 'rc'), `store-dir=${inSandbox('pnpm-store')}\n`);
  return home;
}
