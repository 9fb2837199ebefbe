import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { failpoint } from '../failpoints';
import { errorMessage, type Logger } from '../log';
import type { LaunchSpec } from '../protocol';
import { writePrivately } from './privateFile';

/**
 * What the host writes to disk about a session so that a successor can clean up: a hint that is always verified again.
 * Holds no environment.
 */
export interface SessionRecord {
  readonly id: string;
  /** Without the app's `env`. */
  readonly spec: LaunchSpec;
  readonly desired: 'running' | 'stopped';
  /** The stop was a person's: no machine undoes it. */
  readonly isSticky: boolean;
  /** The server's process while there is one. */
  readonly process?: { readonly pid: number; readonly startTicks: string; readonly cookie: string };
}

const FORMAT_VERSION = 1;
/** Unreadable records that are kept for whoever wants to know what went wrong; older ones go. */
const MAX_KEPT_ASIDE = 5;

export interface SessionRecords {
  /** Throws when the disk does not take it; the old record is then intact. */
  write(record: SessionRecord): void;
  remove(id: string): void;
  /** All that can be read; what can't is moved aside and counts as absent. */
  readAll(): readonly SessionRecord[];
}

/** Records as files of a folder, mode 0600, written aside and renamed: a full disk leaves the old one whole (FACTS). */
export function fileRecords(folder: string, log: Logger): SessionRecords {
  const fileOf = (id: string) => path.join(folder, `${id}.json`);
  return {
    write(record) {
      failpoint('record.write');
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writePrivately(
        fileOf(record.id),
        JSON.stringify({ version: FORMAT_VERSION, ...record, spec: { ...record.spec, env: {} } }),
      );
    },
    remove(id) {
      rmSync(fileOf(id), { force: true });
    },
    readAll() {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const records: SessionRecord[] = [];
      for (const name of readdirSync(folder)) {
        const file = path.join(folder, name);
        if (name.endsWith('.tmp')) rmSync(file, { force: true, recursive: true }); // A write that its host did not live to finish.
        if (!name.endsWith('.json')) continue;
        try {
          records.push(parseRecord(readFileSync(file, 'utf8')));
        } catch (error) {
          log.warn('session record unreadable, moved aside', { file, error: errorMessage(error) });
          moveAside(file, log);
        }
      }
      keepNewestAside(folder);
      return records;
    },
  };
}

function moveAside(file: string, log: Logger): void {
  try {
    rmSync(`${file}.bad`, { force: true, recursive: true }); // A folder that somebody made there would be in the way.
    renameSync(file, `${file}.bad`);
  } catch (error) {
    // It counts as absent all the same, and must not keep the host from serving.
    log.warn('session record not moved aside', { file, error: errorMessage(error) });
  }
}

function keepNewestAside(folder: string): void {
  const aside = readdirSync(folder)
    .filter((name) => name.endsWith('.bad'))
    .map((name) => path.join(folder, name))
    .map((file) => ({ file, atMs: statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? 0 }))
    .sort((a, b) => b.atMs - a.atMs);
  for (const { file } of aside.slice(MAX_KEPT_ASIDE)) rmSync(file, { force: true, recursive: true });
}

/** Throws when the text is no record of this version. */
export function parseRecord(text: string): SessionRecord {
  const value = JSON.parse(text) as Partial<SessionRecord> & { version?: unknown };
  if (value.version !== FORMAT_VERSION) throw new Error(`unknown version ${String(value.version)}`);
  const { id, spec, desired, process: server } = value;
  const isSpec =
    typeof spec?.appKey === 'string' &&
    typeof spec.folder === 'string' &&
    Number.isInteger(spec.port) &&
    Array.isArray(spec.command);
  const isServer =
    server === undefined ||
    (Number.isInteger(server.pid) &&
      server.pid > 1 &&
      typeof server.startTicks === 'string' &&
      typeof server.cookie === 'string');
  if (
    typeof id !== 'string' ||
    !/^[\w.-]+$/.test(id) ||
    !isSpec ||
    !isServer ||
    (desired !== 'running' && desired !== 'stopped')
  )
    throw new Error('fields are missing or of the wrong kind');
  return { id, spec, desired, isSticky: value.isSticky === true, ...(server ? { process: server } : {}) };
}
