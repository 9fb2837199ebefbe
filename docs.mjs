// Writes what of the documentation follows from the sources: docs/settings.md, from the manifest, and the types of apps in the schema of
// cheatcode.json, from src/sessions/appTypes.ts.
// usage: npm run docs [-- --check]   (--check writes nothing, names what is stale, and ends with 1)
import { build } from 'esbuild';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';

const root = path.dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

/**
 * @typedef {object} Setting
 * @property {string | string[]} type
 * @property {unknown} default
 * @property {string} scope
 * @property {number} order
 * @property {string} markdownDescription
 * @property {string[]} [enum]
 * @property {string[]} [markdownEnumDescriptions]
 * @property {number} [minimum]
 * @property {number} [maximum]
 */

/** Where a setting may be given, by its scope in the manifest. @type {Record<string, string>} */
const places = {
  window: 'user, remote, workspace',
  machine: 'user or remote, of this machine alone; never the workspace',
  'machine-overridable': 'user or remote, of this machine alone; or the workspace',
};
/** What windows alone use: as variables they mean nothing. */
const windowsOnly = /^(?:offerMcpServer|terminal\.\w+|\w+\.previewUrl)$/;
/** Variables that windows read, too, where the setting is not set. */
const alsoWindows = /^(?:sandboxId|redis\.\w+)$/;
/** Options of `cheatcode-dev` that do the same for one command. @type {Record<string, string>} */
const cliOptions = {
  portConflict: '`--use-next-port` (as `useNext`, for this start)',
  sandboxId: '`--sandbox ID` (of `ls --fleet`)',
};

/** @type {Map<string, string>} */
const files = new Map([['docs/settings.md', await settingsPage()]]);
const { APP_TYPE_NAMES } = await sources('src/sessions/appTypes.ts');
for (const name of (await readdir(path.join(root, 'media'))).filter((file) =>
  /^cheatcode\.schema.*\.json$/.test(file),
)) {
  const schema = JSON.parse(await readFile(path.join(root, 'media', name), 'utf8'));
  schema.definitions.app.properties.type.enum = APP_TYPE_NAMES;
  files.set(`media/${name}`, JSON.stringify(schema, null, 2));
}

for (const [name, text] of files) {
  const file = path.join(root, name);
  const wanted = await format(text, { ...(await resolveConfig(file)), filepath: file });
  const found = await readFile(file, 'utf8').catch(() => undefined);
  if (found === wanted) continue;
  if (values.check) process.exitCode = 1;
  else await writeFile(file, wanted);
  console.log(values.check ? `${name} is stale: \`npm run docs\` writes it` : name);
}

/** @returns {Promise<string>} */
async function settingsPage() {
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  /** @type {Record<string, string>} */
  const texts = JSON.parse(await readFile(path.join(root, 'package.nls.json'), 'utf8'));
  const { variableOf } = await sources('src/cli/settingValues.ts');
  const words = (/** @type {string} */ key) => {
    const text = texts[key.replace(/^%|%$/g, '')];
    if (text === undefined) throw new Error(`package.nls.json has no ${key}`);
    return text.replaceAll(/`#(cheatcode\.[\w.]+)#`/g, '`$1`');
  };
  /** @type {string[]} */
  const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  const lines = [
    '<!-- Written by `npm run docs`, from package.json and package.nls.json: change those. -->',
    '',
    '# Settings',
    '',
    "In the editor: _Preferences: Open Settings_, then `@ext:cheatcode.cheatcode-dev-server`. A value that can't be used is named where it stands, in the",
    'settings editor and in `settings.json`, and its default is used. What changes how a server is started (command, port, connection) takes effect',
    'with its next start, and a restart is offered; all else takes effect at once.',
    '',
    '**Scope** is where a setting may be given. Those of scope `machine` hold for all windows of this machine, since one session host serves them: the last',
    'window that changes one wins. A setting that is **restricted** is not read from a workspace that is not trusted.',
    '',
    '**Variables** are for the command line, which has no settings ([its order](command-line.md#settings)); windows read a few of them, too, where the setting',
    'is not set: it says so there. `CHEATCODE_APP_TYPE` has no setting: it names the app that starts by itself under `cheatcode.autoStart: auto`. Nor has',
    '`CHEATCODE_STATE_DIR`, the folder of sockets and records ([where state lies](architecture.md#where-state-lies)).',
    '',
    'What is said of one app rather than of all of a type goes into [cheatcode.json](cheatcode-json.md).',
  ];
  for (const { title, properties } of manifest.contributes.configuration) {
    lines.push('', `## ${words(title)}`);
    for (const [id, setting] of /** @type {[string, Setting][]} */ (Object.entries(properties))) {
      const key = id.replace(/^cheatcode\./, '');
      const options = setting.enum?.map((value, index) => {
        const why = setting.markdownEnumDescriptions?.[index];
        return `  - \`${value}\`${why === undefined ? '' : `: ${words(why)}`}`;
      });
      const variable = windowsOnly.test(key)
        ? 'none: windows alone use it'
        : `\`${variableOf(key)}\`${alsoWindows.test(key) ? ', of windows, too' : ''}`;
      lines.push(
        '',
        `### \`${id}\``,
        '',
        words(setting.markdownDescription),
        '',
        `- Type: ${typeOf(setting)}`,
        ...(options ?? []),
        `- Default: ${setting.default === null || setting.default === '' ? 'not set' : `\`${JSON.stringify(setting.default).replaceAll('"', '')}\``}`,
        `- Scope: \`${setting.scope}\` (${places[setting.scope]})`,
        `- In a workspace that is not trusted: ${restricted.includes(id) ? '**restricted**' : setting.scope === 'machine' ? 'no workspace can set it' : 'read'}`,
        `- Variable: ${variable}`,
        ...(cliOptions[key] === undefined ? [] : [`- Option of \`cheatcode-dev\`: ${cliOptions[key]}`]),
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** @param {Setting} setting */
function typeOf({ type, enum: choices, minimum, maximum }) {
  if (choices) return 'one of';
  /** @type {Record<string, string>} */
  const names = {
    string: 'text',
    boolean: '`true` or `false`',
    integer: 'whole number',
    number: 'number',
    null: '`null`',
  };
  const range = minimum === undefined ? '' : ` from ${minimum} to ${maximum}`;
  return [type]
    .flat()
    .map((one) => `${names[one]}${/integer|number/.test(one) ? range : ''}`)
    .join(', or ');
}

/** A module of the sources, as it is now. @param {string} file @returns {Promise<any>} */
async function sources(file) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [file],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'warning',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? '').toString('base64')}`);
}
