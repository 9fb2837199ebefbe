/**
 * Which timers live in a Node process, asked of its inspector, which SIGUSR1 opens on port 9229. args: its pid. Prints
 * `AliveTimers` as JSON. Run by a Node that has WebSockets (22 or newer).
 */
import type { AliveTimer, AliveTimers } from './aliveTimers';

const INSPECTOR = 'http://127.0.0.1:9229/json/list';
const OPEN_LIMIT_MS = 20_000;

/** A timer may be made or end between the two halves of a look. */
const TRIES = 5;

interface RemoteObject {
  readonly objectId?: string;
  readonly value?: unknown;
}

interface Property {
  readonly name: string;
  readonly value?: RemoteObject;
}

interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: { readonly scriptId: string; readonly url: string };
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
  readonly #waiting = new Map<number, (message: Message) => void>();
  /** URLs of scripts, by their ids. */
  readonly scripts = new Map<string, string>();
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
      else if (message.method === 'Debugger.scriptParsed' && message.params)
        this.scripts.set(message.params.scriptId, message.params.url);
    });
  }

  static async open(pid: number): Promise<Inspector> {
    process.kill(pid, 'SIGUSR1');
    const endMs = performance.now() + OPEN_LIMIT_MS;
    for (;;) {
      const [target] = await fetch(INSPECTOR).then(
        (response) => response.json() as Promise<{ readonly webSocketDebuggerUrl: string }[]>,
        () => [],
      );
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

  async call<T>(method: string, params: object = {}): Promise<T> {
    const id = this.#nextId++;
    const answered = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  async evaluate(expression: string): Promise<RemoteObject> {
    return (await this.call<{ readonly result: RemoteObject }>('Runtime.evaluate', { expression })).result;
  }

  /** What a function gives of an object, as an object there or, `byValue`, here. */
  async apply(objectId: string | undefined, functionDeclaration: string, byValue: boolean): Promise<RemoteObject> {
    const params = { objectId, functionDeclaration, returnByValue: byValue };
    return (await this.call<{ readonly result: RemoteObject }>('Runtime.callFunctionOn', params)).result;
  }

  async properties(objectId: string | undefined): Promise<{ own: readonly Property[]; internal: readonly Property[] }> {
    const params = { objectId, ownProperties: true };
    const found = await this.call<{ result: Property[]; internalProperties?: Property[] }>(
      'Runtime.getProperties',
      params,
    );
    return { own: found.result, internal: found.internalProperties ?? [] };
  }

  close(): void {
    this.#socket.close();
  }
}

/** Undefined where the two halves do not fit together. */
async function tryLook(inspector: Inspector): Promise<AliveTimers | undefined> {
  const prototype = await inspector.evaluate(
    '(() => { const timer = setTimeout(() => {}, 1e6); clearTimeout(timer); return Object.getPrototypeOf(timer); })()',
  );
  // Every timer on the heap, those that keep no process alive among them; what has ended stays there until it is collected.
  const { objects } = await inspector.call<{ readonly objects: RemoteObject }>('Runtime.queryObjects', {
    prototypeObjectId: prototype.objectId,
  });
  const { objectId } = await inspector.apply(
    objects.objectId,
    `function () {
      const alive = this.filter((timer) => !timer._destroyed && timer._idleNext && timer._onTimeout);
      return {
        resources: process.getActiveResourcesInfo(),
        callbacks: alive.map((timer) => timer._onTimeout),
        timers: alive.map((timer) => ({
          delayMs: timer._idleTimeout, repeats: timer._repeat !== null, keepsAlive: timer.hasRef(),
        })),
      };
    }`,
    false,
  );
  const { timers, resources } = (
    await inspector.apply(objectId, 'function () { return { timers: this.timers, resources: this.resources }; }', true)
  ).value as { timers: Omit<AliveTimer, 'script' | 'line'>[]; resources: string[] };
  // Node's own count of those that keep it alive.
  if (resources.filter((one) => one === 'Timeout').length !== timers.filter((one) => one.keepsAlive).length)
    return undefined;
  const callbacks = (
    await inspector.properties(
      (await inspector.apply(objectId, 'function () { return this.callbacks; }', false)).objectId,
    )
  ).own;
  const placed: AliveTimer[] = [];
  for (const [index, timer] of timers.entries()) {
    const callback = callbacks.find(({ name }) => name === String(index))?.value;
    const { internal } = await inspector.properties(callback?.objectId);
    const location = internal.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value as
      { readonly scriptId: string; readonly lineNumber: number } | undefined;
    const script = location ? (inspector.scripts.get(location.scriptId) ?? '') : '';
    placed.push({ ...timer, script, line: location?.lineNumber ?? 0 });
  }
  return { timers: placed, resources };
}

async function look(pid: number): Promise<AliveTimers> {
  const inspector = await Inspector.open(pid);
  try {
    if ((await inspector.evaluate('process.pid')).value !== pid)
      throw new Error(`the inspector on port 9229 is not that of process ${pid}`);
    await inspector.call('Debugger.enable');
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await tryLook(inspector);
      if (found) return found;
    }
    throw new Error(`the timers of process ${pid} change from look to look`);
  } finally {
    // The port is wanted for the next one.
    await inspector.evaluate("setTimeout(() => process.getBuiltinModule('node:inspector').close(), 100), undefined");
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
