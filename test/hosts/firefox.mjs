// Debian's Firefox, driven over WebDriver BiDi by puppeteer-core: works as root, without a display and without a network.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ensureCommand } from './debian.mjs';

/** Installs Firefox unless it is there, and returns the path of its command. */
export function ensureFirefox() {
  return ensureCommand({
    title: 'Firefox',
    commands: ['firefox-esr', 'firefox'],
    packages: ['firefox-esr', 'fonts-dejavu-core', 'fonts-liberation'],
  });
}

/**
 * Starts a headless Firefox that works as root and without a display; the caller closes it.
 * @param {string} folder for all that it writes
 * @returns {Promise<import('puppeteer-core').Browser>}
 */
export async function launchFirefox(folder) {
  // Not at the top: the set-up imports this file before `npm ci`.
  const { default: puppeteer } = await import('puppeteer-core');
  const executablePath = await ensureFirefox();
  const [home, profile] = [path.join(folder, 'home'), path.join(folder, 'profile')];
  await Promise.all([home, profile].map((one) => mkdir(one, { recursive: true })));
  return puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    userDataDir: profile,
    env: {
      ...process.env,
      // Firefox refuses a home that another user owns, as root's is under sudo, and keeps its cache there.
      HOME: home,
      XDG_CACHE_HOME: path.join(home, '.cache'),
      TMPDIR: folder,
      MOZ_CRASHREPORTER_DISABLE: '1',
    },
  });
}
