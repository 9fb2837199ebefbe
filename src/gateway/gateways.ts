/** Does what the host says: one gateway per app. Invariant: of what was closed nothing goes on listening. */
import type { FromGateway, ToGateway } from '../sessions/gatewayProtocol';
import { AppGateway } from './appGateway';
import { AcceptedHosts } from './hostCheck';
import type { GatewayLog } from './log';

interface Served {
  readonly gateway: AppGateway;
  /** Undefined until it listens. */
  port: number | undefined;
}

export class Gateways {
  readonly #served = new Map<string, Served>();
  readonly #hosts = new AcceptedHosts();
  readonly #tell: (message: FromGateway) => void;
  readonly #log: GatewayLog;

  constructor(tell: (message: FromGateway) => void, log: GatewayLog) {
    this.#tell = tell;
    this.#log = log;
  }

  /** What comes of it is told; never throws. */
  obey(message: ToGateway): void {
    switch (message.type) {
      case 'serve':
        void this.#serve(message);
        break;
      case 'upstream': {
        const served = this.#served.get(message.id);
        if (served) served.gateway.upstream = message.upstream;
        break;
      }
      case 'hosts':
        this.#hosts.set(message.hosts);
        break;
      case 'close':
        this.#served.get(message.id)?.gateway.close();
        this.#served.delete(message.id);
        break;
    }
  }

  async #serve({ id, port: preferred, upstream }: Extract<ToGateway, { type: 'serve' }>): Promise<void> {
    const known = this.#served.get(id);
    if (known) {
      known.gateway.upstream = upstream;
      // Else the first order's answer is still to come, and speaks for both.
      if (known.port !== undefined) this.#tell({ type: 'serving', id, port: known.port });
      return;
    }
    const served: Served = { gateway: new AppGateway(id, upstream, this.#hosts, this.#log), port: undefined };
    this.#served.set(id, served);
    try {
      const port = await served.gateway.listen(preferred);
      if (this.#served.get(id) !== served) {
        served.gateway.close(); // Closed in the meantime.
        return;
      }
      served.port = port;
      this.#tell({ type: 'serving', id, port });
    } catch (error) {
      if (this.#served.get(id) === served) this.#served.delete(id);
      this.#tell({ type: 'failed', id, detail: error instanceof Error ? error.message : String(error) });
    }
  }
}
