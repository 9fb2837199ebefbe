/**
 * Asks one listener one question over HTTP.
 * Invariant: the answer comes within the given time and in bounded memory, whoever listens there; no question carries an
 * `Origin`, which Next 16.2 and Metro refuse (FACTS).
 */
import http from 'node:http';
import { errorCode } from '../log';
import { encoded } from './prober';

export interface HttpQuestion {
  /** Address that the socket listens on, as the system writes it; wildcards mean this machine. */
  readonly address: string;
  readonly port: number;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of the answer's body, in characters; default: 64 Ki. */
  readonly limit?: number;
}

/**
 * `silent`: nothing (or nothing complete) within the time. `notHttp`: it speaks another protocol. `failed`: refused, reset,
 * or closed without an answer.
 */
export type HttpAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: http.IncomingHttpHeaders;
      /** The beginning of the body, up to about the question's limit. */
      readonly body: string;
    }
  | { readonly kind: 'silent' | 'notHttp' | 'failed' };

const bodyLimit = 64 * 1024;

/** Asks once over a connection of its own; resolves within `timeoutMs` and never rejects. */
export async function ask(question: HttpQuestion, timeoutMs: number): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  let answer: HttpAnswer = { kind: 'failed' };
  for (const host of hostsOf(question.address)) {
    answer = await askAt(host, question, signal);
    if (answer.kind !== 'failed') break;
  }
  return answer;
}

/** `::` takes IPv4 too as a rule, which is all there is where the loopback has no IPv6 address. */
function hostsOf(address: string): readonly string[] {
  if (address === '0.0.0.0') return ['127.0.0.1'];
  return address === '::' ? ['::1', '127.0.0.1'] : [address];
}

function askAt(host: string, question: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const fail = (error: Error) => {
      const notHttp = errorCode(error)?.startsWith('HPE_') === true;
      resolve({ kind: signal.aborted ? 'silent' : notHttp ? 'notHttp' : 'failed' });
    };
    const { port, method, path, headers, body, limit = bodyLimit } = question;
    let request: http.ClientRequest;
    try {
      request = http.request({
        host,
        port,
        path: encoded(path),
        method,
        agent: false,
        signal,
        // By the name that people use: a server may refuse others.
        headers: { ...headers, host: `localhost:${port}` },
      });
    } catch (error) {
      // A path or a port that Node does not even try.
      return fail(error as Error);
    }
    request.on('error', fail);
    request.on('response', (response) => {
      let text = '';
      const finish = () => {
        resolve({ kind: 'answer', status: response.statusCode ?? 0, headers: response.headers, body: text });
        response.destroy();
      };
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length >= limit) finish();
      });
      response.on('end', finish);
      response.on('error', fail);
    });
    request.end(body);
  });
}
