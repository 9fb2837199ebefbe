/**
 * Loaded into the server of an app by `NODE_OPTIONS`: writes down each request that the server sees, whoever sent it. A line
 * is some 50 µs of the server's time, the same for each side that is compared.
 */
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';

const file = process.env['BENCH_REQUESTS'];

if (file !== undefined)
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { readonly request: IncomingMessage };
    appendFileSync(file, `${Date.now()} ${request.method} ${request.url}\n`);
  });
