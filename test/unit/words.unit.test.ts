import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { serverRows } from '../../src/sessions/serverRows';
import { repoRoot, sourceFiles } from './support/repository';
import { idleExemptions, markedTexts, offences, type Exempt } from './support/words';
import { anApp, aSession } from './samples';

type Texts = Readonly<Record<string, string>>;

const read = (name: string): Texts => JSON.parse(readFileSync(path.join(repoRoot, name), 'utf8')) as Texts;

/** What of the sources speaks to a person in the editor; the host, the gateway and the command line speak English. */
function editorSide(): ReadonlyMap<string, string> {
  const isSpoken = (file: string) => file === 'src/extension.ts' || /^src\/(?:providers|sessions)\/[^/]+$/.test(file);
  const page = 'media/preview.js';
  return new Map([
    ...[...sourceFiles()].filter(([file]) => isSpoken(file)),
    [page, readFileSync(path.join(repoRoot, page), 'utf8')] as const,
  ]);
}

const NO_TEXT = 'for machines';
const FAULT = 'a fault in brackets behind a sentence, as others are from the host or the system';
const LOGGED = 'goes to the log';

const exempt: Exempt = {
  'src/extension.ts': [['gateway ', 'the name of a trouble']],
  'media/preview.js': [
    ['use strict', NO_TEXT],
    ['Mac', NO_TEXT],
    ['allow-scripts', NO_TEXT],
    ['clipboard-read', NO_TEXT],
    ['Home', 'a key'],
    ['End', 'a key'],
  ],
  'src/providers/outputChannelLog.ts': [['Cheatcode Dev Server', 'our name']],
  'src/providers/statusBar.ts': [['Cheatcode Dev Server', 'our name']],
  'src/providers/previewElsewhere.ts': [
    ['body {', NO_TEXT],
    ['a {', NO_TEXT],
    ['a:focus', NO_TEXT],
  ],
  'src/providers/previewHtml.ts': [
    'default-src',
    'style-src',
    'script-src',
    'frame-src',
    'connect-src',
    'base-uri',
    'form-action',
    'aria-pressed',
  ].map((beginning) => [beginning, NO_TEXT] as const),
  'src/providers/previewParts.ts': [['preview ', 'a key of the memory']],
  'src/providers/previewView.ts': [['preview view', 'a key of the memory']],
  'src/providers/toldCauses.ts': [['told causes', 'a key of the memory']],
  'src/providers/settingsDiagnostics.ts': [['cheatcode settings', 'the name of a collection']],
  'src/sessions/configFixes.ts': [['\u0001 run', 'a command']],
  'src/sessions/newConfig.ts': [['"', 'JSON']],
  'src/sessions/actionList.ts': [['Cheatcode', 'our name']],
  'src/sessions/bareCommand.ts': [['', 'words of shells']],
  'src/sessions/doctorApps.ts': [
    ['npm install', 'a command'],
    ['lan', 'a value of a setting'],
  ],
  'src/sessions/doctorNode.ts': [
    ['Metro', 'a name'],
    ['PATH=', 'a command'],
  ],
  'src/sessions/doctorServers.ts': [['`kill', 'a command']],
  'src/sessions/doctorSystem.ts': [['flock', 'a command']],
  'src/sessions/doctorVariables.ts': [['^[', 'a pattern']],
  'src/sessions/lockContents.ts': [
    ['"?', 'a pattern'],
    ['importer', NO_TEXT],
  ],
  'src/sessions/lookAround.ts': [['sport', 'a command']],
  'src/sessions/networkDisks.ts': [['', 'names of file systems']],
  'src/sessions/typedServer.ts': [['', 'words of commands']],
  'src/sessions/agentAdvice.ts': [['## Dev server', 'agents read it, and the team that shares the file']],
  'src/sessions/agentTools.ts': [['', 'models read it']],
  'src/sessions/appReport.ts': [['\u0001 is not', 'the command line and models read it']],
  'src/sessions/mcpDefinitions.ts': [['Cheatcode Dev Server', 'our name']],
  'src/sessions/outputIssues.ts': [['', 'what Next.js and Metro print, and errors as they print them']],
  'src/sessions/printedIssue.ts': [['', 'what Next.js and Metro print, and errors as they print them']],
  'src/sessions/problems.ts': [['Metro', 'a name']],
  'src/sessions/appTypes.ts': [['', 'names of apps, words of the command line too']],
  'src/sessions/askAsOwner.ts': [['it ended without', FAULT]],
  'src/sessions/bootId.ts': [['HKLM', NO_TEXT]],
  'src/sessions/commandShim.ts': [
    ['#!/bin/sh', NO_TEXT],
    ['set ', NO_TEXT],
    ['@echo', NO_TEXT],
  ],
  'src/sessions/compileIssue.ts': [
    ['Parsing ecmascript', 'what Next.js says'],
    ['No browser sessions', 'what Next.js says'],
  ],
  'src/sessions/failpoints.ts': [['failpoint', LOGGED]],
  'src/sessions/packageJson.ts': [['it is no object', FAULT]],
  'src/sessions/report.ts': [['\u0001text', 'Markdown']],
  'src/sessions/rpcPeer.ts': [
    ['internal error', FAULT],
    ['the connection to', FAULT],
  ],
  'src/sessions/shellEnvironment.ts': [
    ['cat /proc', NO_TEXT],
    ['\u0001 -e', NO_TEXT],
    ['printf', NO_TEXT],
  ],
  'src/sessions/startLock.ts': [['start lock', LOGGED]],
};

