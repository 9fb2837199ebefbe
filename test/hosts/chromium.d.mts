import type { Browser, BrowserContext, LaunchOptions } from 'playwright-core';
/** Installs Chromium unless it is there, and returns the path of its command. */
export declare function ensureChromium(): Promise<string>;
/** Starts a headless Chromium that works as root and without a display. Close it with `close()`. */
export declare function launchChromium(options?: LaunchOptions): Promise<Browser>;
/** The same as one window with a profile in this folder, where nothing is blocked as in a private one. Close it with `close()`. */
export declare function launchChromiumProfile(folder: string, options?: LaunchOptions): Promise<BrowserContext>;
