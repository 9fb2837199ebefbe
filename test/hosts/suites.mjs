// What `npm test` runs, and in which order.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { oldestCodeServer } from './codeServerInstall.mjs';
import { inRepo } from './paths.mjs';

/**
 * @typedef {object} Suite
 * @property {string} folder below test/
 * @property {string} kind files are called `*.<kind>.test.ts`
 * @property {number} timeoutMs of one test, unless it says otherwise
 * @property {boolean} editor it needs code-server, Chromium and the sample workspace
 * @property {number} [jobs] how many of its files run at once, by mocha's own means: they share the network
 * @property {boolean} [isApart] each of its files may run beside others as long as it has a network of its own
 * @property {readonly string[]} [first] of these the longest: begun last, one of them would run alone at the end
 * @property {readonly string[]} [only] these files alone
 * @property {string} [codeServer] this version, whatever the run has chosen
 */

/** In the order in which they run: what fails fast comes first. @type {Readonly<Record<string, Suite>>} */
export const suites = {
  unit: { folder: 'unit', kind: 'unit', timeoutMs: 10_000, editor: false },
  contract: {
    folder: 'contract',
    kind: 'contract',
    timeoutMs: 60_000,
    editor: false,
    jobs: 3,
    first: ['house', 'appFolder', 'hostLife', 'cliHungHost', 'cli', 'vsix', 'printedIssues'],
  },
  simulation: { folder: 'simulation', kind: 'simulation', timeoutMs: 180_000, editor: false },
  // Faults take their time waiting, each on a machine of its own: several files at once.
  faults: {
    folder: 'faults',
    kind: 'faults',
    timeoutMs: 60_000,
    editor: false,
    jobs: 3,
    first: ['failpoints', 'redis', 'serverFaults', 'processesKilled', 'hostKilled', 'redisHosts', 'redisDelay'],
  },
  host: { folder: 'integration', kind: 'host', timeoutMs: 120_000, editor: true, isApart: true },
  tabs: {
    folder: 'integration',
    kind: 'tabs',
    timeoutMs: 180_000,
    editor: true,
    isApart: true,
    first: [
      'gateway',
      'faults',
      'windows',
      'foreign',
      'mobileWeb',
      'oneServer',
      'previewLook',
      'faultsUpdate',
      'mobile',
    ],
  },
  // The oldest editor that the manifest promises: what happens inside of it, and the core of what a person sees.
  oldestHost: {
    folder: 'integration',
    kind: 'host',
    timeoutMs: 120_000,
    editor: true,
    isApart: true,
    codeServer: oldestCodeServer,
  },
  oldestTabs: {
    folder: 'integration',
    kind: 'tabs',
    timeoutMs: 180_000,
    editor: true,
    isApart: true,
    codeServer: oldestCodeServer,
    only: ['oneServer', 'preview'],
  },
  soak: { folder: 'soak', kind: 'soak', timeoutMs: 60_000, editor: true },
};

/**
 * The compiled files of a suite, the longest first.
 * @param {Suite} suite
 * @param {readonly string[] | undefined} wanted only those with one of these in their names
 * @returns {Promise<string[]>} absolute paths
 */
export async function filesOf(suite, wanted) {
  const dir = inRepo('out', 'test', suite.folder);
  const ending = `.${suite.kind}.test.js`;
  return (await readdir(dir, { recursive: true }).catch(() => /** @type {string[]} */ ([])))
    .filter((file) => file.endsWith(ending))
    .filter((file) => suite.only === undefined || suite.only.includes(path.basename(file, ending)))
    .filter((file) => wanted === undefined || wanted.some((text) => file.includes(text)))
    .sort((a, b) => turnOf(suite, a) - turnOf(suite, b) || (a < b ? -1 : 1))
    .map((file) => path.join(dir, file));
}

/** @param {Suite} suite @param {string} file @returns {number} lower goes first */
function turnOf({ kind, first = [] }, file) {
  const place = first.indexOf(path.basename(file, `.${kind}.test.js`));
  return place < 0 ? first.length : place;
}
