import type { Browser, LaunchOptions } from 'playwright-core';
/** Installs Chromium unless it is there, and returns the path of its command. */
export declare function ensureChromium(): Promise<string>;
/** Starts a headless Chromium that works as root and without a display. Close it with `close()`. */
export declare function launchChromium(options?: LaunchOptions): Promise<Browser>;
