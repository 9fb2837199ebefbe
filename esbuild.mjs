// Bundles the product (dist/) and, with --tests, the test suites (out/test/).
// usage: node esbuild.mjs [--production] [--tests] [--watch] [--outdir=DIR --metafiles=FILE]
//        --outdir: the bundles alone, which are the same for all platforms, into an emptied folder; --metafiles: what is in them
import { build, context } from 'esbuild';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureNativePackage, thisTarget, writeOwnNativePart } from './test/hosts/nativePart.mjs';

const root = path.dirname(fileURLToPath(import.meta.url));
const argv = new Set(process.argv.slice(2));
const production = argv.has('--production');
/** @param {string} name @returns {string | undefined} */
const valueOf = (name) => process.argv.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3);
const outdir = valueOf('outdir');
const metafilesName = valueOf('metafiles');

/** What the bundles of the browser's scripts hold: the outer bundles know these only as texts. @type {import('esbuild').Metafile[]} */
const browserMetafiles = [];

/**
 * The scripts that the gateway sends to browsers, by the names `browser:head`, `browser:worker` and `browser:shell`: each bundled
 * to one minified function that calls itself, imported as a text.
 * @type {import('esbuild').Plugin}
 */
const browserScripts = {
  name: 'browser-scripts',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^browser:(?:head|worker|shell)$/ }, ({ path: name }) => ({
      path: path.join(root, 'src/gateway/browser', `${name.slice('browser:'.length)}.ts`),
      namespace: 'browser-script',
    }));
    onLoad({ filter: /.*/, namespace: 'browser-script' }, async ({ path: file }) => {
      const { outputFiles, metafile } = await build({
        absWorkingDir: root,
        entryPoints: [file],
        bundle: true,
        platform: 'browser',
        format: 'iife',
        target: 'es2022',
        minify: true,
        legalComments: 'none',
        write: false,
        metafile: true,
        logLevel: 'warning',
      });
      const watchFiles = Object.keys(metafile.inputs).map((input) => path.join(root, input));
      browserMetafiles.push(metafile);
      // A page normalises line ends, and a hash is of what it reads.
      return { contents: outputFiles[0]?.text.trim() ?? '', loader: 'text', watchFiles };
    });
  },
};

/**
 * What is not bundled, as it is: for a default or a namespace import esbuild makes an object with a getter for each name of
 * the module, in every file anew, and the API of the editor has hundreds.
 * @type {import('esbuild').Plugin}
 */
const plainRequires = {
  name: 'plain-requires',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path: file }) => ({
      contents: (await readFile(file, 'utf8')).replaceAll(
        /^import (?:\* as )?(\w+) from '(vscode|node:[\w/]+)';$/gm,
        "import $1 = require('$2');",
      ),
      loader: 'ts',
    }));
  },
};

/** ESM-only packages in a CJS bundle ask for import.meta.url. */
const importMetaUrl = "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;";

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // jsonc-parser's `main` is UMD and requires its parts by names that no bundler sees.
  mainFields: ['module', 'main'],
  minify: production,
  // The engine holds a text with a single wider character in twice the space, and reads it more slowly.
  charset: 'ascii',
  keepNames: false,
  sourcemap: production ? false : 'linked',
  legalComments: production ? 'none' : 'inline',
  define: { 'import.meta.url': '__importMetaUrl', TEST_BUILD: 'false' },
  plugins: [browserScripts, plainRequires],
  banner: { js: importMetaUrl },
  logLevel: 'warning',
};

/**
 * node-pty asks for its binary by a computed package name, and for a few scripts beside itself by __dirname. In the
 * host's copy of the product there is no node_modules: all of it lies in `native/` beside the bundle.
 * @type {import('esbuild').Plugin}
 */
