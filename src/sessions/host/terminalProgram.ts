/**
 * What all kinds of terminals ask of the program before they start it.
 * Invariant: a program or folder that can't be used is an exception at once; node-pty and `script` would start anyway
 * and let a child print the error and exit with 1.
 */
import { accessSync, constants, statSync } from 'node:fs';
import type { TerminalOptions } from './terminal';

/** Typed and not yet read by the program; a terminal drops what comes on top, too. */
export const MAX_INPUT_BYTES = 1024 * 1024;

/** Throws (ENOENT, EACCES, ENOTDIR) unless the program can be run in its folder. */
export function assertStartable({ file, cwd }: TerminalOptions): void {
  accessSync(file, constants.X_OK);
  if (statSync(file).isDirectory()) throw systemError('EACCES', `${file} is a folder`);
  if (!statSync(cwd).isDirectory()) throw systemError('ENOTDIR', `${cwd} is no folder`);
  accessSync(cwd, constants.X_OK);
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
