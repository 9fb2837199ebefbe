import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { allProcesses, type Process } from '../../hosts/proc.mjs';
import { waitUntil } from '../../contract/support/waitUntil';

/** What an image's own user is called in {@link Image}, as in code-server's images. */
export const IMAGE_USER = 'coder';
export const IMAGE_UID = 1000;
const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** An overlay of this machine's root, which nobody outside of it sees; it ends with the pipe that the test holds. */
const MOUNT = `set -e
mount -t tmpfs -o mode=755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$1/root/tmp"
mkdir -p "$1/root/opt/base/node_modules" "$1/root/opt/base/node"
mount --bind "$2" "$1/root/opt/base/node_modules"
mount --bind "$3" "$1/root/opt/base/node"
echo ready
exec cat >/dev/null`;

/** What the image has that a fragment is added to: a user, code-server with a Node of its own, node and npm, a workspace. */
const BASE = `set -e
sed -i '/^[^:]*:[^:]*:${IMAGE_UID}:/d' /etc/passwd
echo '${IMAGE_USER}:x:${IMAGE_UID}:${IMAGE_UID}::/home/${IMAGE_USER}:/bin/sh' >>/etc/passwd
rm -rf /home/${IMAGE_USER} /workspace
mkdir -p /home/${IMAGE_USER} /workspace/app
chown ${IMAGE_UID}:${IMAGE_UID} /home/${IMAGE_USER} /workspace /workspace/app
printf '#!/bin/sh\\nexec /opt/base/node/bin/node /opt/base/node_modules/code-server/out/node/entry.js "$@"\\n' >/usr/local/bin/code-server
chmod 755 /usr/local/bin/code-server
for name in node npm; do [ -e /usr/bin/$name ] || [ -e /usr/local/bin/$name ] || ln -s "$1/$name" /usr/local/bin/$name; done`;

/** As in Alpine's images: the shell is BusyBox's, and so is every command that it has. */
const BUSYBOX = '/usr/local/busybox';
const ALPINE = `set -e
busybox=$(command -v busybox)
mkdir ${BUSYBOX}
"$busybox" --install -s ${BUSYBOX}
ln -sf "$busybox" /bin/sh`;

/** Namespaces of its own were made before it. */
const START = `set -e
root=$1 user=$2 home=$3
shift 3
mount -t proc proc "$root/proc"
ip link set lo up
if [ -n "$home" ]; then mount -t tmpfs -o uid=${IMAGE_UID},gid=${IMAGE_UID},mode=755 tmpfs "$root$home"; fi
exec chroot --userspec="$user" "$root" "$@"`;

/** What a container is to be like. */
export interface Start {
  /** Words before the image's ENTRYPOINT: an init, or nothing, where the entrypoint is process 1 itself. */
  readonly init: readonly string[];
  readonly user: 'root' | typeof IMAGE_USER;
  readonly env?: Readonly<Record<string, string>>;
  /** The user's home is an empty volume. */
  readonly isHomeVolume?: boolean;
}

interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * An image for tests without a container engine: its root is an overlay of this machine's in a mount namespace, its containers have
 * pid, network and mount namespaces of their own. Needs root. The caller closes it, and with it all containers.
 */
export class Image {
  readonly #keeper: ChildProcess;
  readonly #root: string;
  readonly #containers: Container[] = [];
  #args: Record<string, string> = {};
  #env: Record<string, string> = { PATH: SEARCH_PATH };
  #user = 'root';
  #entrypoint: readonly string[] = [];
  #command: readonly string[] = [];
  /** The shell line by which an engine looks whether a container is well. */
  healthCheck = '';

  private constructor(keeper: ChildProcess, root: string) {
    this.#keeper = keeper;
    this.#root = root;
  }

