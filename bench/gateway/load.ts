/** What is measured of one server, with connections that are kept as a browser keeps them. */
import http from 'node:http';
import { ASSET_BYTES } from './sizes';

const ASSET_REQUESTS = 8;
const PARALLEL_REQUESTS = 100;

/** What a server is asked for. */
export interface Load {
  /** Paths: a small answer, a page, and a file of `ASSET_BYTES`. */
  readonly small: string;
  readonly page: string;
  readonly asset: string;
  /** How often small answers and pages are asked for, one after another, for one median. */
  readonly requests: number;
}

export interface Measures {
  /** Median of single small requests, one after another. */
  readonly smallMs: number;
  /** Median of pages, asked for as a browser's frame does. */
  readonly pageMs: number;
  readonly assetMbPerSecond: number;
  /** Until the last of 100 small requests at once is answered. */
  readonly parallelMs: number;
}

/** Measures the server on this port of 127.0.0.1; rejects when an answer is not whole. */
export async function measure(port: number, { small, page, asset, requests }: Load): Promise<Measures> {
  const agent = new http.Agent({ keepAlive: true });
  const get = (path: string, headers: http.OutgoingHttpHeaders = {}) => bytesOf({ port, path, headers, agent });
  try {
    await get(small);
    const smallMs = median(await timesOf(requests, () => get(small)));
    const frame = { 'sec-fetch-dest': 'iframe', 'sec-fetch-mode': 'navigate', accept: 'text/html' };
    const pageMs = median(await timesOf(requests, () => get(page, frame)));
    const assetMs = median(
      await timesOf(ASSET_REQUESTS, async () => {
        const bytes = await get(asset);
        if (bytes !== ASSET_BYTES) throw new Error(`${bytes} bytes came`);
      }),
    );
    const began = performance.now();
    await Promise.all(Array.from({ length: PARALLEL_REQUESTS }, () => get(small)));
    return {
      smallMs,
      pageMs,
      assetMbPerSecond: (ASSET_BYTES / 2 ** 20 / assetMs) * 1000,
      parallelMs: performance.now() - began,
    };
  } finally {
    agent.destroy();
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

async function timesOf(count: number, work: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return times;
}

function bytesOf(options: http.RequestOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', ...options }, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => (bytes += chunk.length));
        response.once('error', reject);
        response.once('end', () =>
          response.statusCode === 200 ? resolve(bytes) : reject(new Error(`status ${response.statusCode}`)),
        );
      })
      .once('error', reject);
  });
}
