/** What is measured of one way to a server, with connections that are kept as a browser keeps them. */
import http from 'node:http';
import { gatewayHeader } from '../../src/gateway/names';
import { median } from '../figures';
import { cpuMsOf } from './cpu';
import { ASSET_BYTES } from './sizes';

/** Of one measurement. */
export const ASSET_REQUESTS = 8;
const PARALLEL_REQUESTS = 100;
/** Far more than any answer takes. */
const ANSWER_LIMIT_MS = 60_000;

/** What a server is asked for. */
export interface Load {
  /** Paths: a small answer, a page, and a file of `ASSET_BYTES`. */
  readonly small: string;
  readonly page: string;
  readonly asset: string;
  /** How often small answers and pages are asked for, one after another, for one median. */
  readonly requests: number;
}

/** How a client reaches the server. */
export interface Way {
  /** Without a slash at its end. */
  readonly url: string;
  /** Whether the gateway is on it: then, and only then, answers bear its header. */
  readonly hasGateway: boolean;
  /** The process between, whose CPU counts. */
  readonly pid?: number;
}

export interface Measures {
  /** Median of single small requests, one after another. */
  readonly smallMs: number;
  /** Median of pages, asked for as a browser's frame does. */
  readonly pageMs: number;
  readonly assetMbPerSecond: number;
  /** What the process between took for all `ASSET_REQUESTS` together; NaN where there is none. */
  readonly assetCpuMs: number;
  /** Until the last of 100 small requests at once is answered. */
  readonly parallelMs: number;
}

/** Measures one way; rejects when an answer is not whole, or did not come by that way. */
export async function measure(
  { url, hasGateway, pid }: Way,
  { small, page, asset, requests }: Load,
): Promise<Measures> {
  const agent = new http.Agent({ keepAlive: true });
  const get = async (path: string, headers: http.OutgoingHttpHeaders = {}) => {
    const answer = await answerOf(`${url}${path}`, { headers, agent });
    if (answer.isOfGateway !== hasGateway) throw new Error(`${url} did not answer by the way that is measured`);
    return answer.bytes;
  };
  const cpuMs = () => (pid === undefined ? NaN : cpuMsOf(pid));
  try {
    await get(small);
    const smallMs = median(await timesOf(requests, () => get(small)));
    const frame = { 'sec-fetch-dest': 'iframe', 'sec-fetch-mode': 'navigate', accept: 'text/html' };
    const pageMs = median(await timesOf(requests, () => get(page, frame)));
    const cpuBeforeMs = cpuMs();
    const assetMs = median(
      await timesOf(ASSET_REQUESTS, async () => {
        const bytes = await get(asset);
        if (bytes !== ASSET_BYTES) throw new Error(`${bytes} bytes came`);
      }),
    );
    const assetCpuMs = cpuMs() - cpuBeforeMs;
    const began = performance.now();
    await Promise.all(Array.from({ length: PARALLEL_REQUESTS }, () => get(small)));
    return {
      smallMs,
      pageMs,
      assetMbPerSecond: (ASSET_BYTES / 2 ** 20 / assetMs) * 1000,
      assetCpuMs,
      parallelMs: performance.now() - began,
    };
  } finally {
    agent.destroy();
  }
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

function answerOf(
  url: string,
  options: http.RequestOptions,
): Promise<{ readonly bytes: number; readonly isOfGateway: boolean }> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { ...options, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }, (response) => {
        const isOfGateway = response.headers[gatewayHeader] !== undefined;
        let bytes = 0;
        response.on('data', (chunk: Buffer) => (bytes += chunk.length));
        response.once('error', (error) => reject(new Error(`${url}: cut off after ${bytes} bytes`, { cause: error })));
        response.once('end', () =>
          response.statusCode === 200
            ? resolve({ bytes, isOfGateway })
            : reject(new Error(`${url}: status ${response.statusCode}`)),
        );
      })
      .once('error', (error) => reject(new Error(`${url}: ${error.message}`, { cause: error })));
  });
}
