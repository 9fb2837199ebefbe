import assert from 'node:assert/strict';
import { OutputStream, type OutputChunk, type OutputReader } from '../../src/sessions/host/outputStream';
import { Screen } from '../../src/sessions/host/screen';
import { OUTPUT_CREDIT_CHARS } from '../../src/sessions/protocol';
import { waitUntil } from '../contract/support/waitUntil';
import { randomOf } from './support/random';

/** A client: what it shows is the last picture and what came after it. */
class Client {
  readonly chunks: OutputChunk[] = [];
  readonly reader: OutputReader;
  acks: boolean;

  constructor(stream: OutputStream, acks = true) {
    this.acks = acks;
    this.reader = stream.attach((chunk) => {
      this.chunks.push(chunk);
      // As over a socket: the acknowledgement comes back later.
      if (this.acks) setImmediate(() => this.reader.ack(chunk.data.length));
    });
  }

  /** All that was sent since the last picture, with it. */
  get shown(): string {
    const from = this.chunks.findLastIndex(({ reset }) => reset);
    return from < 0
      ? ''
      : this.chunks
          .slice(from)
          .map(({ data }) => data)
          .join('');
  }

  /** The words that it shows, in order; they are numbered, so that a loss and a double are seen. */
  get words(): readonly string[] {
    return this.shown.match(/<\d+>/g) ?? [];
  }

  get resets(): number {
    return this.chunks.filter(({ reset }) => reset).length;
  }

  ackAll(): void {
    this.acks = true;
    this.reader.ack(this.chunks.reduce((sum, { data }) => sum + data.length, 0));
  }
}

describe('the output of a session', () => {
  let screen: Screen;
  let stream: OutputStream;
  let next: number;
  beforeEach(() => {
    screen = new Screen(80, 24);
    stream = new OutputStream(screen);
    next = 0;
  });
  afterEach(() => screen.dispose());

  /** Writes numbered words, some of them on a line of their own. */
  const write = (count = 1) => {
    for (let n = 0; n < count; n++) stream.write(`<${next++}>\r\n`);
  };
  const all = () => Array.from({ length: next }, (_, n) => `<${n}>`);
  const shows = (client: Client, words: readonly string[]) =>
    waitUntil(`${words.length} words are shown`, () => client.words.length >= words.length && client.resets > 0).then(
      () => assert.deepEqual(client.words, words),
    );

  it('begins with a picture of all before it, and goes on with what follows', async () => {
    write(3);
    const client = new Client(stream);
    write(3);
    await shows(client, all());
    assert.deepEqual(
      client.chunks.map(({ reset }) => reset),
      [true, false],
    );
  });

  it('begins with an empty picture when there was none', async () => {
    const client = new Client(stream);
    await waitUntil('the picture is there', () => client.resets === 1);
    assert.equal(client.chunks[0]?.data, '');
    assert.deepEqual([client.chunks[0].cols, client.chunks[0].rows], [80, 24]);
  });

  it('that is written in one turn of the loop arrives as one message', async () => {
    const client = new Client(stream);
    await waitUntil('the picture is there', () => client.resets === 1);
    write(100);
    await shows(client, all());
    assert.equal(client.chunks.length, 2);
  });

  it('reaches every client whole, whenever each of them comes, falls behind, is reset or leaves', async function () {
    this.timeout(15_000);
    for (let seed = 1; seed <= 60; seed++) {
      screen.dispose();
      screen = new Screen(80, 24);
      stream = new OutputStream(screen);
      next = 0;
      const random = randomOf(seed);
      const clients: Client[] = [];
      for (let step = 0; step < 60; step++) {
        const roll = random();
        const client = clients[Math.floor(random() * clients.length)];
        if (roll < 0.5) write(1 + Math.floor(random() * 3));
        else if (roll < 0.62) clients.push(new Client(stream, random() < 0.6));
        else if (roll < 0.7) client?.ackAll();
        else if (roll < 0.74) stream.resetAll();
        else if (roll < 0.78 && client) {
          client.reader.dispose();
          clients.splice(clients.indexOf(client), 1);
        } else if (roll < 0.82)
          stream.write('\x1b[0m'.repeat(25_000)); // Enough for some to fall behind.
        else if (roll < 0.9) await new Promise((resolve) => setImmediate(resolve));
        else await new Promise((resolve) => setTimeout(resolve, 1));
      }
      for (const client of clients) client.ackAll();
      stream.write('\r\nend\r\n');
      for (const client of clients) {
        await waitUntil(`all of round ${seed} is shown`, () => client.shown.includes('end'));
        assert.deepEqual(client.words, all(), `seed ${seed}`);
      }
    }
  });

  it('reaches the others at once when one client does not read', async () => {
    const [reads, sleeps] = [new Client(stream), new Client(stream, false)];
    await waitUntil('both have a picture', () => reads.resets === 1 && sleeps.resets === 1);
    for (let n = 0; n < 40; n++) {
      stream.write('x'.repeat(20_000));
      write();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await shows(reads, all());
    assert.equal(reads.resets, 1, 'who reads is never reset');
    const sent = sleeps.chunks.reduce((sum, { data }) => sum + data.length, 0);
    assert.ok(sent <= OUTPUT_CREDIT_CHARS, `${sent} characters for a client that does not read`);
  });

  it('goes on with a fresh picture for a client that reads again, and skips what it missed', async () => {
    const client = new Client(stream, false);
    await waitUntil('it has a picture', () => client.resets === 1);
    for (let n = 0; n < 40; n++) {
      stream.write('x'.repeat(20_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    stream.write('\x1b[2J\x1b[3J\x1b[H');
    write(3);
    client.ackAll();
    write(2);
    await waitUntil('the last word is there', () => client.words.includes('<4>'));
    assert.equal(client.resets, 2);
    assert.deepEqual(client.words, all());
  });

  it('is cut into messages of a size that a peer takes', async () => {
    const client = new Client(stream);
    await waitUntil('it has a picture', () => client.resets === 1);
    stream.write('\x00'.repeat(200_000));
    await waitUntil('all is there', () => client.shown.length === 200_000);
    assert.ok(client.chunks.every(({ data }) => JSON.stringify(data).length < 900_000));
  });

  it('begins anew for all when the screen changes its size', async () => {
    write(2);
    const [a, b] = [new Client(stream), new Client(stream)];
    await waitUntil('both have a picture', () => a.resets === 1 && b.resets === 1);
    write();
    screen.resize(100, 30);
    stream.resetAll();
    await waitUntil('both have a new one', () => a.resets === 2 && b.resets === 2);
    for (const client of [a, b]) {
      assert.deepEqual(client.words, all());
      assert.deepEqual([client.chunks.at(-1)?.cols, client.chunks.at(-1)?.rows], [100, 30]);
    }
  });

  it('reaches nobody who has left, not even with the picture that was on its way', async () => {
    const [leaves, stays] = [new Client(stream), new Client(stream)];
    leaves.reader.dispose();
    leaves.reader.dispose();
    write();
    await shows(stays, all());
    assert.deepEqual(leaves.chunks, []);
  });
});