const nativeBesideBundle = {
  name: 'native-beside-bundle',
  setup(build) {
    build.onLoad({ filter: /@lydell[\\/]node-pty[\\/]\w+\.js$/ }, async ({ path: file }) => {
      const native = "require('node:path').join(__dirname, 'native')";
      if (path.basename(file) === 'requireBinary.js') {
        const contents = `exports.requireBinary = (file) => require(require('node:path').join(${native}, file));`;
        return { contents, loader: 'js' };
      }
      const contents = (await readFile(file, 'utf8'))
        // Windows has a worker and a forked script.
        .replaceAll(/\b__dirname\b/g, `(${native})`)
        // macOS starts programs through a helper beside the binary.
        .replace('require.resolve(helperPath)', `(${native} + '/spawn-helper')`);
      return { contents, loader: 'js' };
    });
  },
};

/**
 * The MCP server checks by a JSON schema only what people answer to its questions, and it asks none: without ajv its bundle is half.
 * @type {import('esbuild').Plugin}
 */
const noSchemaValidator = {
  name: 'no-schema-validator',
  setup(build) {
    build.onLoad({ filter: /sdk[\\/]dist[\\/]esm[\\/]validation[\\/]ajv-provider\.js$/ }, () => ({
      contents: 'export class AjvJsonSchemaValidator {}',
      loader: 'js',
    }));
  },
};

/**
 * Modules that bring a large package and are wanted in several bundles: each is a bundle of its own, which the others load.
 * @type {import('esbuild').Plugin}
 */
const sharedModules = {
  name: 'shared-modules',
  setup({ onResolve }) {
    onResolve({ filter: /\/(?:runCommand|jsonText)$/ }, ({ path: name }) => ({
      path: `./${path.basename(name)}.js`,
      external: true,
    }));
  },
};

/**
 * The bundles of the product: the extension first, then what it loads of the editor's side; a test builds the first in memory.
 * @type {import('esbuild').BuildOptions[]}
 */
export const product = [
  {
    ...common,
    entryPoints: { extension: 'src/extension.ts' },
    outdir: 'dist',
    external: ['vscode'],
  },
  // Most of what a preview is: a window that shows none does not load it.
  { ...common, entryPoints: { livePreview: 'src/providers/livePreview.ts' }, outdir: 'dist', external: ['vscode'] },
  // Wanted when things go wrong, or once.
  { ...common, entryPoints: { showReport: 'src/providers/showReport.ts' }, outdir: 'dist', external: ['vscode'] },
  { ...common, entryPoints: { runDoctor: 'src/providers/runDoctor.ts' }, outdir: 'dist', external: ['vscode'] },
  // Wanted when an agent calls a tool, is to be told of the MCP server, or gets advice.
  // Wanted where there is a cheatcode.json, and when somebody works on it or on a file of settings.
  ...['configReading', 'configFixActions', 'createConfig', 'settingsDiagnostics'].map((name) => ({
    ...common,
    entryPoints: { [name]: `src/providers/${name}.ts` },
    outdir: 'dist',
    external: ['vscode'],
  })),
  {
    ...common,
    entryPoints: {
      agentToolCalls: 'src/providers/agentToolCalls.ts',
      mcpDefinition: 'src/providers/mcpDefinition.ts',
      writeAgentAdvice: 'src/providers/writeAgentAdvice.ts',
    },
    outdir: 'dist',
    external: ['vscode'],
  },
  // Wanted when something does not compile, and with the first terminal.
  {
    ...common,
    entryPoints: {
      serverProblems: 'src/providers/serverProblems.ts',
      terminalLinks: 'src/providers/terminalLinks.ts',
    },
    outdir: 'dist',
    external: ['vscode'],
  },
  // Drawn for mobile apps only, so no part of what each window loads.
  { ...common, entryPoints: { phoneCard: 'src/providers/phoneCardBundle.ts' }, outdir: 'dist', external: ['vscode'] },
  // Wanted when somebody opens a list.
  {
    ...common,
    entryPoints: { actionsQuickPick: 'src/providers/actionsQuickPick.ts' },
    outdir: 'dist',
    external: ['vscode'],
  },
  // Wanted when somebody types what may start a dev server.
  {
    ...common,
    entryPoints: { typedServerNotice: 'src/providers/typedServerNotice.ts' },
    outdir: 'dist',
    external: ['vscode'],
  },
  // Plain Node from here on: `vscode` is not external, so a stray run-time import fails the build.
  {
    ...common,
    entryPoints: { cli: 'src/cli.ts' },
    outdir: 'dist',
    // Installed alone it is run as a program.
    banner: { js: `#!/usr/bin/env node\n${importMetaUrl}` },
  },
  { ...common, entryPoints: { hostLauncher: 'src/sessions/hostLauncher.ts' }, outdir: 'dist' },
  // Shared: the first by launcher, host and doctor, the second by what reads settings and cheatcode.json.
  ...['runCommand', 'jsonText'].map((name) => ({
    ...common,
    entryPoints: { [name]: `src/sessions/${name}.ts` },
    outdir: 'dist',
  })),
  { ...common, entryPoints: { asOwner: 'src/sessions/asOwner.ts' }, outdir: 'dist' },
  {
    ...common,
    entryPoints: { host: 'src/sessions/host/main.ts' },
    outdir: 'dist',
    plugins: [nativeBesideBundle],
  },
  { ...common, entryPoints: { gateway: 'src/gateway/main.ts' }, outdir: 'dist' },
  // Loaded by the host and the command line where a Redis is configured.
  { ...common, entryPoints: { redis: 'src/sessions/host/redisConnection.ts' }, outdir: 'dist' },
  // Loaded by the one command that serves agents.
  {
    ...common,
    entryPoints: { mcp: 'src/cli/mcpServer.ts' },
    outdir: 'dist',
    plugins: [noSchemaValidator],
  },
].map((options) => ({ ...options, plugins: [...(options.plugins ?? []), sharedModules] }));

