/** What is asked for, in bytes: an answer of an API, a script or picture that is big, a page that gets our script. */
export const SMALL_BYTES = 1024;
export const ASSET_BYTES = 10 * 1024 * 1024;
export const PAGE_BYTES = 30 * 1024;
