import path from 'node:path';

/** What a program is found by where nobody set a PATH: the one of Debian's login. */
const PLAIN_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The environment with a PATH, which a container's first process or a service may lack: that of this very Node, so that the
 * session host runs by the same one, and the usual folders.
 */
export function withPath(
  env: Readonly<Record<string, string | undefined>>,
  nodePath: string,
): Readonly<Record<string, string | undefined>> {
  const hasPath = Object.entries(env).some(([name, value]) => name.toUpperCase() === 'PATH' && value);
  return hasPath ? env : { ...env, PATH: `${path.dirname(nodePath)}:${PLAIN_PATH}` };
}

/** Files by which containers are known: Docker's and Podman's. */
const CONTAINER_FILES = ['/.dockerenv', '/run/.containerenv'];

/** Variables of places that are nobody's own desktop: code-server, a remote connection, a cluster, WSL. */
const REMOTE_NAMES = [
  'CODESPACES',
  'REMOTE_CONTAINERS',
  'KUBERNETES_SERVICE_HOST',
  'VSCODE_PROXY_URI',
  'SSH_CONNECTION',
  'WSL_DISTRO_NAME',
  'CHEATCODE_SANDBOX_ID',
];

/**
 * Whether this is a sandbox, for a client that no editor tells: true unless it looks like somebody's desktop. Decides whether
 * a mobile app gets a tunnel.
 */
export function looksLikeSandbox(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  exists: (file: string) => boolean,
): boolean {
  if (REMOTE_NAMES.some((name) => env[name])) return true;
  if (Object.keys(env).some((name) => name.startsWith('CODE_SERVER_'))) return true;
  if (platform === 'win32' || platform === 'darwin') return false;
  return CONTAINER_FILES.some(exists) || !hasDisplay(env, platform);
}

/** A person sits before it, with windows. */
export function hasDisplay(env: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform): boolean {
  if (platform === 'win32' || platform === 'darwin') return !env['SSH_CONNECTION'];
  return Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
}
