/** What reads a `cheatcode.json`. A window loads it where there is such a file (`configReading.ts`). */
import { parseCheatcodeConfig } from './cheatcodeConfig';
import { checkConfig } from './configCheck';

/** The reader, for whoever looks for apps. */
export const configReader = { parseCheatcodeConfig, checkConfig };

export type ConfigReader = typeof configReader;
