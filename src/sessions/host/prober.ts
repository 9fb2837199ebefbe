import http from 'node:http';
import net from 'node:net';
import { errorMessage } from '../log';
import type { ProbeSpec } from '../protocol';

/** How long a server may take for one answer before it counts as silent, in milliseconds. */
export const PROBE_TIMEOUT_MS = 5000;

/** What a probe found. `answered` is true for any HTTP answer: a page that says 500 is a server that runs. */
export interface ProbeResult {
  readonly answered: boolean;
  readonly httpStatus?: number;
  readonly error?: string;
}

export interface Prober {
  /** Asks the app on this port once; resolves within `timeoutMs` and never rejects. */
  probe(spec: ProbeSpec, port: number, timeoutMs: number): Promise<ProbeResult>;
}

/**
 * Probes over a connection of its own each time, by the name `localhost` (a server may listen on one family only) and
 * without an `Origin`, which Next 16.2 and Metro refuse (FACTS).
 */
export const networkProber: Prober = {
  probe: (spec, port, timeoutMs) =>
    (spec.kind === 'tcp' ? probeTcp(port, timeoutMs) : probeHttp(spec, port, timeoutMs)).catch((error: unknown) => ({
      answered: false,
      error: errorMessage(error), // A port or path that Node does not even try.
    })),
};

function probeHttp(spec: Extract<ProbeSpec, { kind: 'http' }>, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const request = http.request({
      host: 'localhost',
      port,
      path: encoded(spec.path),
      method: spec.method,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.on('response', (response) => {
      response.destroy(); // The status is all that is wanted.
      resolve({ answered: true, httpStatus: response.statusCode ?? 0 });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve({
        answered: false,
        error:
          error.name === 'AbortError' || error.name === 'TimeoutError'
            ? `no answer in ${timeoutMs} ms`
            : (error.code ?? error.message),
      });
    });
    request.end();
  });
}

/** People write paths as they read them; what is encoded already stays. */
export function encoded(path: string): string {
  const { pathname, search } = new URL(`http://localhost${path}`);
  return pathname + search;
}

function probeTcp(port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: 'localhost', port });
    const finish = (result: ProbeResult) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => finish({ answered: false, error: `no answer in ${timeoutMs} ms` }));
    socket.on('connect', () => finish({ answered: true }));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish({ answered: false, error: error.code ?? error.message }),
    );
  });
}
