import type { Browser } from 'puppeteer-core';
/** Installs Firefox unless it is there, and returns the path of its command. */
export declare function ensureFirefox(): Promise<string>;
/**
 * Starts a headless Firefox that works as root and without a display; all that it writes lies below `folder`. Close it with
 * `close()`.
 */
export declare function launchFirefox(folder: string): Promise<Browser>;
