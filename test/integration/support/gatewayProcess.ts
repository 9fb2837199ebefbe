import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { FromGateway, GatewayUpstream, ToGateway } from '../../../src/sessions/gatewayProtocol';
import { endGroup } from '../../hosts/ending.mjs';
import { inRepo } from '../../hosts/paths.mjs';
import { eventually } from './workbench';

const START_LIMIT_MS = 15_000;

/** The gateway's process, spoken to as the session host does. The caller stops it. */
export class GatewayProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** All that it said, oldest first. */
  readonly messages: FromGateway[] = [];
  errors = '';

  /** `file`: the bundle; default: the one that the tests are built with. */
  constructor(file = inRepo('out', 'testHost', 'gateway.js')) {
    this.#child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    createInterface({ input: this.#child.stdout }).on('line', (line) =>
      this.messages.push(JSON.parse(line) as FromGateway),
    );
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    // It may end while it is spoken to.
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('error', (error) => (this.errors += error.message));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`the gateway does not start: ${this.errors}`);
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  send(message: ToGateway): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** Serves the dev server at `upstreamPort`, and gives the gateway's port. */
  async serve(id: string, upstreamPort: number, port?: number): Promise<number> {
    const said = this.messages.length;
    this.send({ type: 'serve', id, port, upstream: upstreamAt(upstreamPort) });
    return eventually(
      `the gateway to serve ${id}`,
      () => {
        if (this.hasEnded) throw new Error(`the gateway has ended: ${this.errors}`);
        for (const message of this.messages.slice(said)) {
          if (message.type === 'serving' && message.id === id) return message.port;
          if (message.type === 'failed' && message.id === id) throw new Error(message.detail);
        }
        return undefined;
      },
      START_LIMIT_MS,
    );
  }

  /** Closes its input, as the end of the session host does. */
  hangUp(): void {
    this.#child.stdin.end();
  }

  async stop(): Promise<void> {
    await endGroup(this.#child);
  }
}

export function upstreamAt(port: number | undefined): GatewayUpstream {
  return { port, sentence: 'The dev server is starting.', label: 'Web' };
}
