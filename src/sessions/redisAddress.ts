/**
 * The address of a Redis in the forms that its clients know: `redis://` and `rediss://` (TLS) as IANA lists them, a Unix
 * socket, and lists of Sentinels or Cluster nodes (`redis-sentinel://a:26379,b:26379/0?sentinelMasterId=main`,
 * `redis-cluster://a:7000,b:7001`, in the form of the Lettuce client). Pure.
 */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** At least one, unless there is a socket. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly socket: string | undefined;
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** Name of the master that the Sentinels watch. */
  readonly master: string | undefined;
  /** Where it is, without user and password: the only part of it that may be logged or shown. */
  readonly shown: string;
}

/** Says what is wrong with an address, never what it is: it may hold a password. */
export class RedisAddressError extends Error {}

const DEFAULT_PORT = { single: 6379, sentinel: 26_379, cluster: 6379 } as const;
const FORM =
  /^(redis|rediss|unix|redis\+unix|rediss?-sentinel|rediss?-cluster):\/\/(?:([^@/?]*)@)?([^/?]*)(\/[^?]*)?(?:\?(.*))?$/i;

/** Throws `RedisAddressError`. */
export function parseRedisAddress(url: string): RedisAddress {
  const found = FORM.exec(url.trim());
  if (!found) throw new RedisAddressError('it is no address of a Redis');
  const [, scheme = '', user, hosts = '', path = '', query = ''] = found;
  const form = scheme.toLowerCase();
  const parameters = new URLSearchParams(query);
  const colon = user?.indexOf(':') ?? -1;
  const username = user === undefined ? undefined : decoded(colon < 0 ? user : user.slice(0, colon));
  const password = user === undefined || colon < 0 ? undefined : decoded(user.slice(colon + 1));
  const login = { username: username === '' ? undefined : username, password };
  if (form === 'unix' || form === 'redis+unix') {
    if (hosts !== '' || path === '') throw new RedisAddressError('a socket needs an absolute path: unix:///path');
    const socket = decoded(path);
    const database = databaseOf(parameters.get('db') ?? '');
    return { kind: 'single', nodes: [], socket, tls: false, ...login, database, master: undefined, shown: socket };
  }
  const kind = form.endsWith('-sentinel') ? 'sentinel' : form.endsWith('-cluster') ? 'cluster' : 'single';
  const nodes = hosts.split(',').map((node) => nodeOf(node, DEFAULT_PORT[kind]));
  if (kind === 'single' && nodes.length > 1)
    throw new RedisAddressError('it names several hosts, and no kind of group');
  const master = parameters.get('sentinelMasterId') ?? undefined;
  if (kind === 'sentinel' && !master) throw new RedisAddressError('it lacks sentinelMasterId');
  return {
    kind,
    nodes,
    socket: undefined,
    tls: form.startsWith('rediss'),
    ...login,
    database: databaseOf(path.slice(1) || (parameters.get('db') ?? '')),
    master,
    shown: nodes.map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)).join(','),
  };
}

function nodeOf(text: string, defaultPort: number): RedisAddress['nodes'][number] {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/i.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = found?.[3] === undefined ? defaultPort : Number(found[3]);
  if (host === undefined || port < 1 || port > 65_535) throw new RedisAddressError('a host or port of it is wrong');
  return { host: decoded(host), port };
}

function databaseOf(text: string): number {
  if (!/^\d{0,5}$/.test(text)) throw new RedisAddressError('its database is no number');
  return Number(text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisAddressError('it holds a % that begins no code');
  }
}

/** What of an address nobody but its owner should see, whether it is one or not. */
export function redisSecrets(url: string | undefined): readonly string[] {
  if (url === undefined) return [];
  try {
    const { username, password } = parseRedisAddress(url);
    return [url, username, password].filter((text) => text !== undefined);
  } catch {
    return [url];
  }
}
