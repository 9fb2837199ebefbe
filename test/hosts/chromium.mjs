// Debian's Chromium, driven by playwright-core: works as root, without a display and without a network.
import { ensureCommand } from './debian.mjs';

/** Installs Chromium unless it is there, and returns the path of its command. */
export function ensureChromium() {
  return ensureCommand({
    title: 'Chromium',
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    // The sandbox for people who are not root; the fonts, or screenshots would show no text.
    packages: ['chromium', 'chromium-sandbox', 'fonts-dejavu-core', 'fonts-liberation'],
  });
}

/** Background services off: on a machine without a network each would retry for ever. */
const flags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A tab that is not in front works on like the others.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-dev-shm-usage',
];

/**
 * @param {import('playwright-core').LaunchOptions} [options]
 * @returns {Promise<import('playwright-core').Browser>}
 */
export async function launchChromium(options = {}) {
  // Not at the top: the set-up imports this file before `npm ci`.
  const { chromium } = await import('playwright-core');
  const executablePath = await ensureChromium();
  return chromium.launch({
    executablePath,
    headless: true,
    ...options,
    // The sandbox of Chromium can't be had as root.
    args: [...flags, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...(options.args ?? [])],
  });
}
