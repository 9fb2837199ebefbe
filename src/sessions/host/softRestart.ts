import http from 'node:http';
import type { LaunchSpec } from '../protocol';

/** Asks a dev server to restart in place, keeping its process; whether it does. Never rejects. */
export type SoftRestart = (spec: LaunchSpec, port: number) => Promise<boolean>;

/** Next answers in milliseconds, before it restarts. */
const TIMEOUT_MS = 5000;

/**
 * Next.js 15 and newer, by what its own error overlay uses. The process that listens ends and `next dev` starts another:
 * group, terminal and port stay, the listener's pid does not. Next.js 14 is not even asked (it would compile its page for
 * "not found" and log that), nor is anything that does not answer as Next.js does.
 */
export const softRestart: SoftRestart = async (spec, port) => {
  if (spec.type !== 'web' || (spec.probe.kind === 'http' && spec.probe.method === 'HEAD')) return false;
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  const status = await ask('GET', '/__nextjs_server_status', port, deadline);
  if (status.kind !== 'answer' || status.statusCode !== 200 || !/"executionId":\s*\d/.test(status.body)) return false;
  const restart = await ask('POST', '/__nextjs_restart_dev', port, deadline);
  // It may be gone before its answer is out.
  return restart.kind === 'answer' ? restart.statusCode === 204 : restart.code === 'ECONNRESET';
};

type Answer =
  | { readonly kind: 'answer'; readonly statusCode: number; readonly body: string }
  | { readonly kind: 'error'; readonly code: string | undefined };

/** The beginning of an answer is enough; by the name `localhost` and without an `Origin`, or Next.js refuses. */
function ask(method: 'GET' | 'POST', path: string, port: number, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) => resolve({ kind: 'error', code: error.code });
    const request = http.request({ host: 'localhost', port, path, method, agent: false, signal }, (response) => {
      response.once('error', fail);
      response.once('data', (data: Buffer) => finish(data.toString()));
      response.once('end', () => finish(''));
      const finish = (body: string) => {
        resolve({ kind: 'answer', statusCode: response.statusCode ?? 0, body });
        response.destroy();
      };
    });
    request.on('error', fail);
    request.end();
  });
}
