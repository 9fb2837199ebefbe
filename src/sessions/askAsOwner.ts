import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Replacing } from './connectOrLaunch';
import { DevServerError, type DevServerErrorCode } from './errors';
import type { User, UserIds } from './folderOwner';
import type { HostArguments } from './hostArguments';
import type { LogFacts, Logger } from './log';

/** The start lock (15 s), an older host that ends its servers (20 s) and one that has to answer (10 s), and some time. */
const LIMIT_MS = 60_000;

/** What `asOwner.js` is told. */
export interface OwnerRequest {
  readonly owner: UserIds;
  /** Undefined: only where things are. */
  readonly launch?: OwnerLaunch;
}

/** A host to be found or spawned. */
export interface OwnerLaunch extends Omit<HostArguments, 'stateFolder' | 'scopeId'> {
  readonly distFolder: string;
  readonly nodePath?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly replacing?: Replacing;
  /** How long a host may take to answer, where that is not the usual. */
  readonly lastChanceMs?: number;
}

export type OwnerAnswer =
  /** Where the owner's host is met, and for a launch: one answers there. */
  | { readonly kind: 'done'; readonly stateFolder: string; readonly scopeId: string; readonly user: User }
  /** This root may not become that user. */
  | { readonly kind: 'cannot'; readonly detail: string }
  | { readonly kind: 'refused'; readonly code: DevServerErrorCode; readonly facts: DevServerError['facts'] }
  | { readonly kind: 'failed'; readonly detail: string };

export type OwnerLine =
  | { readonly level: keyof Logger; readonly message: string; readonly facts?: LogFacts }
  | { readonly answer: OwnerAnswer };

/**
 * Asks a process that becomes the folder's owner, see `asOwner.ts`. Its log lines go to `log`. Undefined: this root may
 * not become that user. Throws what a launch throws, and an `Error` if the process fails. It is gone when this returns.
 */
export async function askAsOwner(
  distFolder: string,
  request: OwnerRequest,
  log: Logger,
): Promise<Extract<OwnerAnswer, { kind: 'done' }> | undefined> {
  const child = spawn(process.execPath, [path.join(distFolder, 'asOwner.js')], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const { uid } = request.owner;
  let failure = 'it ended without an answer';
  let answer: OwnerAnswer | undefined;
  child.stdin.on('error', () => undefined); // It ended early; how, is told below.
  child.stdin.end(JSON.stringify(request));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (failure = text.trim() || failure));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseLine(text);
    if (line === undefined) failure = text;
    else if ('answer' in line) answer = line.answer;
    else log[line.level](line.message, { ...line.facts, asUser: uid });
  });
  await new Promise<void>((resolve) => {
    child.once('error', (error) => (failure = error.message));
    child.once('close', () => resolve()); // Follows a failed start, too.
  });
  switch (answer?.kind) {
    case 'done':
      return answer;
    case 'cannot':
      log.warn('the owner of the folder can not be acted for', { uid, error: answer.detail });
      return undefined;
    case 'refused':
      throw new DevServerError(answer.code, answer.facts);
    default:
      throw new Error(`as user ${uid}: ${answer?.detail ?? failure}`);
  }
}

/** Undefined: some other program's word, such as a preloaded module's. */
function parseLine(text: string): OwnerLine | undefined {
  try {
    const line = JSON.parse(text) as OwnerLine;
    return 'answer' in line || ['trace', 'debug', 'info', 'warn', 'error'].includes(line.level) ? line : undefined;
  } catch {
    return undefined;
  }
}
