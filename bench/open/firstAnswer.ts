/** When a dev server answers, seen from outside: one connection after another until it does. */
import http from 'node:http';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { machineMs } from '../../test/support/machineClock';

/** Between two tries: little beside what is measured, and some hundredths of a core. */
const PAUSE_MS = 10;
const ANSWER_TIMEOUT_MS = 30_000;

/** What to ask, and what shows that it was the dev server that has answered. */
export interface Question {
  readonly port: number;
  readonly path: string;
  readonly good: RegExp;
}

export const nextQuestion = (port: number): Question => ({
  port,
  path: '/__nextjs_server_status',
  good: /"executionId"/,
});

export const metroQuestion = (port: number): Question => ({ port, path: '/status', good: /^packager-status:running$/ });

/** The moment of the first good answer, on the clock that all processes share and on the wall's. Rejects after `limitMs`. */
export async function firstAnswer(
  question: Question,
  limitMs = 180_000,
): Promise<{ readonly machineMs: number; readonly wallMs: number }> {
  const endMs = machineMs() + limitMs;
  while (machineMs() < endMs) {
    // Refused in a tenth of a millisecond, while a request of HTTP would cost several times as much.
    if (await accepts(question.port)) {
      const body = await ask(question);
      const now = { machineMs: machineMs(), wallMs: Date.now() };
      if (body !== undefined && question.good.test(body)) return now;
    }
    await delay(PAUSE_MS);
  }
  throw new Error(`no answer on ${question.port}${question.path} in ${limitMs} ms`);
}

/** Whether nobody listens there. */
export async function isFree(port: number): Promise<boolean> {
  return !(await accepts(port));
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const finish = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.on('connect', () => finish(true));
    socket.on('error', () => finish(false));
  });
}

/** Undefined: there was none. A server that is still starting may hold it back until it is ready. */
function ask({ port, path }: Question): Promise<string | undefined> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const request = http.get({ host: 'localhost', port, path, agent: false, signal }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve(response.statusCode === 200 ? body : undefined));
      response.on('error', () => resolve(undefined));
    });
    request.on('error', () => resolve(undefined));
  });
}
