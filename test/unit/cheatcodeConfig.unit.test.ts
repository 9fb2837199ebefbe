import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { APP_PROPERTIES, FILE_PROPERTIES, parseCheatcodeConfig } from '../../src/sessions/cheatcodeConfig';
import { pick, randomOf } from './support/random';
import { repoRoot } from './support/repository';

const FILE = '/w/cheatcode.json';

/** Each problem as the text that it points to, and what it says. */
function problemsOf(text: string): readonly (readonly [at: string, message: string])[] {
  return parseCheatcodeConfig(FILE, text).problems.map(({ file, offset, length, message }) => {
    assert.equal(file, FILE);
    return [text.slice(offset, offset + length), message];
  });
}

/** The one problem of an app that has this property beside its path. */
function problemOfApp(property: string): readonly [at: string, message: string] {
  const problems = problemsOf(`{ "apps": [{ "path": "web", ${property} }] }`);
  assert.equal(problems.length, 1, JSON.stringify(problems));
  return problems[0] ?? ['', ''];
}

describe('a cheatcode.json', () => {
  it('declares apps with all their properties', () => {
    const text = `{
      // comments are allowed
      "autoStart": "shop",
      "apps": [
        { "name": "shop", "type": "web", "path": "apps/shop", "command": "next dev", "port": 4000,
          "health": "/ok", "env": { "A": "b", "N": 1, "T": true }, "managed": "external", },
      ],
    }`;
    const { apps, autoStart, problems } = parseCheatcodeConfig(FILE, text);
    assert.deepEqual(problems, []);
    assert.equal(autoStart, 'shop');
    const [{ at, ...app } = { at: undefined }] = apps;
    const said = (place: keyof NonNullable<typeof at>) =>
      at && text.slice(at[place].offset, at[place].offset + at[place].length);
    assert.equal(said('path'), '"apps/shop"');
    assert.equal(said('port'), '4000');
    assert.match(said('app') ?? '', /^\{ "name".*\}$/s);
    assert.deepEqual(app, {
      name: 'shop',
      type: 'web',
      path: 'apps/shop',
      command: 'next dev',
      port: 4000,
      health: '/ok',
      env: { A: 'b', N: '1', T: 'true' },
      managed: 'external',
    });
  });

  it('may leave everything out', () => {
    const { apps, autoStart, problems } = parseCheatcodeConfig(FILE, '{ "apps": [{}] }');
    assert.deepEqual(problems, []);
    assert.equal(autoStart, undefined);
    assert.equal(apps[0]?.path, '.');
    assert.equal(apps[0].managed, 'cheatcode');
    assert.deepEqual(parseCheatcodeConfig(FILE, '{}').apps, []);
  });

  const wrong: readonly (readonly [property: string, at: string, message: RegExp])[] = [
    ['"name": 7', '7', /"name" must be a text/],
    ['"name": ""', '""', /not empty/],
    ['"type": "desktop"', '"desktop"', /"web", "mobile", "custom"/],
    ['"command": ["next"]', '["next"]', /"command" must be a text/],
    ['"port": "3000"', '"3000"', /"port" must be a whole number from 1 to 65535/],
    ['"port": 0', '0', /1 to 65535/],
    ['"port": 65536', '65536', /1 to 65535/],
    ['"port": 3000.5', '3000.5', /whole number/],
    ['"health": "ok"', '"ok"', /begins with "\/"/],
    ['"env": []', '[]', /"env" must be an object/],
    ['"env": { "A": null }', 'null', /must be a text/],
    ['"env": { "A": { "B": 1 } }', '{ "B": 1 }', /must be a text/],
    ['"managed": true', 'true', /"cheatcode" or "external"/],
  ];
  for (const [property, at, message] of wrong)
    it(`with ${property} says so at ${at}, and the app loses only that value`, () => {
      const [where, what] = problemOfApp(property);
      assert.equal(where, at);
      assert.match(what, message);
      const { apps } = parseCheatcodeConfig(FILE, `{ "apps": [{ "path": "web", ${property} }, { "path": "b" }] }`);
      assert.deepEqual(
        apps.map((app) => app.path),
        ['web', 'b'],
      );
    });

  it('with a wrong path says so there', () => {
    assert.deepEqual(problemsOf('{ "apps": [{ "path": 3 }] }')[0]?.[0], '3');
  });

  it('with an app that is no object says so there and keeps the others', () => {
    const text = '{ "apps": ["web", { "path": "b" }] }';
    assert.deepEqual(problemsOf(text), [['"web"', 'An app must be an object.']]);
    assert.equal(parseCheatcodeConfig(FILE, text).apps.length, 1);
  });

  it('with two apps of one name keeps the first and points to the name of the second', () => {
    const text = '{ "apps": [{ "name": "a", "path": "x" }, { "path": "y", "name": "a" }] }';
    const { apps, problems } = parseCheatcodeConfig(FILE, text);
    assert.deepEqual(
      apps.map((app) => app.path),
      ['x'],
    );
    assert.equal(problems[0]?.offset, text.lastIndexOf('"a"'));
    assert.equal(problems[0].length, 3);
  });

  it('with one port twice points to the second and keeps both apps', () => {
    const text = '{ "apps": [{ "path": "x", "port": 3000 }, { "path": "y", "port": 3000 }] }';
    const { apps, problems } = parseCheatcodeConfig(FILE, text);
    assert.equal(apps.length, 2);
    assert.equal(problems[0]?.offset, text.lastIndexOf('3000'));
    assert.match(problems[0].message, /port 3000/);
  });

  it('with a wrong list or autoStart says so there', () => {
    assert.deepEqual(problemsOf('{ "apps": {} }'), [['{}', '"apps" must be a list.']]);
    assert.equal(problemsOf('{ "autoStart": 1 }')[0]?.[0], '1');
  });

  it('that is no object at all says so', () => {
    assert.match(problemsOf('[]')[0]?.[1] ?? '', /must be an object/);
    assert.match(problemsOf('')[0]?.[1] ?? '', /.+/);
  });

  it('that breaks off in the middle is named at the place, and what could be read still counts', () => {
    const text = '{ "apps": [{ "path": "web" }, { "path": ';
    const { apps, problems } = parseCheatcodeConfig(FILE, text);
    assert.equal(apps[0]?.path, 'web');
    assert.ok(problems.some(({ message }) => message.startsWith('This is not valid JSON')));
  });

  it('with a byte order mark is read, and problems stay at their place', () => {
    assert.equal(problemsOf('\uFEFF{ "apps": [{ "port": "x" }] }')[0]?.[0], '"x"');
  });

  it('with a variable called like a property of every object keeps it', () => {
    const { apps } = parseCheatcodeConfig(FILE, '{ "apps": [{ "env": { "__proto__": "x", "constructor": "y" } }] }');
    assert.deepEqual(Object.entries(apps[0]?.env ?? {}), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it('never throws, whatever it holds, and points only into the file', () => {
    const random = randomOf(11);
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"apps"',
      '"path"',
      '"env"',
      '1',
      'null',
      '"x"',
      '//',
      '\n',
      '"',
      '\\',
    ];
    for (let round = 0; round < 2000; round++) {
      const text = Array.from({ length: Math.floor(random() * 20) }, () => pick(random, pieces)).join('');
      for (const { offset, length } of parseCheatcodeConfig(FILE, text).problems) {
        assert.ok(offset >= 0 && offset <= text.length && length >= 1, text);
      }
    }
  });

  it('points from what stands twice to where it stands first, and says what comes of it', () => {
    for (const [field, value, severity] of [
      ['name', '"a"', 'error'],
      ['port', '3000', 'warning'],
    ] as const) {
      const text = `{ "apps": [{ "path": "x", "${field}": ${value} }, { "path": "y", "${field}": ${value} }] }`;
      const [problem] = parseCheatcodeConfig(FILE, text).problems;
      assert.equal(problem?.severity, severity);
      assert.equal(problem.related?.offset, text.indexOf(value));
      assert.equal(problem.related.length, value.length);
    }
  });

  it('with a property that nobody knows says so at its name, and that only it is ignored', () => {
    assert.deepEqual(problemsOf('{ "app": [], "apps": [{ "path": "x", "prt": 1 }] }'), [
      ['"app"', 'There is no property "app" here: it is ignored.'],
      ['"prt"', 'There is no property "prt" here: it is ignored.'],
    ]);
  });

  describe('is read by the same rules as its schema has', () => {
    interface Schema {
      readonly type?: string | readonly string[];
      readonly enum?: readonly unknown[];
      readonly minLength?: number;
      readonly minimum?: number;
      readonly maximum?: number;
      readonly pattern?: string;
      readonly additionalProperties?: boolean | Schema;
      readonly properties?: Readonly<Record<string, Schema>>;
      readonly description?: string;
      readonly markdownDescription?: string;
      readonly title?: string;
      readonly enumDescriptions?: readonly string[];
      readonly markdownEnumDescriptions?: readonly string[];
    }
    const whole = JSON.parse(readFileSync(path.join(repoRoot, 'media/cheatcode.schema.json'), 'utf8')) as Schema & {
      definitions: { app: Schema };
    };
    const app = whole.definitions.app.properties ?? {};

    /** As much of JSON Schema as this one uses. */
    const accepts = (schema: Schema, value: unknown): boolean => {
      const types = schema.type === undefined ? [] : [schema.type].flat();
      const typeNow = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
      const isType = types.some((type) => type === typeNow || (type === 'integer' && Number.isInteger(value)));
      if (!isType || (schema.enum && !schema.enum.includes(value))) return false;
      if (typeof value === 'string')
        return value.length >= (schema.minLength ?? 0) && new RegExp(schema.pattern ?? '').test(value);
      if (typeof value === 'number')
        return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
      if (typeNow !== 'object') return true;
      const others = schema.additionalProperties;
      return Object.entries(value as object).every(([key, item]) => {
        const known = schema.properties?.[key] ?? (typeof others === 'object' ? others : undefined);
        return known === undefined ? others !== false : accepts(known, item);
      });
    };

    const values: readonly unknown[] = [
      ...['', 'x', '/', '/health', 'web', 'mobile', 'custom', 'Web', 'cheatcode', 'external', 'auto', '3000'],
      ...[0, 1, -1, 3000, 3000.5, 65_535, 65_536, true, false, null],
      ...[[], ['x'], {}, { A: 'b' }, { A: 1, B: true }, { A: null }, { A: {} }, { A: [] }],
    ];

    for (const field of APP_PROPERTIES)
      it(`"${field}" of an app`, () => {
        const schema = app[field];
        assert.ok(schema, 'the schema has it');
        for (const value of values) {
          const { problems } = parseCheatcodeConfig(FILE, JSON.stringify({ apps: [{ [field]: value }] }));
          assert.equal(problems.length === 0, accepts(schema, value), JSON.stringify(value));
        }
      });

    it('names of properties, of the file and of its apps', () => {
      assert.deepEqual(Object.keys(app).sort(), [...APP_PROPERTIES].sort());
      assert.deepEqual(Object.keys(whole.properties ?? {}).sort(), [...FILE_PROPERTIES].sort());
      assert.equal(whole.additionalProperties, false);
      assert.equal(whole.definitions.app.additionalProperties, false);
    });

    it('says of each property, and of each choice, what it is', () => {
      for (const [name, schema] of [...Object.entries(app), ...Object.entries(whole.properties ?? {})]) {
        assert.ok(schema.markdownDescription ?? schema.description, name);
        assert.ok(schema.title, name);
        const described = schema.markdownEnumDescriptions ?? schema.enumDescriptions ?? [];
        assert.equal(described.length, schema.enum?.length ?? 0, name);
      }
    });
  });
});
