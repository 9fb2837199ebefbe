/**
 * Which timers live in a Node process, asked of its inspector, which SIGUSR1 opens on port 9229. args: its pid. Prints
 * `AliveTimers` as JSON. Run by a Node that has WebSockets (22 or newer).
 */
import type { AliveTimer, AliveTimers } from './aliveTimers';

const INSPECTOR = 'http://127.0.0.1:9229/json/list';
const OPEN_LIMIT_MS = 20_000;

interface RemoteObject {
  readonly objectId?: string;
  readonly value?: unknown;
}

interface Property {
  readonly name: string;
  readonly value?: RemoteObject;
}

/** The part of a browser's WebSocket that is used here. */
interface Socket {
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  send(text: string): void;
  close(): void;
}
declare const WebSocket: new (url: string) => Socket;

class Inspector {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  /** URLs of scripts, by their ids. */
  readonly scripts = new Map<string, string>();
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as {
        readonly id?: number;
        readonly result?: unknown;
        readonly method?: string;
        readonly params?: { readonly scriptId: string; readonly url: string };
      };
      if (message.id !== undefined) this.#waiting.get(message.id)?.(message.result);
      else if (message.method === 'Debugger.scriptParsed' && message.params)
        this.scripts.set(message.params.scriptId, message.params.url);
    });
  }

  static async open(pid: number): Promise<Inspector> {
    process.kill(pid, 'SIGUSR1');
    const endMs = performance.now() + OPEN_LIMIT_MS;
    for (;;) {
      const targets = await fetch(INSPECTOR)
        .then((response) => response.json() as Promise<{ readonly webSocketDebuggerUrl: string }[]>)
        .catch(() => []);
      const [target] = targets;
      if (target) {
        const socket = new WebSocket(target.webSocketDebuggerUrl);
        await new Promise<void>((resolve, reject) => {
          socket.addEventListener('open', () => resolve());
          socket.addEventListener('error', () => reject(new Error('the inspector refuses')));
        });
        return new Inspector(socket);
      }
      if (performance.now() > endMs) throw new Error(`process ${pid} opens no inspector`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  call<T>(method: string, params: object = {}): Promise<T> {
    const id = this.#nextId++;
    const answered = new Promise<T>((resolve) => this.#waiting.set(id, (result) => resolve(result as T)));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answered;
  }

  async evaluate(expression: string, byValue: boolean): Promise<RemoteObject> {
    const { result } = await this.call<{ readonly result: RemoteObject }>('Runtime.evaluate', {
      expression,
      returnByValue: byValue,
    });
    return result;
  }

  async properties(objectId: string | undefined): Promise<{ own: readonly Property[]; internal: readonly Property[] }> {
    const found = await this.call<{ result: Property[]; internalProperties?: Property[] }>('Runtime.getProperties', {
      objectId,
      ownProperties: true,
    });
    return { own: found.result, internal: found.internalProperties ?? [] };
  }

  close(): void {
    this.#socket.close();
  }
}

async function look(pid: number): Promise<AliveTimers> {
  const inspector = await Inspector.open(pid);
  try {
    if ((await inspector.evaluate('process.pid', true)).value !== pid)
      throw new Error(`the inspector on port 9229 is not that of process ${pid}`);
    const resources = (await inspector.evaluate('process.getActiveResourcesInfo()', true)).value as string[];
    await inspector.call('Debugger.enable');
    const prototype = await inspector.evaluate(
      '(() => { const timer = setTimeout(() => {}, 1e6); clearTimeout(timer); return Object.getPrototypeOf(timer); })()',
      false,
    );
    // Every timer on the heap, those that keep no process alive among them; what has ended stays until it is collected.
    const { objects } = await inspector.call<{ readonly objects: RemoteObject }>('Runtime.queryObjects', {
      prototypeObjectId: prototype.objectId,
    });
    const { result: alive } = await inspector.call<{ readonly result: RemoteObject }>('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      functionDeclaration: 'function () { return this.filter((timer) => !timer._destroyed && timer._idleNext); }',
    });
    const timers: AliveTimer[] = [];
    for (const { name, value } of (await inspector.properties(alive.objectId)).own) {
      if (!/^\d+$/.test(name)) continue;
      const { own } = await inspector.properties(value?.objectId);
      const of = (wanted: string) => own.find((property) => property.name === wanted)?.value;
      const location = (await inspector.properties(of('_onTimeout')?.objectId)).internal.find(
        (property) => property.name === '[[FunctionLocation]]',
      )?.value?.value as { readonly scriptId: string; readonly lineNumber: number } | undefined;
      timers.push({
        delayMs: Number(of('_idleTimeout')?.value),
        repeats: of('_repeat')?.value !== null,
        script: location ? (inspector.scripts.get(location.scriptId) ?? '') : '',
        line: location?.lineNumber ?? 0,
      });
    }
    // The port is wanted for the next one.
    await inspector.evaluate(
      "setTimeout(() => process.getBuiltinModule('node:inspector').close(), 100), undefined",
      false,
    );
    return { timers, resources };
  } finally {
    inspector.close();
  }
}

void look(Number(process.argv[2])).then(
  (found) => process.stdout.write(JSON.stringify(found)),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