describe('the texts that people see', function () {
  this.timeout(60_000);
  const files = editorSide();

  it('are all marked for translation, whole, where the language is known', () => {
    assert.deepEqual(offences(files, exempt), []);
  });

  it('need each exemption that there is', () => {
    assert.deepEqual(idleExemptions(files, exempt), []);
  });

  it('are found where one is left out', () => {
    const planted: Readonly<Record<string, string>> = {
      'a sentence': `export const f = (label: string) => \`\${label} is tired.\`;`,
      'half a sentence': `export const f = (why: string) => l10n.t('It ended') + ' because of ' + why;`,
      'a button': `export const f = () => ({ title: 'Stop', action: 'stop' });`,
      'a word in lower case': `export const f = (isUp: boolean) => ({ label: isUp ? 'up' : l10n.t('down') });`,
      'a word by itself': `export const f = () => 'Nothing.';`,
      'an assigned one': `export const f = (item: { tooltip: string }) => { item.tooltip = 'busy'; };`,
      'one that is shown at once': `export const f = () => vscode.window.showInformationMessage('done');`,
      'one in a page': 'export const f = () => `<p class="a">Hello</p>`;',
      'a label in a page': 'export const f = () => `<button aria-label="Back"></button>`;',
      'one that is no literal': 'export const f = (x: string) => l10n.t(`It is ${x}.`);',
      'one without its value': `export const f = (x: string) => l10n.t('It is {1}.', x);`,
      'one that comes too early': `export const f = l10n.t('Early');`,
    };
    for (const [what, source] of Object.entries(planted))
      assert.equal(offences(new Map([['src/sessions/planted.ts', source]])).length, 1, what);
  });

  it('are not seen in what people do not see', () => {
    const innocent = `
      import { a } from 'the place';
      export type State = 'Running' | 'not running';
      export const f = (log: Logger, state: State) => {
        log.info('an app started', { state: 'not running' });
        if (state === 'not running') throw new Error('it ought to run');
        return { key: 'an app', text: l10n.t('It is {0}.', state), icon: 'circle-slash' };
      };`;
    assert.deepEqual(offences(new Map([['src/sessions/innocent.ts', innocent]])), []);
  });

  it('are those that translators get: `npm run l10n` has been run', () => {
    const texts = [...new Set(markedTexts(sourceFiles()).map(({ text }) => text))].sort();
    assert.deepEqual(Object.keys(read('l10n/bundle.l10n.json')).sort(), texts);
  });

  it('are marked in no file of the host or the gateway, which know no editor', () => {
    const marked = markedTexts(sourceFiles()).map(({ place }) => place);
    assert.deepEqual(
      marked.filter((place) => /^src\/(?:gateway|sessions\/host)\//.test(place)),
      [],
    );
  });
});

/** The same in German: names, units and what German took over. */
const sameInGerman = new Set([
  ...['Apps', 'Editor', 'Navigation', 'Port', 'Remote', 'System', 'Web', '{0} GB', '{0} MB', '{0} s', '{0} min'],
  ...[
    '{0} h {1} min',
    '{0} d {1} h',
    'in {0}',
    'Cheatcode Dev Server',
    'App',
    'Redis',
    'Terminal',
    'Tunnel',
    '{0} ({1})',
    '{0}: {1}',
    '{0} ({1}) in {2}',
    'cheatcode.json',
    'Schema',
    'Name',
    'Next.js',
    'Expo',
  ],
]);

/** What a JSON schema says to people, in the order of its places, and the same schema without it. */
function textsOf(schema: unknown): { readonly texts: readonly string[]; readonly rest: unknown } {
  const texts: string[] = [];
  const isForPeople = (key: string) => /^title$|descriptions?$|message$/i.test(key);
  const rest = JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => {
      const all = [value].flat();
      if (!isForPeople(key) || !all.every((one) => typeof one === 'string')) return value;
      texts.push(...all);
      return all.length;
    }),
  ) as unknown;
  return { texts, rest };
}

