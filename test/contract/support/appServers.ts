import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { readProcStat } from '../../../src/sessions/procFiles';
import type { LaunchSpec } from '../../../src/sessions/protocol';
import { sandboxEnv } from '../../hosts/sandboxEnv.mjs';
import { waitUntil } from './waitUntil';

/** The probes that `resolveLaunchSpec` gives to the apps of the sample and of older versions. */
export const probes = {
  next: { kind: 'http', method: 'GET', path: '/__nextjs_server_status' },
  next14: { kind: 'http', method: 'HEAD', path: '/_next/static/development/_devPagesManifest.json' },
  metro: { kind: 'http', method: 'GET', path: '/status' },
  page: { kind: 'http', method: 'GET', path: '/' },
  tcp: { kind: 'tcp' },
} as const;

/** The launch spec of an app; its command is never run. */
export function specOf(folder: string, overrides: Partial<LaunchSpec> & { readonly port: number }): LaunchSpec {
  const { dev, ino } = statSync(folder, { bigint: true });
  return {
    appKey: `${dev}:${ino}:app`,
    appName: 'app',
    type: 'web',
    folder,
    command: ['none'],
    probe: probes.next,
    env: {},
    ...overrides,
  };
}

/** Servers that are started as somebody else would, each with its descendants in a group of its own. */
export class AppServers {
  readonly #children: ChildProcess[] = [];

  /** Starts a command in a folder and returns its group. */
  async start(
    file: string,
    args: readonly string[],
    cwd: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const child = spawn(file, args, {
      cwd,
      env: await sandboxEnv({ EXPO_OFFLINE: '1', ...env }),
      stdio: 'ignore',
      detached: true,
    });
    this.#children.push(child);
    if (child.pid === undefined) throw new Error(`${file} did not start`);
    return child.pid;
  }

  /** `next dev` of the app in `folder`, started there or from `cwd`. */
  next(folder: string, port: number, cwd = folder): Promise<number> {
    const bin = path.join(folder, 'node_modules', 'next', 'dist', 'bin', 'next');
    return this.start(process.execPath, [bin, 'dev', ...(cwd === folder ? [] : [folder]), '-p', String(port)], cwd);
  }

  /** A server that says what a program says, for what no real one does at will. */
  script(source: string, cwd: string): Promise<number> {
    return this.start(process.execPath, ['-e', source], cwd);
  }

  /** Signals a whole group that this started. */
  signal(group: number, signal: NodeJS.Signals): void {
    if (!this.#children.some(({ pid }) => pid === group)) throw new Error(`${group} is no group of ours`);
    process.kill(-group, signal);
  }

  async end(group: number): Promise<void> {
    if (members(group).length > 0) this.signal(group, 'SIGKILL');
    await waitUntil(`the group ${group} is gone`, () => members(group).length === 0);
  }

  async endAll(): Promise<void> {
    for (const { pid } of this.#children) if (pid !== undefined) await this.end(pid);
    this.#children.length = 0;
  }
}

/** The live processes of a group. */
function members(group: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      const stat = pid > 0 ? readProcStat(pid) : undefined;
      return stat?.pgid === group && !/[ZX]/.test(stat.state);
    });
}
