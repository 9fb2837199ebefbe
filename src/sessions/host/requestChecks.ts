import { isAppType } from '../appTypes';
import type {
  AttachParams,
  ForeignTarget,
  HelloParams,
  HostSettings,
  LaunchSpec,
  NamedProcess,
  RedisSettings,
  Requests,
  StartParams,
} from '../protocol';

/**
 * Checks what arrives on the socket before anything acts on it: every function returns the value typed, or throws
 * `InvalidParamsError` naming the field. The peer has the token, but may be of another version or broken.
 */
export class InvalidParamsError extends Error {
  constructor(field: string) {
    super(`${field} is missing or of the wrong kind`);
    this.name = 'InvalidParamsError';
  }
}

type Fields = Readonly<Record<string, unknown>>;

export function checkHello(value: unknown): HelloParams {
  const p = fields(value, 'params');
  return {
    protocol: integer(p, 'protocol', 0, 1_000_000),
    token: text(p, 'token'),
    version: text(p, 'version'),
    kind: p['kind'] === 'cli' ? 'cli' : 'window',
    pid: integer(p, 'pid', 0, 2 ** 31),
    apps: texts(p, 'apps'),
  };
}

export function checkApps(value: unknown): readonly string[] {
  return texts(fields(value, 'params'), 'apps');
}

export function checkSettings(value: unknown): HostSettings {
  const p = fields(value, 'params');
  if (p['lastClient'] !== 'keep' && p['lastClient'] !== 'stop') throw new InvalidParamsError('lastClient');
  return {
    healthIntervalMs: integer(p, 'healthIntervalMs', 100, 24 * 3600 * 1000),
    lastClient: p['lastClient'],
    graceMs: integer(p, 'graceMs', 0, 24 * 3600 * 1000),
    ...optional(p, 'memoryLimitMb', () => integer(p, 'memoryLimitMb', 1, 1024 * 1024)),
    ...optional(p, 'restartUnresponsiveMs', () => integer(p, 'restartUnresponsiveMs', 1, 24 * 3600 * 1000)),
  };
}

/** Undefined: Redis is not used any more. What the address means is looked at where it is used. */
export function checkRedis(value: unknown): RedisSettings | undefined {
  const p = fields(value, 'params');
  if (p['redis'] === null) return undefined;
  const redis = fields(p['redis'], 'redis');
  return {
    url: text(redis, 'url'),
    required: flag(redis, 'required'),
    ...optional(redis, 'sandboxId', () => text(redis, 'sandboxId')),
    ...optional(redis, 'ca', () => text(redis, 'ca')),
  };
}

export function checkStart(value: unknown): StartParams {
  const p = fields(value, 'params');
  const origin = p['origin'];
  if (origin !== 'user' && origin !== 'auto' && origin !== 'restore' && origin !== 'watch')
    throw new InvalidParamsError('origin');
  return {
    spec: checkSpec(p['spec']),
    env: textMap(p, 'env'),
    origin,
    ...optional(p, 'choice', () => {
      const choice = fields(p['choice'], 'choice');
      return {
        ...optional(choice, 'useNextPort', () => flag(choice, 'useNextPort')),
        ...optional(choice, 'install', () => flag(choice, 'install')),
        ...optional(choice, 'startHere', () => flag(choice, 'startHere')),
      };
    }),
    ...optional(p, 'confirmed', () => processes(p, 'confirmed')),
  };
}

/** The processes that a person agreed to end; undefined where nobody was asked. */
export function checkConfirmed(value: unknown): readonly NamedProcess[] | undefined {
  const p = fields(value, 'params');
  return p['confirmed'] === undefined ? undefined : processes(p, 'confirmed');
}

export function checkTarget(value: unknown): ForeignTarget {
  const target = fields(value, 'params')['target'];
  if (target !== 'adopted' && target !== 'portHolder' && target !== 'secondServer')
    throw new InvalidParamsError('target');
  return target;
}

/** As many as a gateway takes at once, and as long as a name with its port may be (RFC 1035: 253 for the name). */
const MAX_HOSTS = 50;
const MAX_HOST_CHARS = 253;

export function checkGateway(value: unknown): Requests['gateway'][0] {
  const p = fields(value, 'params');
  const hosts = texts(p, 'hosts');
  if (hosts.length > MAX_HOSTS || !hosts.every(isHost)) throw new InvalidParamsError('hosts');
  return { sessionId: text(p, 'sessionId'), hosts };
}

