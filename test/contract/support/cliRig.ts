import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AppReport, JsonDocument } from '../../../src/sessions/appReport';
import { runCommand } from '../../../src/sessions/runCommand';
import { HostRig, repoRoot } from './hostRig';

/** The command line as it is built for tests. */
export const cliProgram = path.join(repoRoot, 'out/testHost/cli.js');

/** A workspace of one stub app (`shop`), and the command line in it. `dispose` ends what was started, by its own pid. */
export class CliRig {
  readonly #children: ChildProcess[] = [];

  private constructor(
    readonly host: HostRig,
    readonly workspace: string,
  ) {}

  static async create(): Promise<CliRig> {
    const host = await HostRig.create();
    const workspace = path.join(path.dirname(host.stateFolder), 'ws');
    const app = path.join(workspace, 'cheatcode-app');
    mkdirSync(workspace);
    cpSync(host.appFolder, app, { recursive: true });
    mkdirSync(path.join(app, 'node_modules')); // Nothing to install.
    const rig = new CliRig(host, workspace);
    rig.configure({});
    return rig;
  }

  /** What the stub is to do, by its environment. */
  configure(env: Readonly<Record<string, string>>): void {
    const app = {
      name: 'shop',
      type: 'web',
      path: 'cheatcode-app',
      command: 'node server.mjs',
      port: this.host.port,
      health: '/',
      // Its processes are known by it.
      env: { STUB_RIG: this.host.stateFolder, ...env },
    };
    writeFileSync(path.join(this.workspace, 'cheatcode.json'), JSON.stringify({ apps: [app] }));
  }

  get environment(): Record<string, string> {
    return { ...process.env, TERM_PROGRAM: 'vscode', NO_COLOR: '' };
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return runCommand(process.execPath, [cliProgram, ...args], {
      cwd: this.workspace,
      env: { ...this.environment, ...env },
      timeoutMs: 60_000,
    });
  }

  /** With `--json`; fails where stdout is none. */
  async json(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { stdout, exitCode, stderr } = await this.run([...args, '--json'], env);
    try {
      const document = JSON.parse(stdout) as JsonDocument;
      const [app] = document.apps ?? [];
      return { exitCode, stderr, document, app: app as AppReport };
    } catch {
      throw new Error(`no JSON: ${stdout}\n${stderr}`);
    }
  }

  /** A program that goes on (by default the command line), with what it has printed so far. */
  start(args: readonly string[], file = process.execPath) {
    const all = file === process.execPath ? [cliProgram, ...args] : args;
    const child = spawn(file, all, { cwd: this.workspace, env: this.environment, stdio: 'pipe' });
    this.#children.push(child);
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
    return { child, said, exit: once(child, 'exit') as Promise<[number | null, string | null]> };
  }

  /** A folder that holds `cheatcode-dev`, for a PATH. */
  commandFolder(): string {
    const folder = path.join(path.dirname(this.host.stateFolder), 'bin');
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'cheatcode-dev');
    writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${cliProgram}' "$@"\n`);
    chmodSync(file, 0o755);
    return folder;
  }

  async dispose(): Promise<void> {
    for (const child of this.#children.splice(0)) child.kill('SIGKILL');
    await this.host.dispose();
  }
}
