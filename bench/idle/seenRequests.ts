/** What an app's server itself saw of requests. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repoRoot } from '../../test/contract/support/hostRig';

const program = path.join(repoRoot, 'out/test/bench/idle/requests.program.js');

export interface SeenRequest {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** `GET /path` */
  readonly what: string;
}

/** The environment of a server that writes into this file what it sees. */
export function requestsInto(file: string): Record<string, string> {
  return { NODE_OPTIONS: `--require "${program}"`, BENCH_REQUESTS: file };
}

/** The requests of a span of time, both ends in milliseconds since the epoch. */
export function seenRequests(file: string, fromMs: number, toMs: number): readonly SeenRequest[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines
    .map((line) => {
      const at = line.indexOf(' ');
      return { atMs: Number(line.slice(0, at)), what: line.slice(at + 1) };
    })
    .filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
}