/** `example.com`, `example.com:8443`, `[fe80::1]:8080`: what a Host header holds, and no more. */
function isHost(text: string): boolean {
  return text.length <= MAX_HOST_CHARS && /^(?:[a-z0-9_](?:[a-z0-9_.-]*)|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(text);
}

/** A cause is kept for a while, so it must be short. */
const MAX_CAUSE_CHARS = 2000;

export function checkCause(value: unknown): string {
  const cause = text(fields(value, 'params'), 'cause');
  if (cause.length > MAX_CAUSE_CHARS) throw new InvalidParamsError('cause');
  return cause;
}

export function checkNotice(value: unknown): Requests['notice'][0] {
  return { appKey: text(fields(value, 'params'), 'appKey'), cause: checkCause(value) };
}

export function checkFlag(value: unknown, field: string): boolean {
  return flag(fields(value, 'params'), field);
}

export function checkSession(value: unknown): string {
  return text(fields(value, 'params'), 'sessionId');
}

export function checkSize(value: unknown): AttachParams {
  const p = fields(value, 'params');
  return { sessionId: text(p, 'sessionId'), cols: integer(p, 'cols', 0, 2000), rows: integer(p, 'rows', 0, 2000) };
}

export function checkCount(value: unknown, field: string, max: number): number {
  return integer(fields(value, 'params'), field, 0, max);
}

export function checkText(value: unknown, field: string): string {
  const found = fields(value, 'params')[field];
  if (typeof found !== 'string') throw new InvalidParamsError(field);
  return found;
}

function checkSpec(value: unknown): LaunchSpec {
  const p = fields(value, 'spec');
  const type = p['type'];
  if (!isAppType(type)) throw new InvalidParamsError('spec.type');
  const probe = fields(p['probe'], 'spec.probe');
  if (
    probe['kind'] !== 'tcp' &&
    !(
      probe['kind'] === 'http' &&
      (probe['method'] === 'GET' || probe['method'] === 'HEAD') &&
      typeof probe['path'] === 'string' &&
      probe['path'].startsWith('/')
    )
  )
    throw new InvalidParamsError('spec.probe');
  const fallback = p['fallback'] === undefined ? undefined : fields(p['fallback'], 'spec.fallback');
  const tool = p['requiredTool'] === undefined ? undefined : fields(p['requiredTool'], 'spec.requiredTool');
  return {
    appKey: text(p, 'appKey'),
    appName: text(p, 'appName'),
    type,
    folder: text(p, 'folder'),
    ...optional(p, 'isFirstOfType', () => flag(p, 'isFirstOfType')),
    command: argv(p, 'command'),
    ...(fallback ? { fallback: { command: argv(fallback, 'command'), reason: 'tunnelUnavailable' as const } } : {}),
    ...(p['install'] === undefined ? {} : { install: argv(p, 'install') }),
    ...(tool
      ? {
          requiredTool: {
            packageName: text(tool, 'packageName'),
            minVersion: text(tool, 'minVersion'),
            install: argv(tool, 'install'),
          },
        }
      : {}),
    port: integer(p, 'port', 1, 65535),
    probe:
      probe['kind'] === 'tcp'
        ? { kind: 'tcp' }
        : { kind: 'http', method: probe['method'] as 'GET' | 'HEAD', path: text(probe, 'path') },
    env: textMap(p, 'env'),
    ...optional(p, 'managed', () => oneOf(p, 'managed', ['external'] as const)),
    ...optional(p, 'onPortTaken', () => oneOf(p, 'onPortTaken', ['wait', 'useNext'] as const)),
    ...optional(p, 'onChange', () => oneOf(p, 'onChange', ['offer', 'restart'] as const)),
    ...optional(p, 'restartFiles', () => texts(p, 'restartFiles')),
  };
}

/** The field under its name where it is there, nothing where it is not. */
function optional<N extends string, T>(p: Fields, name: N, check: () => T): Readonly<Partial<Record<N, T>>> {
  return (p[name] === undefined ? {} : { [name]: check() }) as Readonly<Partial<Record<N, T>>>;
}

function processes(p: Fields, name: string): readonly NamedProcess[] {
  const value = p[name];
  if (!Array.isArray(value)) throw new InvalidParamsError(name);
  return value.map((item: unknown) => {
    const one = fields(item, name);
    return {
      pid: integer(one, 'pid', 2, 2 ** 31),
      startTicks: text(one, 'startTicks'),
      command: typeof one['command'] === 'string' ? one['command'] : '',
    };
  });
}

function flag(p: Fields, name: string): boolean {
  const value = p[name];
  if (typeof value !== 'boolean') throw new InvalidParamsError(name);
  return value;
}

function oneOf<T extends string>(p: Fields, name: string, values: readonly T[]): T {
  const found = values.find((value) => value === p[name]);
  if (found === undefined) throw new InvalidParamsError(name);
  return found;
}

function fields(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new InvalidParamsError(name);
  return value as Fields;
}

function text(p: Fields, name: string): string {
  const value = p[name];
  if (typeof value !== 'string' || value === '') throw new InvalidParamsError(name);
  return value;
}

function integer(p: Fields, name: string, min: number, max: number): number {
  const value = p[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw new InvalidParamsError(name);
  return value;
}

function texts(p: Fields, name: string): readonly string[] {
  const value = p[name];
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string'))
    throw new InvalidParamsError(name);
  return value;
}

function argv(p: Fields, name: string): readonly string[] {
  const value = texts(p, name);
  if (value.length === 0 || value[0] === '') throw new InvalidParamsError(name);
  return value;
}

function textMap(p: Fields, name: string): Readonly<Record<string, string>> {
  const value = fields(p[name], name);
  if (!Object.values(value).every((item) => typeof item === 'string')) throw new InvalidParamsError(name);
  return value as Readonly<Record<string, string>>;
}
