/**
 * The terminals of one window, each attached to the session of its app for as long as there is one and a connection. Output is
 * acknowledged when all of them have taken it: a host never sends more than they draw.
 */
import type { OutputSink, TerminalAttachment } from './devServers';
import type { Disposable } from './event';
import { errorMessage, type Logger } from './log';
import type { HostNotifications } from './protocol';
import type { Peer } from './rpcPeer';

/** Answers to these requests come at once. */
const ATTACH_TIMEOUT_MS = 10_000;

/** What the terminals need of their window. */
export interface TerminalAttachmentsPorts {
  /** Undefined while nobody is connected. */
  readonly peer: () => Peer | undefined;
  /** Undefined while the host knows no session of the app. */
  readonly sessionId: (appKey: string) => string | undefined;
  readonly log: Logger;
}

interface Attachment {
  readonly appKey: string;
  readonly sink: OutputSink;
  cols: number;
  rows: number;
  /** The session it is attached to, on the present connection. */
  sessionId: string | undefined;
}

/** Whoever makes it says when a connection is there, a session is known, output has come, and the connection is lost; and disposes. */
export class TerminalAttachments implements Disposable {
  readonly #ports: TerminalAttachmentsPorts;
  readonly #all = new Set<Attachment>();

  constructor(ports: TerminalAttachmentsPorts) {
    this.#ports = ports;
  }

  /** A terminal of an app, attached now or as soon as there is a session. */
  attach(appKey: string, size: { readonly cols: number; readonly rows: number }, sink: OutputSink): TerminalAttachment {
    const attachment: Attachment = { appKey, sink, cols: size.cols, rows: size.rows, sessionId: undefined };
    this.#all.add(attachment);
    this.#attachToSession(attachment);
    return {
      write: (data) => {
        if (attachment.sessionId !== undefined)
          this.#ports.peer()?.notify('input', { sessionId: attachment.sessionId, data });
      },
      resize: (cols, rows) => {
        attachment.cols = cols;
        attachment.rows = rows;
        if (attachment.sessionId !== undefined)
          this.#ports.peer()?.notify('resize', { sessionId: attachment.sessionId, cols, rows });
      },
      dispose: () => {
        if (!this.#all.delete(attachment) || attachment.sessionId === undefined) return;
        // The connection may end first, and then the host has detached by itself.
        this.#ports
          .peer()
          ?.call('detach', { sessionId: attachment.sessionId })
          .catch((error: unknown) => this.#ports.log.debug('detach not answered', { error: errorMessage(error) }));
      },
    };
  }

  /** A connection is there, and what sessions there are is known. */
  onJoined(): void {
    for (const attachment of this.#all) this.#attachToSession(attachment);
  }

  /** This app has a session. */
  onSession(appKey: string): void {
    for (const attachment of this.#all)
      if (attachment.appKey === appKey && attachment.sessionId === undefined) this.#attachToSession(attachment);
  }

  onOutput(chunk: HostNotifications['output']): void {
    const peer = this.#ports.peer();
    const taken: Promise<void>[] = [];
    for (const { sessionId, sink } of this.#all) {
      if (sessionId !== chunk.sessionId) continue;
      const one = chunk.reset ? sink.onReset(chunk.data, chunk.cols, chunk.rows) : sink.onData(chunk.data);
      if (one) taken.push(one);
    }
    const ack = () => peer?.notify('ack', { sessionId: chunk.sessionId, chars: chunk.data.length });
    if (taken.length === 0) ack();
    else void Promise.all(taken).then(ack);
  }

  onDisconnected(): void {
    for (const attachment of this.#all) {
      if (attachment.sessionId === undefined) continue;
      attachment.sessionId = undefined;
      attachment.sink.onLost();
    }
  }

  dispose(): void {
    this.#all.clear();
  }

  #attachToSession(attachment: Attachment): void {
    const sessionId = this.#ports.sessionId(attachment.appKey);
    const peer = this.#ports.peer();
    if (sessionId === undefined || !peer) return;
    attachment.sessionId = sessionId;
    const { cols, rows } = attachment;
    peer.call('attach', { sessionId, cols, rows }, ATTACH_TIMEOUT_MS).catch((error: unknown) => {
      attachment.sessionId = undefined;
      this.#ports.log.warn('terminal not attached', { session: sessionId, error: errorMessage(error) });
    });
  }
}