async function main() {
  if (outdir) return buildBundles(outdir);
  if (production) await rm(path.join(root, 'dist'), { recursive: true, force: true });
  // The platform's terminal binary, where one is published; without it the host falls back.
  await writeOwnNativePart(path.join(root, 'dist/native'));
  if (argv.has('--watch')) {
    for (const options of product) await (await context(options)).watch();
  } else {
    const built = await Promise.all(product.map((options) => build({ ...options, metafile: production })));
    if (production) await writeNotices(built.flatMap(({ metafile }) => metafile ?? []));
  }
  if (argv.has('--tests')) {
    // The host once more, with the switches by which a test breaks a guarantee on purpose.
    const testDefine = { ...common.define, TEST_BUILD: 'true' };
    await Promise.all(
      product
        .filter(({ external }) => external?.includes('vscode') !== true)
        .map((options) => build({ ...options, minify: false, define: testDefine, outdir: 'out/testHost' })),
    );
    await cp(path.join(root, 'dist/native'), path.join(root, 'out/testHost/native'), { recursive: true }).catch(
      (error) => {
        if (error.code !== 'ENOENT') throw error;
      },
    );
    const { buildTests } = await import('./test/hosts/buildTests.mjs');
    await buildTests({ ...common, define: testDefine });
  }
}

/**
 * The licences of what dist/ holds, for the package that `npm pack` makes of it.
 * @param {readonly import('esbuild').Metafile[]} metafiles
 */
async function writeNotices(metafiles) {
  const { noticesOf } = await import('./test/hosts/thirdParty.mjs');
  const native = await ensureNativePackage(thisTarget());
  const notices = await noticesOf([...metafiles, ...browserMetafiles], native);
  await writeFile(path.join(root, 'dist/THIRD_PARTY_NOTICES.txt'), notices);
}

/** @param {string} dir */
async function buildBundles(dir) {
  await rm(dir, { recursive: true, force: true });
  const results = await Promise.all(product.map((options) => build({ ...options, outdir: dir, metafile: true })));
  const metafiles = [...results.map(({ metafile }) => metafile), ...browserMetafiles];
  if (metafilesName) await writeFile(metafilesName, JSON.stringify(metafiles));
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
