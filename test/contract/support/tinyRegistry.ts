import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

type Manifest = Readonly<Record<string, unknown>>;

/** A real npm registry of a few packages made on the spot: installs without a network, and one that can be held up. */
export class TinyRegistry {
  readonly #server: http.Server;
  readonly #packages: ReadonlyMap<
    string,
    ReadonlyMap<string, { readonly manifest: Manifest; readonly tarball: Buffer }>
  >;
  readonly #held: http.ServerResponse[] = [];
  /** Name of the package whose content is not delivered for now. */
  hold: string | undefined;

  private constructor(manifests: readonly Manifest[]) {
    const packages = new Map<string, Map<string, { readonly manifest: Manifest; readonly tarball: Buffer }>>();
    for (const manifest of manifests) {
      const name = String(manifest['name']);
      const versions = packages.get(name) ?? new Map<string, { manifest: Manifest; tarball: Buffer }>();
      versions.set(String(manifest['version']), { manifest, tarball: tarballOf(manifest) });
      packages.set(name, versions);
    }
    this.#packages = packages;
    this.#server = http.createServer((request, response) => this.#answer(request.url ?? '', response));
  }

  static async start(manifests: readonly Manifest[]): Promise<TinyRegistry> {
    const registry = new TinyRegistry(manifests);
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Whether somebody waits for the content that is held. */
  get isAwaited(): boolean {
    return this.#held.some((response) => !response.destroyed);
  }

  release(): void {
    this.hold = undefined;
    for (const response of this.#held.splice(0)) response.destroy();
  }

  async dispose(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(url: string, response: http.ServerResponse): void {
    const [, name = '', , file] = url.split('?')[0]?.split('/') ?? [];
    const versions = this.#packages.get(name);
    if (!versions) {
      response.writeHead(404).end('{}');
      return;
    }
    if (file !== undefined) {
      if (name === this.hold) this.#held.push(response);
      else response.end([...versions].find(([version]) => file === `${name}-${version}.tgz`)?.[1].tarball);
      return;
    }
    const dist = (version: string, tarball: Buffer) => ({
      tarball: `${this.url}${name}/-/${name}-${version}.tgz`,
      shasum: createHash('sha1').update(tarball).digest('hex'),
      integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    });
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        name,
        'dist-tags': { latest: [...versions.keys()].at(-1) },
        time: Object.fromEntries([...versions.keys()].map((version) => [version, '2020-01-01T00:00:00.000Z'])),
        versions: Object.fromEntries(
          [...versions].map(([version, { manifest, tarball }]) => [
            version,
            { ...manifest, dist: dist(version, tarball) },
          ]),
        ),
      }),
    );
  }
}

/** A package with its manifest and an empty module: two entries of a tar file, each a header and one padded block. */
function tarballOf(manifest: Manifest): Buffer {
  const files = { 'package/package.json': JSON.stringify(manifest), 'package/index.js': 'module.exports = 1;\n' };
  const blocks = Object.entries(files).flatMap(([name, text]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${Buffer.byteLength(text).toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write(' '.repeat(8), 148);
    header.write('0', 156);
    header.write('ustar\0' + '00', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, Buffer.from(text.padEnd(Math.ceil(text.length / 512) * 512, '\0'))];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
