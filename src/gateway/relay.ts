/** The way of an answer to the browser: its headers changed, its body piped, with the script in it if it is a page. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { HtmlInjection } from './htmlInjection';
import type { InlineScript } from './inlineScript';
import { isCrossSiteFramed, isPage } from './pages';
import { toBrowser, type AnswerContext } from './responseHeaders';

/** A request as the browser sent it. */
export interface Asked {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** With the query. */
  readonly path: string;
}

/** The part of the context that the request alone decides. */
type RequestContext = Omit<AnswerContext, 'scriptHash' | 'redirectedFrom'>;

/** Those that a browser follows. A `Location` with another status is for scripts to read. */
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What changes the headers of all answers to this request. */
export function contextOf(app: string, asked: Asked, upstreamPort: number): RequestContext {
  const forwarded = asked.headers['x-forwarded-host'];
  return {
    app,
    upstreamPort,
    hosts: [asked.headers.host, typeof forwarded === 'string' ? forwarded.split(',')[0]?.trim() : undefined],
    isCrossSiteFramed: isCrossSiteFramed(asked.headers),
  };
}

/**
 * Sends the answer on as it comes, as fast as the browser takes it. When the server breaks off, so does the connection to
 * the browser: half an answer must not look like a whole one. Throws when the head can't be written.
 */
export function relay(
  answered: IncomingMessage,
  response: ServerResponse,
  asked: Asked,
  context: RequestContext,
  script: InlineScript,
): void {
  if (response.headersSent || response.destroyed) {
    answered.destroy();
    return;
  }
  const status = answered.statusCode ?? 0;
  const isForScript = isPage(asked.method, asked.headers, status, answered.headers);
  const scriptHash = isForScript ? script.source : undefined;
  const redirectedFrom = redirects.has(status) ? asked.path : undefined;
  const headers = toBrowser(answered.headers, { ...context, scriptHash, redirectedFrom });
  response.writeHead(status, answered.statusMessage, headers);
  // An event stream is open before its first event.
  response.flushHeaders();
  const changes =
    isForScript && asked.method !== 'HEAD'
      ? [...decoders(answered.headers['content-encoding']), new HtmlInjection(script.tag(asked.path))]
      : [];
  // What broke, the streams have told each other by closing.
  if (changes.length > 0) pipeline([answered, ...changes, response], () => undefined);
  else pass(answered, response);
}

/** What `pipeline` does, for two; it costs a tenth of a small answer's way (bench/gateway/result.md). */
function pass(answered: IncomingMessage, response: ServerResponse): void {
  answered.once('error', () => response.destroy());
  answered.once('close', () => {
    if (!answered.readableEnded) response.destroy();
  });
  response.once('close', () => answered.destroy()).on('error', () => answered.destroy());
  answered.pipe(response);
}

/** What a server compressed although a page is asked for without. A piece is handed on as soon as it can be read. */
function decoders(encoding: string | undefined): Transform[] {
  switch (encoding?.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
    case 'deflate':
      return [zlib.createUnzip({ flush: zlib.constants.Z_SYNC_FLUSH })];
    case 'br':
      return [zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH })];
    default:
      return [];
  }
}
