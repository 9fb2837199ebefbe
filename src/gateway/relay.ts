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

/** What changes the headers of all answers to this request. */
export function contextOf(app: string, asked: Asked, upstreamPort: number): Omit<AnswerContext, 'scriptHash'> {
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
  context: Omit<AnswerContext, 'scriptHash'>,
  script: InlineScript,
): void {
  if (response.headersSent || response.destroyed) {
    answered.destroy();
    return;
  }
  const status = answered.statusCode ?? 0;
  const isForScript = isPage(asked.method, asked.headers, status, answered.headers);
  const scriptHash = isForScript ? script.source : undefined;
  response.writeHead(status, answered.statusMessage, toBrowser(answered.headers, { ...context, scriptHash }));
  // An event stream is open before its first event.
  response.flushHeaders();
  const changes =
    isForScript && asked.method !== 'HEAD'
      ? [...decoders(answered.headers['content-encoding']), new HtmlInjection(script.tag(asked.path))]
      : [];
  // What broke, the streams have told each other by closing.
  pipeline([answered, ...changes, response], () => undefined);
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
