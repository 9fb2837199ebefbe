import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { errorMessage, type Logger } from '../log';

const UNUSED_MS = 30 * 24 * 3600 * 1000;

/**
 * Removes host copies and scopes that nobody has used for 30 days, and marks our own as used. A failure is only logged:
 * it costs disk, nothing else.
 */
export function removeUnusedCopies(stateFolder: string, ownFolder: string, log: Logger): void {
  const now = Date.now();
  try {
    const copies = path.join(stateFolder, 'bin');
    const folders = [
      ...readdirSync(copies).map((name) => path.join(copies, name)),
      ...readdirSync(stateFolder)
        .filter((name) => /^[0-9a-f]{12}$/.test(name))
        .map((name) => path.join(stateFolder, name)),
    ];
    utimesSync(ownFolder, now / 1000, now / 1000);
    for (const folder of folders) {
      const stats = statSync(folder);
      if (folder === ownFolder || !stats.isDirectory() || now - stats.mtimeMs < UNUSED_MS) continue;
      log.info('removing what nobody used for 30 days', { folder });
      rmSync(folder, { recursive: true, force: true });
    }
  } catch (error) {
    log.debug('house-keeping left undone', { error: errorMessage(error) });
  }
}
