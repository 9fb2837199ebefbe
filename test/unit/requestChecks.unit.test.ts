import assert from 'node:assert/strict';
import {
  checkApps,
  checkCount,
  checkGateway,
  checkHello,
  checkSession,
  checkSettings,
  checkSize,
  checkStart,
  checkText,
  InvalidParamsError,
} from '../../src/sessions/host/requestChecks';
import { aSpec } from './support/fakeHost';
import { pick, randomOf } from './support/random';

const checks: Readonly<Record<string, (value: unknown) => unknown>> = {
  hello: checkHello,
  apps: checkApps,
  settings: checkSettings,
  start: checkStart,
  session: checkSession,
  size: checkSize,
  count: (value) => checkCount(value, 'lines', 1000),
  text: (value) => checkText(value, 'data'),
  gateway: checkGateway,
};

const good: Readonly<Record<string, object>> = {
  hello: { protocol: 1, token: 't', version: '1.0.0', kind: 'cli', pid: 7, apps: ['1:2:a'] },
  apps: { apps: [] },
  settings: { healthIntervalMs: 15_000, lastClient: 'keep', graceMs: 0 },
  start: {
    spec: aSpec({
      install: ['pnpm', 'install'],
      fallback: { command: ['next'], reason: 'tunnelUnavailable' },
      requiredTool: { packageName: 'x', minVersion: '1.0.0', install: ['npm'] },
    }),
    env: { PATH: '/bin' },
    origin: 'auto',
  },
  session: { sessionId: 'dev_server_web' },
  size: { sessionId: 'dev_server_web', cols: 80, rows: 24 },
  count: { lines: 10 },
  text: { data: '' },
  gateway: { sessionId: 'dev_server_web', hosts: ['example.com', 'example.com:8443', '10.1.2.3:80', '[fe80::1]:8080'] },
};

describe('what arrives on the socket', () => {
  for (const [name, value] of Object.entries(good))
    it(`is taken as ${name} when it is right, and nothing of it is lost`, () => {
      const checked = checks[name]?.(structuredClone(value));
      if (typeof checked === 'object' && !Array.isArray(checked)) assert.deepEqual(checked, value);
      else assert.ok(checked !== undefined);
    });

  it('is taken as one app of several of its type, and refused when that is unclear', () => {
    const first = (isFirstOfType: unknown) =>
      checkStart({ ...good['start'], spec: { ...aSpec(), isFirstOfType } }).spec.isFirstOfType;
    assert.deepEqual([first(false), first(true), first(undefined)], [false, true, undefined]);
    for (const wrong of [0, 'false', null, {}]) assert.throws(() => first(wrong), /isFirstOfType/);
  });

  it('is taken without what nobody asked for', () => {
    assert.deepEqual(checkStart({ ...good['start'], extra: 1, spec: { ...aSpec(), extra: 1 } }).spec, aSpec());
  });

  for (const [name, value] of Object.entries(good))
    it(`is refused as ${name} when any part of it is missing or of another kind`, () => {
      for (const path of pathsOf(value))
        for (const wrong of [undefined, null, {}, [[]], { toString: 1, valueOf: 1 }, -1, 1e12, true]) {
          const broken = structuredClone(value);
          put(broken, path, wrong);
          if (isLoose(path) || (isOptional(path) && wrong === undefined))
            onlyInvalidParams(() => checks[name]?.(broken));
          else
            assert.throws(
              () => checks[name]?.(broken),
              InvalidParamsError,
              `${path.join('.')} = ${JSON.stringify(wrong)}`,
            );
        }
    });

  it('never breaks a check, whatever it is: only InvalidParamsError is thrown', () => {
    const random = randomOf(3);
    for (let round = 0; round < 5000; round++) {
      const value: unknown = JSON.parse(JSON.stringify(randomJson(random, 4)) ?? 'null');
      for (const check of Object.values(checks)) onlyInvalidParams(() => check(value));
    }
  });

  it('never breaks a check by a single change to what is right', () => {
    const random = randomOf(4);
    for (let round = 0; round < 5000; round++) {
      const name = pick(random, Object.keys(good));
      const value = structuredClone(good[name] ?? {});
      put(value, pick(random, pathsOf(value)), randomJson(random, 3));
      onlyInvalidParams(() => checks[name]?.(value));
    }
  });

  it('names the field that is wrong', () => {
    assert.throws(() => checkSize({ ...good['size'], cols: 'wide' }), /cols/);
    assert.throws(() => checkStart({ ...good['start'], spec: aSpec({ port: 0 }) }), /port/);
  });

  it('may hold a variable called __proto__, and changes no other object by it', () => {
    const value = JSON.parse('{"__proto__": "x", "PATH": "/bin"}') as Record<string, string>;
    const { env } = checkStart({ ...good['start'], env: value });
    assert.equal(Object.getPrototypeOf({ ...env }), Object.prototype);
  });
});

function onlyInvalidParams(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof InvalidParamsError)) throw error;
  }
}

type Path = readonly (string | number)[];

/** The way to every value in an object. */
function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const below = Object.entries(value).flatMap(([key, part]) => pathsOf(part, [...at, key]));
  return at.length === 0 ? below : [at, ...below];
}

function put(target: object, path: Path, value: unknown): void {
  const [key = '', ...rest] = path;
  const holder = target as Record<string, unknown>;
  if (rest.length === 0) holder[key] = value;
  else put(holder[key] as object, rest, value);
}

/** What may be left out. */
function isOptional(path: Path): boolean {
  return (
    path.length > 0 &&
    ['fallback', 'install', 'requiredTool', 'kind', 'env', 'PATH', 'reason', '0'].includes(String(path.at(-1)))
  );
}

/** What may be another value than the right one without being wrong. */
function isLoose(path: Path): boolean {
  return ['kind', 'reason', 'env', 'apps', 'command', 'install', '0', 'PATH', 'protocol'].some((name) =>
    path.includes(name),
  );
}

function randomJson(random: () => number, depth: number): unknown {
  const keys = [
    'sessionId',
    'apps',
    'spec',
    'env',
    'probe',
    'path',
    'toString',
    '__proto__',
    'command',
    'kind',
    'port',
    'lines',
    'data',
  ];
  const leaves = [null, true, 0, -1, 1.5, 80, 1e300, '', 'web', 'auto', 'http', 'GET', '/x', '\u0000'];
  const roll = random();
  if (depth === 0 || roll < 0.4) return pick(random, leaves);
  const count = Math.floor(random() * 5);
  if (roll < 0.6) return Array.from({ length: count }, () => randomJson(random, depth - 1));
  return Object.fromEntries(Array.from({ length: count }, () => [pick(random, keys), randomJson(random, depth - 1)]));
}
