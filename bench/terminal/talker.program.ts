/**
 * A dev server that prints what it is asked for over HTTP, so that a flood begins when all else was measured: the same program in
 * every terminal that is compared. It answers on `PORT`; what is typed is echoed by its terminal, as with any program that
 * reads whole lines. Ctrl+C ends a flood, and not the program.
 */
import { createServer } from 'node:http';
import { endMark, LINES_OF_AN_HOUR, printedLines } from './printed';

const BATCH_MS = 20;
/** Small enough that a Ctrl+C is heard soon, also where a slow terminal takes it. */
const chunk = printedLines(16 * 1024);
let isInterrupted = false;

/** The next piece when the last is taken: probes are answered between two. */
function flood(bytes: number, mark: string): void {
  if (bytes <= 0 || isInterrupted) return void process.stdout.write(endMark(mark));
  process.stdout.write(chunk, () => setImmediate(flood, bytes - chunk.length, mark));
}

/** The lines of an hour, evenly over `ms`. */
function hour(ms: number, mark: string): void {
  const beginMs = performance.now();
  const line = printedLines(1);
  let printed = 0;
  const timer = setInterval(() => {
    const due = Math.min(LINES_OF_AN_HOUR, Math.ceil(((performance.now() - beginMs) / ms) * LINES_OF_AN_HOUR));
    process.stdout.write(line.repeat(due - printed));
    printed = due;
    if (printed < LINES_OF_AN_HOUR) return;
    clearInterval(timer);
    process.stdout.write(endMark(mark));
  }, BATCH_MS);
}

createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const mark = searchParams.get('mark') ?? '';
  response.end('ok', () => {
    isInterrupted = false;
    if (pathname === '/flood') flood(Number(searchParams.get('bytes')), mark);
    if (pathname === '/hour') hour(Number(searchParams.get('ms')), mark);
  });
}).listen(Number(process.env['PORT']), '127.0.0.1');
process.stdin.resume();
process.on('SIGINT', () => (isInterrupted = true));
