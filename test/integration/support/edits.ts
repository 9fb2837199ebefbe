/** Edits of an app's file while a page of it is open. */
import { open, readFile } from 'node:fs/promises';
import { eventually } from './workbench';

/** What the sample's `Edited.js` says as it is laid. */
const FIRST = 'before';

/** The sample's file whose text a test changes. The test restores it. */
export class EditedFile {
  private constructor(
    readonly file: string,
    readonly first: string,
  ) {}

  static async at(file: string): Promise<EditedFile> {
    return new EditedFile(file, await readFile(file, 'utf8'));
  }

  /**
   * Lets the page say `word`. In one write that never leaves the file empty: a compiler that looks between an emptying and a
   * write takes it for one that exports nothing, and the page loses its state over that.
   */
  async say(word: string): Promise<void> {
    const text = this.first.replace(FIRST, word).padEnd(this.first.length, '\n');
    const handle = await open(this.file, 'r+');
    try {
      await handle.write(text, 0);
      await handle.truncate(Buffer.byteLength(text));
    } finally {
      await handle.close();
    }
  }

  async restore(): Promise<void> {
    await this.say(FIRST);
  }

  /**
   * Edits until the page shows it; from then on no edit may be lost. Turbopack answers a page that subscribes to a chunk with
   * changes from then on, and tells nobody when "then" is (`subscribeToHmrEvents` in Next's hot-reloader-turbopack.js swallows the
   * first answer): what is edited before is lost to the page, without a gateway, too.
   */
  async untilShown(shown: () => Promise<string>): Promise<void> {
    let number = 0;
    await eventually('any edit to be shown', async () => {
      const word = `ready${++number}`;
      await this.say(word);
      await eventually(`the page to say ${word}`, async () => (await shown()) === word, 5_000);
      return true;
    });
  }
}
