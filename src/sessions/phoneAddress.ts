/**
 * Where a phone finds a mobile app: what its Metro says of itself, as the deep link that Expo's own terminal shows.
 * Invariant: an answer comes within a few seconds and in bounded memory, whoever listens on the port; nothing is guessed
 * that Metro does not say.
 */
import * as l10n from '@vscode/l10n';
import http from 'node:http';
import os from 'node:os';
import { readPackageJson } from './packageJson';

/**
 * How a phone gets to Metro. `tunnel`: from any network, through Expo's relay. `proxy`: through the one that
 * `EXPO_PACKAGER_PROXY_URL` names. `lan`: by an address or name in the machine's own network. `localhost`: not at all.
 */
export type PhoneConnection = 'tunnel' | 'proxy' | 'lan' | 'localhost';

export interface PhoneAddress {
  /** Deep link for the QR code: of Expo Go (`exp:`, `exps:`), or of the app's own development build (`exp+name:`). */
  readonly url: string;
  readonly kind: PhoneConnection;
}

type Env = Readonly<Record<string, string | undefined>>;

/** For all questions together, in milliseconds. */
const TIMEOUT_MS = 3000;
/** A manifest is a few kB; it carries the app's whole configuration, so that it has no size by nature. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Asks the Metro on this port of this machine. `env` is the environment by which the server was started, as far as it is
 * known: its `EXPO_PACKAGER_PROXY_URL` tells a proxy from a tunnel. Undefined when nobody answers in `timeoutMs` milliseconds,
 * or not as an Expo dev server does. Throws for a number that is no port, and for nothing else.
 * Metro answers before its tunnel is there, and names the local network until then: whoever expects a tunnel asks again.
 */
export async function phoneAddress(
  port: number,
  env: Env = process.env,
  timeoutMs = TIMEOUT_MS,
): Promise<PhoneAddress | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  const endpoint = toEndpoint((await linkedHost(port, signal)) ?? (await manifestHost(port, signal)));
  if (endpoint === undefined) return undefined;
  const kind = connectionOf(endpoint, env);
  return { url: (await devBuildLink(port, signal)) ?? expoGoLink(endpoint, kind, env), kind };
}

/** Which connection an address is and why, and what helps where a phone can't use it; a few sentences for people. */
export function phoneSentence({ url, kind }: PhoneAddress): string {
  const said = connectionSentence(kind);
  if (/^exps?:/.test(url)) return said;
  return `${said} ${l10n.t("It opens the app's own development build, not Expo Go.")}`;
}

function connectionSentence(kind: PhoneConnection): string {
  switch (kind) {
    case 'tunnel':
      return l10n.t(
        'Through a tunnel, which a phone in any network can open. If it stops loading, restart the app: that makes a new tunnel.',
      );
    case 'proxy':
      return l10n.t(
        'Through the proxy that EXPO_PACKAGER_PROXY_URL names, which Expo takes before anything else. A phone that reaches this proxy can open it.',
      );
    case 'lan':
      return l10n.t(
        'Over the local network, because Metro has no tunnel: the phone must be in the same network as this machine. To a sandbox no phone comes that way: set `cheatcode.mobile.connection` to `tunnel`.',
      );
    case 'localhost':
      return l10n.t(
        'No phone can open this: the address is for this machine only, because Metro was told so or found no network. Set `cheatcode.mobile.connection` to `tunnel`.',
      );
  }
}

interface Endpoint {
  /** Without brackets where it is IPv6. */
  readonly host: string;
  /** Undefined when the address names none. */
  readonly port: number | undefined;
  /** As Metro wrote it. */
  readonly hostUri: string;
}

/** Takes `host:port` apart; undefined for what is none. */
function toEndpoint(hostUri: string | undefined): Endpoint | undefined {
  const match = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(hostUri ?? '');
  if (match?.[1] === undefined) return undefined;
  const host = match[1].replace(/^\[|\]$/g, '').toLowerCase();
  return { host, port: match[2] === undefined ? undefined : Number(match[2]), hostUri: match[0] };
}

function connectionOf({ host, port }: Endpoint, env: Env): PhoneConnection {
  const proxy = proxyOf(env);
  if (proxy?.host === host && proxy.port === (port ?? (proxy.isSecure ? 443 : 80))) return 'proxy';
  if (host === 'localhost' || host === '::1' || host === '0.0.0.0' || host.startsWith('127.')) return 'localhost';
  // A tunnel's address has its scheme's own port, which Expo does not write; one in the local network has Metro's.
  const isSchemesPort = port === undefined || port === 80 || port === 443;
  return isSchemesPort && !isOwnHost(host) ? 'tunnel' : 'lan';
}

