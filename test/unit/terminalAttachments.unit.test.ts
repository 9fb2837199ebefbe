import assert from 'node:assert/strict';
import type { OutputSink } from '../../src/sessions/devServers';
import type { Peer } from '../../src/sessions/rpcPeer';
import { TerminalAttachments } from '../../src/sessions/terminalAttachments';
import { quietLog } from '../contract/support/quietLog';

describe('the terminals of a window', () => {
  /** What the host was asked and told, in order. */
  let told: string[];
  let isConnected: boolean;
  let sessionId: string | undefined;
  let terminals: TerminalAttachments;
  beforeEach(() => {
    told = [];
    isConnected = true;
    sessionId = 's1';
    const note = (method: string, params: unknown) => void told.push(`${method} ${JSON.stringify(params)}`);
    const peer = {
      call: (method: string, params: unknown) => Promise.resolve(note(method, params)),
      notify: note,
    } as unknown as Peer;
    terminals = new TerminalAttachments({
      peer: () => (isConnected ? peer : undefined),
      sessionId: () => sessionId,
      log: quietLog(),
    });
  });

  /** A terminal that takes its output when it is told to. */
  class Sink implements OutputSink {
    readonly seen: string[] = [];
    #took: (() => void) | undefined;
    onReset(screen: string): void {
      this.seen.push(`screen ${screen}`);
    }
    onData(data: string): Promise<void> {
      this.seen.push(data);
      return new Promise((resolve) => (this.#took = resolve));
    }
    onLost(): void {
      this.seen.push('lost');
    }
    take(): void {
      this.#took?.();
    }
  }
  const size = { cols: 80, rows: 24 };
  const chunk = (data: string, reset = false) => ({ sessionId: 's1', data, reset, ...size });

  it('are attached at once where there is a session, in their size', () => {
    terminals.attach('app', size, new Sink());
    assert.deepEqual(told, ['attach {"sessionId":"s1","cols":80,"rows":24}']);
  });

  it('are attached when a session is known, once, in the size that they have then', () => {
    sessionId = undefined;
    const terminal = terminals.attach('app', size, new Sink());
    terminal.resize(100, 30);
    terminal.write('x');
    terminals.onSession('other');
    assert.deepEqual(told, []);
    sessionId = 's1';
    terminals.onSession('app');
    terminals.onSession('app');
    assert.deepEqual(told, ['attach {"sessionId":"s1","cols":100,"rows":30}']);
  });

  it('acknowledge what all of them have taken, and at once what nobody shows', async () => {
    const [one, other] = [new Sink(), new Sink()];
    terminals.attach('app', size, one);
    terminals.attach('app', size, other);
    told.length = 0;
    terminals.onOutput(chunk('abc'));
    one.take();
    await Promise.resolve();
    assert.deepEqual(told, []);
    other.take();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(told, ['ack {"sessionId":"s1","chars":3}']);
    terminals.onOutput({ ...chunk('of another'), sessionId: 's2' });
    assert.equal(told[1], 'ack {"sessionId":"s2","chars":10}');
    assert.deepEqual([one.seen, other.seen], [['abc'], ['abc']]);
  });

  it('hear once that the host is lost, and are attached again when another is there', () => {
    const sink = new Sink();
    const terminal = terminals.attach('app', size, sink);
    isConnected = false;
    terminals.onDisconnected();
    terminals.onDisconnected();
    terminal.write('typed meanwhile');
    isConnected = true;
    sessionId = 's9';
    terminals.onJoined();
    terminals.onOutput({ ...chunk('$ ', true), sessionId: 's9' });
    assert.deepEqual(sink.seen, ['lost', 'screen $ ']);
    assert.deepEqual(told.slice(1), [
      'attach {"sessionId":"s9","cols":80,"rows":24}',
      'ack {"sessionId":"s9","chars":2}',
    ]);
  });

  it('detach when they are closed, and take nothing any more', () => {
    const sink = new Sink();
    const terminal = terminals.attach('app', size, sink);
    terminal.dispose();
    terminal.dispose();
    terminals.onOutput(chunk('late'));
    assert.deepEqual(told.slice(1), ['detach {"sessionId":"s1"}', 'ack {"sessionId":"s1","chars":4}']);
    assert.deepEqual(sink.seen, []);
  });
});
