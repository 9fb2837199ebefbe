import assert from 'node:assert/strict';
import { OwnSpecs } from '../../src/sessions/ownSpecs';
import type { LaunchSpec } from '../../src/sessions/protocol';
import { specDigest } from '../../src/sessions/specDigest';
import { anApp, aSession } from './samples';

const spec = (of: Partial<LaunchSpec> = {}): LaunchSpec => ({
  appKey: '1:2:cheatcode-app',
  appName: 'cheatcode-app',
  type: 'web',
  folder: '/w/cheatcode-app',
  command: ['pnpm', 'run', 'dev'],
  port: 3000,
  probe: { kind: 'tcp' },
  env: {},
  ...of,
});
const ours = specDigest(spec());
const others = specDigest(spec({ port: 4000 }));

describe('the digest of a launch spec', () => {
  it('tells apart what a server runs by, and nothing else', () => {
    for (const of of [{ port: 4000 }, { command: ['npm', 'run', 'dev'] }, { env: { A: '1' } }] as const)
      assert.notEqual(specDigest(spec(of)), ours, JSON.stringify(of));
    for (const of of [
      { probe: { kind: 'http', method: 'GET', path: '/' } },
      { install: ['pnpm', 'install'] },
      { onPortTaken: 'useNext' },
      { onChange: 'restart' },
      { restartFiles: ['app.json'] },
    ] as const)
      assert.equal(specDigest(spec(of)), ours, JSON.stringify(of));
  });

  it('does not depend on the order of keys', () => {
    assert.equal(specDigest(spec({ env: { A: '1', B: '2' } })), specDigest(spec({ env: { B: '2', A: '1' } })));
  });
});

describe('fault 34: a window whose settings differ', () => {
  const app = anApp();
  let resolved: LaunchSpec;
  let changes: number;
  let own: OwnSpecs;
  beforeEach(() => {
    resolved = spec();
    changes = 0;
    own = new OwnSpecs(
      () => Promise.resolve(resolved),
      () => changes++,
    );
  });
  const runs = (digest: string) => aSession({ specDigest: digest });

  it('is told nothing while the server runs by its spec', async () => {
    await own.follow(app, runs(ours));
    assert.equal(own.compare(app, runs(ours)), undefined);
  });

  it('is told when the server runs by another, and what it has not looked at yet it does not judge', async () => {
    assert.equal(own.compare(app, runs(others)), undefined);
    await own.follow(app, runs(others));
    assert.deepEqual(own.compare(app, runs(others)), { digest: ours, changedHere: false });
    assert.equal(changes, 1);
  });

  it('looks at its files again before it calls a server another that was started anew', async () => {
    await own.follow(app, runs(ours));
    resolved = spec({ port: 4000 });
    assert.equal(own.compare(app, runs(others)), undefined);
    await own.follow(app, runs(others));
    assert.equal(own.compare(app, runs(others)), undefined);
  });

  it('knows that it was itself that changed them, until another window has had its way', async () => {
    await own.follow(app, runs(ours));
    resolved = spec({ port: 4000 });
    await own.refresh(app, runs(ours));
    assert.deepEqual(own.compare(app, runs(ours)), { digest: others, changedHere: true });
    await own.follow(app, runs(others));
    assert.equal(own.compare(app, runs(others)), undefined);
    await own.follow(app, runs(ours));
    assert.deepEqual(own.compare(app, runs(ours)), { digest: others, changedHere: false });
  });

  it('is told nothing of an adopted server, of one that does not run, or where its own spec is not known', async () => {
    await own.follow(app, runs(others));
    assert.equal(own.compare(app, { ...runs(others), adopted: true }), undefined);
    for (const state of ['stopped', 'starting', 'failed', 'blocked'] as const)
      assert.equal(own.compare(app, { ...runs(others), state }), undefined);
    const failing = new OwnSpecs(
      () => Promise.reject(new Error('no package.json')),
      () => undefined,
    );
    await failing.follow(app, runs(others));
    assert.equal(failing.compare(app, runs(others)), undefined);
  });
});
