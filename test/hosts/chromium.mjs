// Debian's Chromium, driven by playwright-core: works as root, without a display and without a network.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
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
 * Starts a headless Chromium that works as root and without a display; the caller closes it.
 * @param {import('playwright-core').LaunchOptions} [options]
 * @returns {Promise<import('playwright-core').Browser>}
 */
export async function launchChromium(options = {}) {
  // Not at the top: the set-up imports this file before `npm ci`.
  const { chromium } = await import('playwright-core');
  return chromium.launch(await withDefaults(options));
}

/** Chrome's default in a window that is not private: other sites' frames may keep things. Debian's own is stricter. */
const preferences = { profile: { block_third_party_cookies: false, cookie_controls_mode: 0 } };

/**
 * A window with a profile of its own, which is no private one as those of {@link launchChromium} are.
 * @param {string} folder of the profile, which is made
 * @param {import('playwright-core').LaunchOptions} [options]
 * @returns {Promise<import('playwright-core').BrowserContext>}
 */
export async function launchChromiumProfile(folder, options = {}) {
  const { chromium } = await import('playwright-core');
  await mkdir(path.join(folder, 'Default'), { recursive: true });
  await writeFile(path.join(folder, 'Default', 'Preferences'), JSON.stringify(preferences));
  return chromium.launchPersistentContext(folder, await withDefaults(options));
}

/**
 * @param {import('playwright-core').LaunchOptions} options
 * @returns {Promise<import('playwright-core').LaunchOptions>}
 */
async function withDefaults(options) {
  return {
    executablePath: await ensureChromium(),
    headless: true,
    ...options,
    // The sandbox of Chromium can't be had as root.
    args: [...flags, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...(options.args ?? [])],
  };
}
