import { randomBytes } from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import { freePort, waitFor } from '../../test/contract/support/hostRig';

/** A dev server is asked for its page until it answers; the first page of Next.js is compiled for it. */
const ANSWER_LIMIT_MS = 120_000;

/** An app for one start and one stop: its port is nobody else's, and its processes are known by their environment. */
export class App {
  /** `NAME=value`. */
  readonly marker = `STOP_BENCH=${randomBytes(6).toString('hex')}`;

  private constructor(
    /** The workspace; the app lies in `cheatcode-app`. */
    readonly workspace: string,
    readonly port: number,
    private readonly switches: Readonly<Record<string, string>>,
  ) {}

  static async create(workspace: string, switches: Readonly<Record<string, string>> = {}): Promise<App> {
    return new App(workspace, await freePort(), switches);
  }

  get folder(): string {
    return path.join(this.workspace, 'cheatcode-app');
  }

  /** What its processes have in their environment beside what they inherit. */
  get env(): Readonly<Record<string, string>> {
    const [name = '', value = ''] = this.marker.split('=');
    return { ...this.switches, [name]: value, PORT: String(this.port) };
  }

  /** The same as a person types it into a shell. */
  get typed(): string {
    const words = Object.entries(this.env).map(([name, value]) => `${name}=${value}`);
    return `cd ${this.folder} && ${words.join(' ')} pnpm run dev`;
  }

  async answers(): Promise<void> {
    const isThere = async () => {
      try {
        const response = await fetch(`http://localhost:${this.port}/`);
        await response.text();
        return response.ok;
      } catch {
        return false; // It does not listen yet.
      }
    };
    await waitFor(`an answer on ${this.port}`, isThere, ANSWER_LIMIT_MS);
  }

  /** Whether nobody holds its port, in any form of the loopback. */
  async isPortFree(): Promise<boolean> {
    for (const host of ['127.0.0.1', '::1', '::']) if (!(await canBind(this.port, host))) return false;
    return true;
  }
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
