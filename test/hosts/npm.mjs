// Calls npm for the sandbox: quiet, and never with a build script that nobody asked for.
import path from 'node:path';
import { writeFile } from 'node:fs/promises';
import { npmCommand } from './nodeCommands.mjs';
import { inSandbox } from './paths.mjs';
import { run } from './run.mjs';

/** What every npm of the set-up is told. */
const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];

/**
 * Installs exactly these packages into a folder of the sandbox, without running their scripts.
 * @param {string} dir
 * @param {string[]} packages `name@version`
 * @param {{ env?: Record<string, string | undefined>, missing: string }} options
 */
export async function npmInstall(dir, packages, { env, missing }) {
  await writeFile(path.join(dir, 'package.json'), '{ "private": true }\n');
  await npm(['install', '--ignore-scripts', '--no-save', '--no-package-lock', ...packages], { cwd: dir, env, missing });
}

/**
 * @param {string[]} args
 * @param {{ cwd: string, env?: Record<string, string | undefined> | undefined, missing: string }} options
 */
export async function npm(args, { cwd, env = process.env, missing }) {
  const [program, ...before] = npmCommand();
  return run(program, [...before, ...args, ...quiet], { cwd, missing, env: withoutNpm(env) });
}

/**
 * The environment without what an outer `npm run` put there: an inner npm would take our package's
 * configuration for its own. A global install from inside the sandbox stays inside it.
 * @param {Record<string, string | undefined>} env
 */
export function withoutNpm(env) {
  const clean = Object.fromEntries(
    Object.entries(env).filter(
      ([name]) =>
        !/^npm_(package|lifecycle|command|execpath|node_execpath)|^(INIT_CWD|PNPM_SCRIPT_SRC_DIR)$/.test(name),
    ),
  );
  clean['npm_config_prefix'] = inSandbox('npm-global');
  return clean;
}
