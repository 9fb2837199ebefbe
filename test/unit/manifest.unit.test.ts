import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  appCommands,
  PREVIEW_VIEW_ID,
  PREVIEW_VIEW_TYPE,
  SERVERS_VIEW_ID,
  windowCommands,
} from '../../src/providers/ids';
import { readSettings, type SettingSource } from '../../src/providers/settingsReader';
import { contextKeys } from '../../src/sessions/presenter';
import { declaredSettings, schemaAccepts } from '../../src/sessions/declaredSettings';
import { settingProblemsMessage } from '../../src/sessions/messages';

interface Property {
  readonly type: string | readonly string[];
  readonly default: unknown;
  readonly scope?: string;
  readonly order?: number;
  readonly enum?: readonly unknown[];
  readonly markdownEnumDescriptions?: readonly string[];
  readonly markdownDescription?: string;
  readonly enumItemLabels?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly patternErrorMessage?: string;
}

interface Manifest {
  readonly icon: string;
  readonly activationEvents: readonly string[];
  readonly extensionKind: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: {
      readonly supported: unknown;
      readonly description: string;
      readonly restrictedConfigurations: readonly string[];
    };
    readonly virtualWorkspaces: { readonly supported: unknown; readonly description: string };
  };
  readonly contributes: {
    readonly commands: readonly {
      readonly command: string;
      readonly title: string;
      readonly category: string;
      readonly enablement?: string;
    }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when: string }[]>>;
    readonly viewsContainers: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly views: Readonly<
      Record<string, readonly { readonly id: string; readonly type: string; readonly when: string }[]>
    >;
    readonly configuration: readonly {
      readonly id: string;
      readonly title: string;
      readonly order: number;
      readonly properties: Readonly<Record<string, Property>>;
    }[];
    readonly jsonValidation: readonly { readonly fileMatch: string; readonly url: string }[];
  };
}

/** `npm test` runs in the project's folder; the bundle of this file lies elsewhere. */
const file = (name: string): string => path.join(process.cwd(), name);
const read = (name: string): unknown => JSON.parse(readFileSync(file(name), 'utf8'));

