import { spawn as spawnInTerminal } from '@lydell/node-pty';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Tmux } from '../connect/tmux';
import type { App } from './app';
import type { Family } from './family';
import type { Started, Way } from './way';

type Env = Readonly<Record<string, string>>;

const SIZE = { cols: 120, rows: 30 };

/** `pnpm run dev` typed into a shell in a terminal, and Ctrl+C. */
export function byCtrlC(env: Env): Way {
  return {
    name: 'Ctrl+C',
    start: (app) => {
      const shell = spawnInTerminal('bash', ['-i'], { ...SIZE, cwd: app.workspace, env: { ...env } });
      const exited = new Promise<void>((resolve) => shell.onExit(() => resolve()));
      shell.write(`${app.typed}\r`);
      return Promise.resolve({
        aim: () => Promise.resolve(() => Promise.resolve(shell.write('\x03'))),
        leave: async () => {
          shell.kill('SIGKILL');
          await exited;
        },
      });
    },
  };
}

/** A script or an agent starts `pnpm run dev` and ends the process that it started. */
export function byKill(env: Env): Way {
  return {
    name: 'kill of pnpm',
    start: (app) => Promise.resolve(script(app, env, () => (child) => child.kill('SIGTERM'))),
  };
}

/** No way that anybody would go: all processes are killed at one moment. */
export function bySigkill(env: Env): Way {
  return {
    name: 'SIGKILL to all',
    start: (app) =>
      Promise.resolve(
        script(app, env, (family) => () => {
          for (const { pid } of family.members) process.kill(pid, 'SIGKILL');
        }),
      ),
  };
}

function script(
  app: App,
  env: Env,
  ending: (family: Family) => (child: { kill(signal: NodeJS.Signals): boolean }) => unknown,
): Started {
  const child = spawn('pnpm', ['run', 'dev'], {
    cwd: app.folder,
    env: { ...env, ...app.env },
    stdio: 'ignore',
    detached: true,
  });
  const exited = once(child, 'exit');
  return {
    aim: (family) => {
      const end = ending(family);
      return Promise.resolve(() => Promise.resolve(end(child)).then(() => undefined));
    },
    leave: () => exited.then(() => undefined),
  };
}

/** `pnpm run dev` typed into a shell in tmux, and the session killed. `dir` is to be short. */
export function byTmux(dir: string, env: Env): Way {
  return {
    name: 'tmux kill-session',
    async start(app) {
      const tmux = new Tmux(dir, env);
      await tmux.run('new-session', '-d', '-s', 'bench', '-x', '120', '-y', '30', 'bash', '-i');
      await tmux.run('send-keys', '-t', 'bench', app.typed, 'Enter');
      return {
        aim: () => Promise.resolve(() => tmux.run('kill-session', '-t', 'bench').then(() => undefined)),
        leave: () => tmux.end(),
      };
    },
  };
}