  /** The base: `folder` is made. `codeServer` is its package, beside which lies all that it needs, `node` the folder of the Node that it wants. */
  static async create(
    folder: string,
    kind: 'debian' | 'alpine',
    { codeServer, node }: { readonly codeServer: string; readonly node: string },
  ): Promise<Image> {
    mkdirSync(folder, { recursive: true });
    const keeper = spawn('unshare', ['--mount', 'sh', '-c', MOUNT, 'sh', folder, path.dirname(codeServer), node], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [first] = (await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'exit')])) as [unknown];
    if (String(first) !== 'ready\n') throw new Error(`no mounts for an image: ${String(first)}`);
    const image = new Image(keeper, path.join(folder, 'root'));
    await image.#run('root', BASE, path.dirname(process.execPath));
    if (kind === 'alpine') {
      await image.#run('root', ALPINE);
      image.#env['PATH'] = `${BUSYBOX}:${SEARCH_PATH}`;
    }
    return image;
  }

  /** Does what the steps of a Dockerfile say, with files from the folder `context`. */
  async build(dockerfile: string, context: string, args: Readonly<Record<string, string>> = {}): Promise<void> {
    for (const [, instruction = '', rest = ''] of stepsOf(dockerfile)) {
      switch (instruction) {
        case 'ARG': {
          const [name = '', value = ''] = rest.split('=');
          this.#args[name] = args[name] ?? value;
          break;
        }
        case 'ENV': {
          const [name = '', value = ''] = rest.split('=');
          this.#env[name] = this.#filledIn(value);
          break;
        }
        case 'USER':
          this.#user = this.#filledIn(rest);
          break;
        case 'COPY': {
          const [, mode, from = '', to = ''] = /^(?:--chmod=(\d+) )?(\S+) (\S+)$/.exec(this.#filledIn(rest)) ?? [];
          await this.#outside(
            `cd "$1" && mkdir -p "$(dirname "$3")" && set -- "$1" "$2" "$3" $2 && [ $# = 4 ] && cp "$4" "$3"${mode ? ` && chmod ${mode} "$3"` : ''}`,
            [context, from, `${this.#root}${to}`],
          );
          break;
        }
        case 'RUN':
          await this.#run(this.#user, rest);
          break;
        case 'HEALTHCHECK':
          this.healthCheck = rest.replace(/^(?:--\S+\s+)*CMD /, '');
          break;
        case 'ENTRYPOINT':
          this.#entrypoint = JSON.parse(rest) as string[];
          break;
        case 'CMD':
          this.#command = JSON.parse(rest) as string[];
          break;
        default:
          throw new Error(`${instruction}: no such step is known here`);
      }
    }
  }

  /** Lays a file of the image's user into it. */
  async write(file: string, text: string): Promise<void> {
    await this.#outside(`printf '%s' "$2" >"$1" && chown ${IMAGE_UID}:${IMAGE_UID} "$1"`, [
      `${this.#root}${file}`,
      text,
    ]);
  }

  /** What a file of the image holds now; empty where there is none. */
  async read(file: string): Promise<string> {
    return this.#outside('if [ -e "$1" ]; then cat "$1"; fi', [`${this.#root}${file}`]);
  }

  async start({ init, user, env = {}, isHomeVolume = false }: Start): Promise<Container> {
    const words = ['env', '-i', ...this.#variables(user, env), ...init, ...this.#entrypoint, ...this.#command];
    const namespaces = ['unshare', '--mount', '--pid', '--net', '--fork', '--kill-child'];
    const volume = isHomeVolume ? `/home/${IMAGE_USER}` : '';
    const script = ['sh', '-c', START, 'sh', this.#root, userSpec(user), volume];
    const child = spawn('nsenter', [...this.#entered, ...namespaces, ...script, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const container = new Container(child, (other) => this.#variables(other, env));
    this.#containers.push(container);
    await container.begin();
    return container;
  }

  async close(): Promise<void> {
    await Promise.all(this.#containers.map((container) => container.kill()));
    const gone = once(this.#keeper, 'exit');
    this.#keeper.stdin?.end();
    await gone;
  }

  get #entered(): string[] {
    return ['--mount', '--target', String(this.#keeper.pid), '--'];
  }

  #variables(user: string, env: Readonly<Record<string, string>> = {}): string[] {
    const all = { ...this.#env, HOME: user === 'root' ? '/root' : `/home/${user}`, ...env };
    return Object.entries(all).map(([name, value]) => `${name}=${value}`);
  }

  #filledIn(text: string): string {
    return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => this.#args[name] ?? this.#env[name] ?? '');
  }

  /** A shell line in the image, by the image's own shell. */
  async #run(user: string, line: string, ...args: string[]): Promise<void> {
    const words = ['chroot', `--userspec=${userSpec(user)}`, this.#root, 'env', '-i', ...this.#variables(user)];
    await promisify(execFile)('nsenter', [...this.#entered, ...words, '/bin/sh', '-c', line, 'sh', ...args], {
      timeout: 60_000,
    });
  }

  /** A shell line of this machine's, where the image is mounted. */
  async #outside(line: string, args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('nsenter', [...this.#entered, 'sh', '-c', line, 'sh', ...args]);
    return stdout;
  }
}

/** What an engine would run of an {@link Image}. */
export class Container {
  output = '';
  readonly #ended: Promise<number>;
  #init = 0;

  constructor(
    readonly child: ChildProcess,
    readonly variables: (user: string) => string[],
  ) {
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.#ended = once(child, 'exit').then(([code, signal]) => (code as number | null) ?? (signal === null ? -1 : 128));
  }

  /** Waits until process 1 runs what it is to run. */
  async begin(): Promise<void> {
    await waitUntil('process 1 of the container', async () => {
      if (this.child.exitCode !== null) throw new Error(`the container ended: ${this.output}`);
      const [first] = (await allProcesses()).filter(({ ppid }) => ppid === this.child.pid);
      this.#init = first?.pid ?? 0;
      return first !== undefined && !/^(?:sh -c set -e|chroot|env|unshare) ?/.test(first.command);
    });
  }

  /** Its processes as this machine sees them, zombies among them, process 1 first. */
  async processes(): Promise<Process[]> {
    const all = await allProcesses();
    const inside = new Set([this.#init]);
    // Parents come after their children where numbers have begun anew.
    for (let size = 0; size !== inside.size;) {
      size = inside.size;
      for (const { pid, ppid } of all) if (inside.has(ppid)) inside.add(pid);
    }
    return all
      .filter(({ pid }) => inside.has(pid))
      .sort((a, b) => Number(b.pid === this.#init) - Number(a.pid === this.#init));
  }

  /** As `docker exec` does. */
  async exec(user: string, line: string): Promise<Answer> {
    const ids =
      user === 'root' ? [] : ['/usr/bin/setpriv', `--reuid=${IMAGE_UID}`, `--regid=${IMAGE_UID}`, '--clear-groups'];
    const entered = ['--target', String(this.#init), '--mount', '--pid', '--net', '--root', '--'];
    const words = [...entered, ...ids, 'env', '-i', ...this.variables(user), '/bin/sh', '-c', `cd /\n${line}`];
    return new Promise((resolve) => {
      execFile('nsenter', words, { timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
      );
    });
  }

  /** As `docker stop` does, which asks process 1; or asks another one. Returns the exit code of process 1. */
  async stop(pid = this.#init): Promise<number> {
    process.kill(pid, 'SIGTERM');
    return this.#ended;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    if (this.#init !== 0) process.kill(this.#init, 'SIGKILL');
    await this.#ended;
  }
}

/** The steps of a Dockerfile, lines that go on put together, without comments. */
function stepsOf(dockerfile: string): RegExpMatchArray[] {
  const text = dockerfile.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '');
  return [...text.matchAll(/^([A-Z]+) (.*)$/gm)];
}

const userSpec = (user: string): string => (user === 'root' ? '0:0' : `${IMAGE_UID}:${IMAGE_UID}`);

/** What the steps of the fragment find beside them, as a person would lay it there. */
export function buildContext(
  folder: string,
  { vsix, archive, entrypoint }: Readonly<Record<'vsix' | 'archive' | 'entrypoint', string>>,
): void {
  mkdirSync(folder, { recursive: true });
  for (const file of [vsix, archive]) cpSync(file, path.join(folder, path.basename(file)));
  writeFileSync(path.join(folder, 'entrypoint.sh'), readFileSync(entrypoint));
}
