import type { GATEWAY_HEADER, GATEWAY_PATH, PREVIEW_MARK } from '../sessions/gatewayProtocol';

/**
 * The names of the contract as values. The gateway shares nothing but types with the rest of the house (DESIGN section 3);
 * the compiler compares each with the contract's.
 */
export const gatewayPath: typeof GATEWAY_PATH = '/__cheatcode/';
export const gatewayHeader: typeof GATEWAY_HEADER = 'x-cheatcode-gateway';
export const previewMark: typeof PREVIEW_MARK = 'cheatcode.preview.1';
/** At the root, so that the service worker's default scope is all that the gateway serves. */
export const workerPath = '/__cheatcode-worker.js';