describe('the manifest', () => {
  const manifest = read('package.json') as Manifest;
  const texts = read('package.nls.json') as Record<string, string>;
  const properties = declaredSettings(manifest.contributes) as Readonly<Record<string, Property>>;
  const known = Object.keys(
    contextKeys([], { canReplaceHost: false, hasPreviewInView: false, isCheatcodeWorkspace: false }),
  );
  const keyOf = (setting: string): string => setting.replace(/^cheatcode\./, '');
  const sourceWith = (changes: Readonly<Record<string, unknown>> = {}, seen: string[] = []): SettingSource => ({
    value: (key) => {
      seen.push(key);
      return key in changes ? changes[key] : properties[`cheatcode.${key}`]?.default;
    },
    fallback: (key) => properties[`cheatcode.${key}`]?.default,
  });

  it('contributes exactly the commands that the code registers', () => {
    assert.deepEqual(
      manifest.contributes.commands.map(({ command }) => command).sort(),
      [...Object.values(appCommands), ...Object.values(windowCommands)].sort(),
    );
    assert.ok(manifest.contributes.commands.every(({ category }) => category === 'Cheatcode'));
  });

  it('enables commands by context keys that the code sets', () => {
    for (const { command, enablement } of manifest.contributes.commands) {
      // It makes a cheatcode workspace of any folder.
      if (command === windowCommands.createConfig) {
        assert.equal(enablement, 'workspaceFolderCount > 0');
        continue;
      }
      // When things are broken they are needed most.
      const always: readonly string[] = [windowCommands.showLog, windowCommands.showReport, windowCommands.doctor];
      if (always.includes(command)) continue;
      assert.ok(enablement !== undefined && known.includes(enablement), `${command}: ${enablement}`);
    }
  });

  it('puts into menus only what it contributes, where our own is shown', () => {
    const commands = manifest.contributes.commands.map(({ command }) => command);
    const places: Readonly<Record<string, readonly string[]>> = {
      'editor/title': [`activeWebviewPanelId == '${PREVIEW_VIEW_TYPE}'`],
      'view/title': [`view == ${PREVIEW_VIEW_ID}`, `view == ${SERVERS_VIEW_ID}`],
      'view/item/context': [`view == ${SERVERS_VIEW_ID}`],
      commandPalette: ['false'],
    };
    const { menus } = manifest.contributes;
    assert.deepEqual(Object.keys(menus).sort(), Object.keys(places).sort());
    for (const [menu, allowed] of Object.entries(places))
      for (const { command, when } of menus[menu] ?? []) {
        assert.ok(commands.includes(command), command);
        const [first = '', ...keys] = when.split(' && ');
        assert.ok(allowed.includes(first), `${command}: ${first}`);
        for (const key of keys)
          assert.ok(known.includes(key) || (menu === 'view/item/context' && key.startsWith('viewItem')), key);
      }
    // Of what there is to do with an app, each row offers all, by the word that its context has for it.
    for (const [action, command] of Object.entries(appCommands)) {
      const items = (menus['view/item/context'] ?? []).filter((item) => item.command === command);
      assert.ok(items.length > 0, command);
      for (const { when } of items) assert.ok(when.endsWith(`viewItem =~ /\\b${action}\\b/`), when);
    }
  });

  it('has a list in the Explorer and a view in the panel below the editors, only where there is an app or should be one', () => {
    const { viewsContainers, views } = manifest.contributes;
    assert.deepEqual(Object.keys(viewsContainers), ['panel']);
    const containers = (viewsContainers['panel'] ?? []).map(({ id }) => id);
    assert.deepEqual(Object.keys(views), ['explorer', ...containers]);
    const all = Object.values(views).flat();
    assert.deepEqual(
      all.map(({ id, type, when }) => [id, type, when]),
      [
        [SERVERS_VIEW_ID, undefined, 'cheatcode.active || cheatcode.isEmpty'],
        [PREVIEW_VIEW_ID, 'webview', 'cheatcode.active'],
      ],
    );
    for (const key of ['cheatcode.active', 'cheatcode.isEmpty']) assert.ok(known.includes(key));
  });

  it('declares exactly the settings that the code reads', () => {
    const seen: string[] = [];
    readSettings(sourceWith({}, seen));
    assert.deepEqual(Object.keys(properties).map(keyOf).sort(), [...seen].sort());
  });

  it('has only defaults that the code accepts', () => {
    assert.deepEqual(readSettings(sourceWith()).problems, []);
  });

  it('has the bounds and choices that the code has', () => {
    for (const [setting, property] of Object.entries(properties)) {
      const problemWith = (value: unknown): boolean =>
        readSettings(sourceWith({ [keyOf(setting)]: value })).problems.some((problem) => problem.setting === setting);
      for (const value of property.enum ?? []) assert.ok(!problemWith(value), `${setting} ${String(value)}`);
      if (property.enum !== undefined) assert.ok(problemWith('something else'), setting);
      if (property.minimum !== undefined) {
        assert.ok(!problemWith(property.minimum), setting);
        assert.ok(problemWith(property.minimum - 1), setting);
      }
      if (property.maximum !== undefined) {
        assert.ok(!problemWith(property.maximum), setting);
        assert.ok(problemWith(property.maximum + 1), setting);
      }
      assert.ok(problemWith({}), setting);
    }
  });

  it('has patterns for texts that say no to what the code says no to, in words', () => {
    const samples = [
      ...['', ' ', 'x', 'web', '/a', '/a/b.pem', 'C:\\a.pem', 'a.pem'],
      ...['https://{{port}}.example.com/', 'http://{{port}}-{{sandboxId}}.example.com', 'https://example.com/'],
      ...['https://{port}.example.com', 'https://{{port}}.example.com/{{user}}', '{{port}}', 'ftp://{{port}}.a.b'],
      ...['redis://r', 'rediss://r:1', 'redis-sentinel://r', 'redis-cluster://r', 'unix:///a', 'http://r'],
    ];
    for (const [setting, property] of Object.entries(properties)) {
      assert.equal(property.pattern === undefined, property.patternErrorMessage === undefined, setting);
      if (property.pattern === undefined || setting === 'cheatcode.redis.caFile') continue;
      for (const value of samples) {
        const source = sourceWith({ [keyOf(setting)]: value, sandboxId: 'box' });
        const isNamed = readSettings(source).problems.some((problem) => problem.setting === setting);
        assert.equal(schemaAccepts(property, value), !isNamed, `${setting} ${value}`);
      }
    }
  });

  it('has settings in groups, each with a title and a place of its own', () => {
    const groups = manifest.contributes.configuration;
    assert.ok(groups.every(({ title, id }) => /^%config\.group\.\w+%$/.test(title) && id.startsWith('cheatcode.')));
    assert.deepEqual(
      groups.map(({ order }) => order),
      groups.map((_, index) => index + 1),
    );
    assert.equal(
      groups.reduce((sum, group) => sum + Object.keys(group.properties).length, 0),
      Object.keys(properties).length,
    );
  });

  it('lets every text be typed in the settings editor, which has no box for a text that may be null', () => {
    for (const [setting, { type }] of Object.entries(properties))
      assert.ok(!Array.isArray(type) || !type.includes('string'), setting);
  });

  it('gives each setting a scope, an order of its own and a text, and each choice a text', () => {
    const all = Object.entries(properties);
    for (const [setting, property] of all) {
      assert.ok(['machine', 'machine-overridable', 'window'].includes(property.scope ?? ''), setting);
      assert.ok(property.markdownDescription, setting);
      assert.equal(property.markdownEnumDescriptions?.length, property.enum?.length, setting);
      assert.equal(property.enumItemLabels?.length, property.enum?.length, setting);
    }
    assert.equal(new Set(all.map(([, property]) => property.order)).size, all.length);
    const hostWide = ['healthIntervalSeconds', 'lastWindow', 'graceSeconds', 'memoryLimitMb'];
    const redis = ['redis.url', 'redis.required', 'redis.caFile', 'sandboxId'];
    for (const key of [...hostWide, ...redis, 'restartUnresponsiveSeconds', 'nodePath'])
      assert.equal(properties[`cheatcode.${key}`]?.scope, 'machine', key);
  });

  it('takes nothing that runs a command from a workspace that is not trusted', () => {
    const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
    assert.equal(untrustedWorkspaces.supported, 'limited');
    assert.equal(virtualWorkspaces.supported, false);
    for (const setting of Object.keys(properties).filter((name) => /command|path|url/i.test(name)))
      assert.ok(untrustedWorkspaces.restrictedConfigurations.includes(setting), setting);
    for (const setting of untrustedWorkspaces.restrictedConfigurations) assert.ok(setting in properties, setting);
  });

  it('has what the Marketplace and Open VSX show, of one repository', () => {
    const shown = read('package.json') as Readonly<Record<string, unknown>>;
    const { url } = shown['repository'] as { readonly url: string };
    assert.match(url, /^https:\/\/github\.com\/[\w-]+\/[\w-]+\.git$/);
    const place = url.replace(/\.git$/, '');
    assert.deepEqual(
      [shown['homepage'], shown['bugs'], shown['qna']],
      [`${place}#readme`, { url: `${place}/issues` }, `${place}/discussions`],
    );
    assert.deepEqual([shown['license'], shown['pricing'], shown['sponsor']], ['MIT', 'Free', undefined]);
    const { color, theme } = shown['galleryBanner'] as Readonly<Record<string, string>>;
    assert.match(color ?? '', /^#[0-9a-f]{6}$/);
    assert.ok(theme === 'dark' || theme === 'light');
    const keywords = shown['keywords'] as readonly string[];
    // The Marketplace takes 30, and the packer adds some of its own.
    assert.ok(keywords.length >= 5 && keywords.length <= 20 && new Set(keywords).size === keywords.length);
    // Width and height of a PNG, which no store takes smaller.
    const icon = readFileSync(file(manifest.icon));
    assert.equal(icon.toString('latin1', 1, 4), 'PNG');
    for (const at of [16, 20]) assert.ok(icon.readUInt32BE(at) >= 128);
  });

  it('activates by exact paths only', () => {
    for (const event of manifest.activationEvents) {
      if (event === `onWebviewPanel:${PREVIEW_VIEW_TYPE}`) continue;
      assert.match(event, /^workspaceContains:(\.\.\/)?[\w.-]+(\/package\.json)?$/, event);
    }
    assert.deepEqual(manifest.extensionKind, ['workspace']);
  });

  it('uses every text of package.nls.json, and no other', () => {
    const used = [...JSON.stringify(manifest).matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key);
    assert.deepEqual([...new Set(used)].sort(), Object.keys(texts).sort());
    assert.ok(Object.values(texts).every((text) => text.trim() !== ''));
  });

  it('names only settings that exist in its texts', () => {
    for (const [, setting] of Object.values(texts)
      .join('\n')
      .matchAll(/#(cheatcode\.[\w.]+)#/g))
      assert.ok((setting ?? '') in properties, setting);
  });

  it('names only files that are there, and that the package holds', () => {
    const packed = readFileSync(file('.vscodeignore'), 'utf8');
    // The schema of each language is a file of its own, which the manifest names as it names its texts.
    assert.deepEqual(
      manifest.contributes.jsonValidation.map(({ url }) => url),
      ['%cheatcode.schema%'],
    );
    const schemas = readdirSync(file('.'))
      .filter((name) => /^package\.nls\..*json$/.test(name))
      .map((name) => (read(name) as Record<string, string>)['cheatcode.schema'] ?? `none in ${name}`);
    assert.ok(schemas.length > 1);
    for (const name of [manifest.icon, ...schemas.map((schema) => schema.replace(/^\.\//, ''))]) {
      assert.ok(existsSync(file(name)), name);
      const ofAnyLanguage = name.replace(/(schema)\.[\w-]+(\.json)$/, '$1.*$2');
      assert.ok(packed.includes(`!${name}\n`) || packed.includes(`!${ofAnyLanguage}\n`), name);
    }
  });
});

describe('settings', () => {
  const defaults: Readonly<Record<string, unknown>> = Object.fromEntries(
    Object.entries(declaredSettings((read('package.json') as Manifest).contributes)).map(([setting, property]) => [
      setting.replace(/^cheatcode\./, ''),
      property.default,
    ]),
  );
  const withValues = (
    changes: Readonly<Record<string, unknown>>,
    env: Readonly<Record<string, string>> = {},
  ): ReturnType<typeof readSettings> =>
    readSettings(
      { value: (key) => (key in changes ? changes[key] : defaults[key]), fallback: (key) => defaults[key] },
      env,
    );

  it('that are wrong are named, and their defaults taken', () => {
    const { settings, problems } = withValues({
      'web.port': 70_000,
      healthIntervalSeconds: '15',
      autoStart: ' mobile ',
    });
    assert.deepEqual(
      problems.map(({ setting }) => setting),
      ['cheatcode.web.port', 'cheatcode.healthIntervalSeconds'],
    );
    assert.equal(settings.web.port, undefined);
    assert.equal(settings.healthIntervalSeconds, 15);
    assert.equal(settings.autoStart, 'mobile');
  });

  it('of a window are also the variable that says whether Redis is required, named as such where it is neither', () => {
    const required = (text: string, setting = false) => {
      const values = { 'redis.url': 'redis://r', 'redis.required': setting };
      const { settings, problems } = withValues(values, { CHEATCODE_REDIS_REQUIRED: text });
      return [settings.redis?.required, settingProblemsMessage(problems)?.text];
    };
    for (const text of ['1', 'true']) assert.deepEqual(required(text), [true, undefined], text);
    for (const text of ['0', 'false', '']) assert.deepEqual(required(text), [false, undefined], text);
    assert.deepEqual(required('0', true), [true, undefined], 'the setting itself');
    assert.deepEqual(required('on'), [
      false,
      'CHEATCODE_REDIS_REQUIRED is "on" but must be true or false. Its default is used.',
    ]);
    assert.equal(required('on', true)[0], true);
  });

  it('that are empty are not set', () => {
    const { settings, problems } = withValues({ 'web.command': ' ', nodePath: '', 'web.previewUrl': null });
    assert.deepEqual(problems, []);
    assert.equal(settings.web.command, undefined);
    assert.equal(settings.nodePath, undefined);
    assert.equal(settings.web.previewUrl, undefined);
  });

  it('that have no limit are not set, and are whole where a part makes no sense', () => {
    const none = withValues({ memoryLimitMb: null, restartUnresponsiveSeconds: null });
    assert.deepEqual(none.problems, []);
    assert.equal(none.settings.memoryLimitMb, undefined);
    assert.equal(none.settings.restartUnresponsiveSeconds, undefined);
    const { settings, problems } = withValues({ memoryLimitMb: 512.5, restartUnresponsiveSeconds: 90.5 });
    assert.deepEqual(
      problems.map(({ setting, expected }) => [setting, expected]),
      [['cheatcode.memoryLimitMb', 'a whole number from 256 to 1048576, or null']],
    );
    assert.equal(settings.memoryLimitMb, defaults['memoryLimitMb']);
    assert.equal(settings.restartUnresponsiveSeconds, 90.5);
  });

  it('for the preview want a web address with the port in it', () => {
    for (const bad of [
      'https://box.example.com/',
      'https://{port}-box.example.com/',
      'ftp://{{port}}.example.com',
      '{{port}}',
      'javascript:alert({{port}})',
    ])
      for (const setting of ['web.previewUrl', 'mobile.previewUrl'])
        assert.deepEqual(
          withValues({ [setting]: bad }).problems.map((problem) => problem.setting),
          [`cheatcode.${setting}`],
          bad,
        );
    const { settings, problems } = withValues({ 'mobile.previewUrl': 'https://{{port}}-box.example.com' });
    assert.deepEqual(problems, []);
    assert.equal(settings.mobile.previewUrl, 'https://{{port}}-box.example.com');
    assert.equal(settings.web.previewUrl, undefined);
  });

  it('for the preview want to know the sandbox where they name it', () => {
    const template = { 'web.previewUrl': 'https://{{port}}-{{sandboxId}}.example.com' };
    const unknown = withValues(template);
    assert.deepEqual(
      unknown.problems.map(({ setting }) => setting),
      ['cheatcode.web.previewUrl'],
    );
    assert.match(unknown.problems[0]?.expected ?? '', /cheatcode\.sandboxId .*CHEATCODE_SANDBOX_ID/);
    assert.equal(unknown.settings.web.previewUrl, undefined, "the editor's address is used");
    for (const known of [
      withValues({ ...template, sandboxId: ' box1 ' }),
      withValues(template, { CHEATCODE_SANDBOX_ID: 'box1' }),
      withValues({ ...template, sandboxId: 'box1' }, { CHEATCODE_SANDBOX_ID: 'box2' }),
    ]) {
      assert.deepEqual(known.problems, []);
      assert.equal(known.settings.sandboxId, 'box1');
      assert.equal(known.settings.web.previewUrl, template['web.previewUrl']);
    }
    assert.equal(withValues(template, { CHEATCODE_SANDBOX_ID: 'a b/c' }).problems.length, 1, 'no host name has that');
    assert.equal(withValues({}, { CHEATCODE_SANDBOX_ID: '' }).settings.sandboxId, undefined);
  });

  it('can not be changed once they are read', () => {
    const { settings } = withValues({});
    assert.ok(Object.isFrozen(settings) && Object.isFrozen(settings.web) && Object.isFrozen(settings.terminal));
  });
});
