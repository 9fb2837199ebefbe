import type { FromGateway, ToGateway } from '../../../src/sessions/gatewayProtocol';
import type { GatewayListener, GatewayPorts, SpawnGateway } from '../../../src/sessions/host/gateways';

/** A gateway process in memory: what it was told, and a mouth for the test. */
export class FakeGatewayProcess {
  readonly told: ToGateway[] = [];
  isEnded = false;
  readonly #listener: GatewayListener;

  constructor(listener: GatewayListener) {
    this.#listener = listener;
  }

  send(message: ToGateway): void {
    this.told.push(message);
  }

  end(): void {
    this.isEnded = true;
  }

  /** Also after its end, as what was on its way would be. */
  says(message: FromGateway): void {
    this.#listener.onMessage(message);
  }

  dies(detail = 'SIGKILL'): void {
    this.#listener.onEnd(detail);
  }

  /** All that it was told of this kind. */
  heard<T extends ToGateway['type']>(type: T): Extract<ToGateway, { type: T }>[] {
    return this.told.filter((message): message is Extract<ToGateway, { type: T }> => message.type === type);
  }
}

/** Gateway processes that listen at once, on the port that they are told or the next of their own, unless `isMute`. */
export class FakeGateways {
  readonly processes: FakeGatewayProcess[] = [];
  isMute = false;
  /** Thrown by the next spawns. */
  spawnError: Error | undefined;
  stored = new Map<string, number>();
  writes = 0;
  #nextPort = 41_000;

  readonly spawn: SpawnGateway = (listener) => {
    if (this.spawnError) throw this.spawnError;
    const process = new FakeGatewayProcess(listener);
    this.processes.push(process);
    return {
      send: (message) => {
        process.send(message);
        if (message.type !== 'serve' || this.isMute) return;
        const port = message.port ?? this.#nextPort++;
        setImmediate(() => process.says({ type: 'serving', id: message.id, port }));
      },
      end: () => process.end(),
    };
  };

  readonly ports: GatewayPorts = {
    read: () => this.stored,
    write: (ports) => {
      this.writes++;
      this.stored = new Map(ports);
    },
  };

  /** The latest process. */
  get last(): FakeGatewayProcess {
    const process = this.processes.at(-1);
    if (!process) throw new Error('no gateway process was begun');
    return process;
  }
}
