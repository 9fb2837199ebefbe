import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HostRig } from '../../test/contract/support/hostRig';
import { runCommand } from '../../src/sessions/runCommand';
import type { App } from './app';
import type { Started, Way } from './way';

export interface OursOptions {
  readonly distFolder: string;
  readonly stateFolder: string;
  /** As a terminal of the editor has it. */
  readonly env: Readonly<Record<string, string>>;
}

/** Stop in a window: its request to the host. */
export function byWindow(options: OursOptions): Way {
  return {
    name: 'ours',
    async start(app): Promise<Started> {
      await ensure(app, options);
      const client = HostRig.of(options.stateFolder, app.folder, app.port).client({ keepsHostSettings: true });
      let sessionId: string | undefined;
      client.onDidJoin(({ sessions }) => (sessionId = sessions.find(({ port }) => port === app.port)?.id));
      const peer = await client.connect();
      return {
        aim: () => {
          const id = sessionId;
          if (id === undefined) throw new Error('the host has no session of the app');
          return Promise.resolve(async () => {
            await peer.call('stop', { sessionId: id });
          });
        },
        leave: () => Promise.resolve(client.dispose()),
      };
    },
  };
}

/** `cheatcode-dev stop`, typed. */
export function byCommandLine(options: OursOptions): Way {
  return {
    name: 'cheatcode-dev stop',
    async start(app): Promise<Started> {
      await ensure(app, options);
      return {
        aim: () => Promise.resolve(() => cheatcodeDev(app, options, 'stop')),
        leave: () => Promise.resolve(),
      };
    },
  };
}

/** Starts the app's server by the command line, in the state folder of `options`. */
export async function ensure(app: App, options: OursOptions): Promise<void> {
  const declared = {
    name: 'web',
    type: 'web',
    path: 'cheatcode-app',
    command: 'pnpm run dev',
    port: app.port,
    health: '/',
    env: app.env,
  };
  await writeFile(path.join(app.workspace, 'cheatcode.json'), JSON.stringify({ apps: [declared] }));
  await cheatcodeDev(app, options, 'ensure');
}

async function cheatcodeDev({ workspace }: App, { distFolder, env }: OursOptions, command: string): Promise<void> {
  const program = path.join(distFolder, 'cli.js');
  const { exitCode, stderr } = await runCommand(process.execPath, [program, command], {
    cwd: workspace,
    env,
    timeoutMs: 120_000,
  });
  // A stop that could not end everything says so by its exit code; what is left is counted from outside.
  if (exitCode === undefined || (exitCode !== 0 && command !== 'stop')) throw new Error(stderr);
}
