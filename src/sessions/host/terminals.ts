/**
 * Chooses how terminals are made on this machine.
 * Invariant: the one that is chosen has just run a program and told its exit, and pipes are always left: a machine
 * without terminals still gets its servers.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { errorMessage, type Logger } from '../log';
import { loadEditorNodePty, loadShippedNodePty, nodePtyFactory, type NodePtyModule } from './nodePtyTerminal';
import { pipeFactory } from './pipeTerminal';
import { findScriptTools, scriptFactory } from './scriptTerminal';
import type { TerminalExit, TerminalFactory, TerminalOptions } from './terminal';

export interface TerminalChoice {
  /** Folder beside the host that holds our node-pty's binary; undefined or empty of it: go by node_modules. */
  readonly nativeFolder: string | undefined;
  /** The editor's own node-pty, `<appRoot>/node_modules/node-pty`, if a client told. */
  readonly editorNodePty: string | undefined;
  readonly platform: NodeJS.Platform;
  readonly log: Logger;
}

/** How long the trial may take before the next kind is tried; a virus scanner has its own ideas of a first start. */
const trialLimitMs = process.platform === 'win32' ? 15_000 : 3_000;

/** The first kind that works: our node-pty (by `loadShipped`), the editor's, util-linux's `script` (Linux), pipes. */
export async function chooseTerminalFactory(
  choice: TerminalChoice,
  loadShipped: () => Promise<NodePtyModule> = loadShippedNodePty,
): Promise<TerminalFactory> {
  const { log } = choice;
  for (const candidate of candidates(choice, loadShipped)) {
    try {
      const factory = await candidate.make();
      await tryOut(factory, choice.platform);
      log.info('terminals are made', { by: factory.kind, from: candidate.name });
      return factory;
    } catch (error) {
      log.info('this kind of terminal does not work here', { kind: candidate.name, reason: errorMessage(error) });
    }
  }
  log.warn('no terminals on this machine, servers run on pipes');
  return pipeFactory(log);
}

interface Candidate {
  readonly name: string;
  make(): Promise<TerminalFactory>;
}

function candidates(
  { nativeFolder, editorNodePty, platform, log }: TerminalChoice,
  loadShipped: () => Promise<NodePtyModule>,
): Candidate[] {
  const list: Candidate[] = [];
  const byModule = (module: NodePtyModule) => nodePtyFactory(() => module);
  list.push({
    name: nativeFolder !== undefined && existsSync(path.join(nativeFolder, 'pty.node')) ? nativeFolder : 'node_modules',
    make: async () => byModule(await loadShipped()),
  });
  if (editorNodePty !== undefined) {
    list.push({ name: editorNodePty, make: () => Promise.resolve(byModule(loadEditorNodePty(editorNodePty))) });
  }
  if (platform === 'linux')
    list.push({ name: 'script', make: async () => scriptFactory(log, await findScriptTools(trialEnvironment())) });
  return list;
}

function trialProgram(platform: NodeJS.Platform): Pick<TerminalOptions, 'file' | 'args' | 'cwd' | 'env'> {
  if (platform !== 'win32') return { file: '/bin/sh', args: ['-c', 'exit 7'], cwd: '/', env: trialEnvironment() };
  const { SystemRoot = 'C:\\Windows', ComSpec = `${SystemRoot}\\System32\\cmd.exe` } = process.env;
  return { file: ComSpec, args: ['/d', '/c', 'exit 7'], cwd: SystemRoot, env: { SystemRoot } };
}

function trialEnvironment() {
  return { PATH: process.env['PATH'] ?? '/bin:/usr/bin' };
}

/** A binary may load and still be of no use: no devpts in the sandbox, BusyBox's idea of `script`, another libc. */
async function tryOut(factory: TerminalFactory, platform: NodeJS.Platform): Promise<void> {
  const trial = factory.spawn({ ...trialProgram(platform), cols: 80, rows: 24 });
  let timer: NodeJS.Timeout | undefined;
  const exit = await new Promise<TerminalExit>((resolve, reject) => {
    trial.onExit(resolve);
    timer = setTimeout(() => reject(new Error('its trial did not end')), trialLimitMs);
  }).finally(() => clearTimeout(timer));
  if (exit.exitCode !== 7) throw new Error(`its trial ended with ${exit.exitCode ?? `signal ${exit.signal}`}`);
}