describe('each other language', () => {
  const english = read('l10n/bundle.l10n.json');
  const englishManifest = read('package.nls.json');
  const schema = textsOf(read('media/cheatcode.schema.json'));
  const englishSchema = Object.fromEntries(schema.texts.map((text) => [text, text]));
  const languages = readdirSync(path.join(repoRoot, 'l10n')).flatMap(
    (name) => /^bundle\.l10n\.(.+)\.json$/.exec(name)?.[1] ?? [],
  );
  const placeholders = (text: string) =>
    [...text.matchAll(/\{[\w{}]+\}+|`[^`]*`|\(command:[\w.]+\)/g)].map(([all]) => all).sort();

  it('is one at least: German', () => {
    assert.ok(languages.includes('de'), languages.join());
  });

  for (const language of languages) {
    const bundles = [
      [english, read(`l10n/bundle.l10n.${language}.json`)],
      [englishManifest, read(`package.nls.${language}.json`)],
      [englishSchema, read(`l10n/schema.${language}.json`)],
    ] as const;

    it(`has a schema of cheatcode.json that is the English one in its words: \`npm run l10n\` has been run (${language})`, () => {
      assert.ok(schema.texts.length > 30);
      const words = read(`l10n/schema.${language}.json`);
      const file = read(`package.nls.${language}.json`)['cheatcode.schema'] ?? '';
      const own = textsOf(read(file));
      assert.deepEqual(
        own.texts,
        schema.texts.map((text) => words[text]),
      );
      assert.deepEqual(own.rest, schema.rest);
    });

    it(`has every text and no other (${language})`, () => {
      for (const [from, to] of bundles) assert.deepEqual(Object.keys(to).sort(), Object.keys(from).sort());
    });

    it(`keeps places for values, names of settings and links (${language})`, () => {
      for (const [from, to] of bundles)
        for (const [key, text] of Object.entries(from))
          assert.deepEqual(placeholders(to[key] ?? ''), placeholders(text), key);
    });

    it(`ends a sentence as the English does, and leaves no blanks (${language})`, () => {
      const end = (text: string) => /[.:?…]$/.exec(text)?.[0];
      for (const [from, to] of bundles)
        for (const [key, text] of Object.entries(from)) {
          assert.equal(end(to[key] ?? ''), end(text), key);
          assert.equal(to[key], to[key]?.trim(), key);
        }
    });
  }

  it('differs from English, but for names and what German took over', () => {
    for (const [from, to] of [
      [english, read('l10n/bundle.l10n.de.json')],
      [englishManifest, read('package.nls.de.json')],
      [englishSchema, read('l10n/schema.de.json')],
    ] as const)
      for (const [key, text] of Object.entries(from)) if (!sameInGerman.has(text)) assert.notEqual(to[key], text, key);
  });

  describe('is spoken', () => {
    before(() => l10n.config({ contents: read('l10n/bundle.l10n.de.json') }));
    after(() => l10n.config({ contents: {} }));

    it('in the rows of the view, values in their places', () => {
      const connection = { kind: 'connected', hostPid: 1, hostVersion: '1.0.0' } as const;
      const [row] = serverRows([{ app: anApp(), session: aSession({ port: 3000 }) }], { connection, trusted: true });
      assert.equal(row?.description, 'läuft, Port 3000');
      assert.equal(row.details[0]?.label, 'Web läuft auf Port 3000.');
      assert.ok(row.details.some(({ label }) => label === 'Ordner'));
    });
  });
});
