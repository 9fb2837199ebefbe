/** Where an environment keeps its PATH. Pure. */

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The name that the PATH of this environment has. Windows calls it `Path`, as a rule, and takes any case; a copy of Node's
 * `process.env` takes its own case alone.
 */
export function pathName(env: Environment, platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'win32' || env['PATH'] !== undefined) return 'PATH';
  return Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
}

/** The PATH of this environment; empty where there is none. */
export function pathOf(env: Environment, platform: NodeJS.Platform = process.platform): string {
  return env[pathName(env, platform)] ?? '';
}
