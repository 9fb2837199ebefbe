import * as l10n from '@vscode/l10n';
import { pathOf } from './environmentPath';
import { inBrackets } from './factWords';
import { windowsCommand, windowsSuffixes } from './windowsCommand';
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

/** Each way to listen on a port; a holder of one of them keeps a dev server from it. */
const ADDRESSES = ['127.0.0.1', '0.0.0.0', '::1', '::'];
const PROGRAM_LIMIT_MS = 3000;
const isWindows = process.platform === 'win32';

/** Whether the port can be had, found by a bind on each address. */
export async function isPortFree(port: number): Promise<boolean> {
  for (const host of ADDRESSES) if (!(await canBind(port, host))) return false;
  return true;
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    // A machine without this address family has nobody on it.
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Who listens there as `ss` or `lsof` say it; undefined where neither can tell. */
export async function portHolder(port: number): Promise<{ readonly words: string; readonly pid: number } | undefined> {
  const sockets = await outputOf('ss', ['-H', '-l', '-t', '-n', '-p', `sport = :${port}`]);
  const found = /users:\(\("([^"]*)",pid=(\d+)/.exec(sockets ?? '');
  if (found) return { words: `${found[1]}${inBrackets(l10n.t('pid {0}', Number(found[2])))}`, pid: Number(found[2]) };
  const files = await outputOf('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']);
  const pid = /^p(\d+)$/m.exec(files ?? '')?.[1];
  if (pid === undefined) return undefined;
  const command = /^c(.*)$/m.exec(files ?? '')?.[1] ?? l10n.t('a program');
  return { words: command + inBrackets(l10n.t('pid {0}', pid)), pid: Number(pid) };
}

/** Where a program lies, as a shell in that folder would find it; undefined: nowhere. */
export function findProgram(
  program: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const hasFolder = program.includes('/') || program.includes(path.sep);
  const folders = hasFolder ? [folder] : pathOf(env).split(path.delimiter).filter(Boolean);
  const names = isWindows ? windowsSuffixes(program).map((suffix) => program + suffix) : [program];
  return folders.flatMap((one) => names.map((name) => path.resolve(one, name))).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** What a program prints; undefined: it is missing, or fails. */
export function outputOf(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
  cwd = '/',
): Promise<string | undefined> {
  const found = isWindows ? (findProgram(file, cwd, env) ?? file) : file;
  const command = isWindows ? windowsCommand(found, args, process.env['ComSpec'] ?? 'cmd.exe') : { file, args };
  const verbatim = 'commandLine' in command ? command.commandLine : undefined;
  return new Promise((resolve) =>
    execFile(
      command.file,
      verbatim === undefined ? command.args : [verbatim],
      {
        env,
        cwd,
        timeout: PROGRAM_LIMIT_MS,
        killSignal: 'SIGKILL',
        windowsHide: true,
        windowsVerbatimArguments: verbatim !== undefined,
      },
      (error, stdout) => resolve(error ? undefined : stdout),
    ),
  );
}
