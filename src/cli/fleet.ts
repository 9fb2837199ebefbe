import { isAppType } from '../sessions/appTypes';
import { errorMessage } from '../sessions/log';
import type { SessionState } from '../sessions/protocol';
import { redisSettings } from '../sessions/redisSettings';
import type { ConnectRedis, RedisConnection } from '../sessions/host/redis';
import type { CommandContext } from './commandContext';
import { CommandError } from './commandError';
import type { AppReport } from '../sessions/appReport';

/** Gives what connects to Redis: a bundle of its own, read only when it is needed. */
export type LoadRedis = () => ConnectRedis;

/** How long Redis may take for one answer, in milliseconds: a person waits. */
export const REDIS_LIMIT_MS = 3000;
/** Entries that are asked for at once. */
const AT_ONCE = 100;
/** Before the sandbox and the type (DESIGN section 7). */
const ENTRY_PREFIX = 'dev_server_session:';

/** How the session's state is written in the registry. */
const STATES: readonly string[] = [
  'stopped',
  'waiting',
  'blocked',
  'installing',
  'starting',
  'running',
  'unhealthy',
  'stopping',
  'failed',
] satisfies readonly SessionState[];

/**
 * All dev servers of a sandbox, on whatever machine, as the registry has them; of all sandboxes where none is named. Rejects
 * with `CommandError`.
 */
export async function readFleet(context: CommandContext, loadRedis: LoadRedis): Promise<readonly AppReport[]> {
  const settings = redisSettings(context.settings, context.log);
  if (!settings) throw new CommandError('failed', 'noRedis', 'No Redis is configured: CHEATCODE_REDIS_URL names one.');
  const sandbox = context.parsed.sandbox ?? settings.sandboxId;
  let redis: RedisConnection | undefined;
  try {
    redis = loadRedis()(settings);
    return await readEntries(redis, sandbox);
  } catch (error) {
    throw new CommandError('failed', 'redisUnavailable', `Redis gives no answer: ${errorMessage(error)}.`);
  } finally {
    redis?.dispose();
  }
}

async function readEntries(redis: RedisConnection, sandbox: string | undefined): Promise<readonly AppReport[]> {
  const pattern = `${ENTRY_PREFIX}${sandbox === undefined ? '' : `${withoutPatterns(sandbox)}:`}*`;
  const keys = [...(await redis.keys(pattern, REDIS_LIMIT_MS))].sort();
  const reports: AppReport[] = [];
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const some = keys.slice(at, at + AT_ONCE);
    const found = await Promise.all(some.map((key) => redis.call('HGETALL', [key], REDIS_LIMIT_MS)));
    for (const [index, reply] of found.entries()) {
      const report = entryReport(sandboxOf(some[index] ?? ''), fieldsOf(reply));
      // The pattern also fits a sandbox whose name goes on after a colon.
      if (report && (sandbox === undefined || report.sandbox === sandbox)) reports.push(report);
    }
  }
  return reports;
}

/** `dev_server_session:<sandbox>:<type>`; the type has no colon. */
function sandboxOf(key: string): string {
  return key.slice(ENTRY_PREFIX.length, key.lastIndexOf(':'));
}

function withoutPatterns(text: string): string {
  return text.replace(/[\\*?[\]^]/g, (char) => `\\${char}`);
}

/** The reply to HGETALL: names and values by turns, or already an object. */
function fieldsOf(reply: unknown): Readonly<Record<string, string>> {
  if (!Array.isArray(reply)) return (reply ?? {}) as Record<string, string>;
  const fields: Record<string, string> = {};
  for (let at = 0; at + 1 < reply.length; at += 2) fields[String(reply[at])] = String(reply[at + 1]);
  return fields;
}

/** One entry of the registry; undefined for what is none, such as one of a later version without its fields. */
export function entryReport(sandbox: string, fields: Readonly<Record<string, string>>): AppReport | undefined {
  const { session, type, app, folder, url, state, machineName, machine } = fields;
  if (!session || !state || !STATES.includes(state)) return undefined;
  const where = machineName || machine || 'unknown';
  const since = Date.parse(fields['since'] ?? '');
  const name = app || session;
  return {
    session,
    app: name,
    type: isAppType(type) ? type : 'web',
    folder: folder ?? '',
    state: state as SessionState,
    reason: { code: 'runsElsewhere', facts: { machine: where } },
    sentence: `${name} is ${state} on ${where}.`,
    url: url || null,
    port: wholeNumber(fields['port']),
    pid: wholeNumber(fields['pid']),
    adopted: fields['adopted'] === '1',
    since: Number.isFinite(since) ? new Date(since).toISOString() : null,
    desired: 'running',
    machine: where,
    sandbox,
  };
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}