interface Proxy {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

function proxyOf(env: Env): Proxy | undefined {
  const url = env['EXPO_PACKAGER_PROXY_URL'];
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { hostname, port, protocol } = new URL(url);
  const isSecure = protocol === 'https:';
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (isSecure ? 443 : 80)), isSecure };
}

function isOwnHost(host: string): boolean {
  const name = os.hostname().toLowerCase();
  return (
    host === name ||
    host === `${name}.local` ||
    Object.values(os.networkInterfaces()).some((list) => list?.some(({ address }) => address.toLowerCase() === host))
  );
}

/** What Expo Go opens. */
function expoGoLink({ port, hostUri }: Endpoint, kind: PhoneConnection, env: Env): string {
  const isSecure = port === 443 || (kind === 'proxy' && proxyOf(env)?.isSecure === true);
  // Expo Go speaks https to `exps:` alone. Expo's terminal writes `exp:` for a proxy under https too, which asks it by http.
  return `${isSecure ? 'exps' : 'exp'}://${hostUri}`;
}

/**
 * The host and port of the link that Expo's terminal shows, from where Expo forwards a phone that chose Expo Go (@expo/cli 0.10
 * to 58). That costs it nothing and is logged nowhere, unlike the manifest.
 */
async function linkedHost(port: number, signal: AbortSignal): Promise<string | undefined> {
  const answer = await ask(port, '/_expo/link?choice=expo&platform=ios', signal);
  return /^exps?:\/\/(.+)$/.exec(answer?.headers.location ?? '')?.[1];
}

/**
 * The same from the manifest, of an Expo that forwards nobody. For a manifest Expo evaluates the app's configuration, asks its
 * own service in the Internet, and warns in the user's terminal when it can't.
 */
async function manifestHost(port: number, signal: AbortSignal): Promise<string | undefined> {
  const headers = {
    'expo-platform': 'ios',
    accept: 'application/expo+json',
    // A manifest names the host that it is asked by, `127.0.0.1` for `localhost`; only without one that of the terminal.
    host: '',
  };
  const answer = await ask(port, '/', signal, headers);
  return answer?.status === 200 ? textAt(parsed(answer.body), ['extra', 'expoClient', 'hostUri']) : undefined;
}

/**
 * What the app's own development build opens; undefined for an app without one. Whether it has one goes by Expo's rule, a
 * dependency on `expo-dev-client` (Metro says nowhere what `--go` or `--dev-client` made of it). Expo alone knows the scheme,
 * which it reads from native projects too: it answers with the link where it forwards a phone that chose this build.
 */
async function devBuildLink(port: number, signal: AbortSignal): Promise<string | undefined> {
  const root = (await ask(port, '/status', signal))?.headers['x-react-native-project-root'];
  if (typeof root !== 'string') return undefined;
  const { packageJson } = await readPackageJson(decoded(root));
  // Asked without need, Expo would warn in the user's terminal.
  if (packageJson?.dependencies.has('expo-dev-client') !== true) return undefined;
  const link = (await ask(port, '/_expo/link?choice=expo-dev-client&platform=ios', signal))?.headers.location;
  return link !== undefined && /^[a-z][\w+.-]*:\/\/expo-development-client\//i.test(link) ? link : undefined;
}

/** A path as it was before `encodeURI`, which Expo puts it through for the header's sake. */
function decoded(uri: string): string {
  try {
    return decodeURI(uri);
  } catch {
    return uri; // A lone percent sign: it never was encoded.
  }
}

/** The value of a JSON text; undefined for what is none: a page, or the answer of a server that is none of Expo's. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // That is all there is to know of it.
  }
}

/** The text under these keys, one inside the other. */
function textAt(value: unknown, keys: readonly string[]): string | undefined {
  let inner = value;
  for (const key of keys)
    inner = typeof inner === 'object' && inner !== null ? (inner as Readonly<Record<string, unknown>>)[key] : undefined;
  return typeof inner === 'string' ? inner : undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Asks once, over a connection of its own; undefined without a whole answer of a bearable size. */
function ask(
  port: number,
  path: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const request = http.request({
      host: 'localhost',
      port,
      path,
      agent: false,
      signal,
      // No `Origin`: Metro refuses a foreign one (FACTS). Without `setHost` Node would fill in an empty host.
      setHost: false,
      headers: { host: `localhost:${port}`, ...headers },
    });
    request.on('error', () => resolve(undefined)); // Nobody there, no HTTP, or too late: there is no address to show.
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes <= MAX_BODY_BYTES) return;
        resolve(undefined);
        request.destroy();
      });
      response.on('error', () => resolve(undefined));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    request.end();
  });
}
