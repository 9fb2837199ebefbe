import assert from 'node:assert/strict';
import { appLooks, examine, machineLooks, type Look } from '../../src/sessions/doctor';
import { changedLines, isSameTrouble, worstFirst, type Finding } from '../../src/sessions/doctorFinding';
import { windowLooks } from '../../src/sessions/doctorWindow';
import type { ConfigProblem } from '../../src/sessions/apps';
import { DevServerError } from '../../src/sessions/errors';
import { isWantedByFile, satisfies, type Version } from '../../src/sessions/nodeRange';
import { anApp, aSession } from './samples';
import { aContext, said } from './support/doctorFakes';
import { tempFolders, writeTree } from './support/tempFolders';

const ok = (id: Finding['id']): Look => ({ id, run: () => Promise.resolve([{ id, result: 'ok', message: id }]) });

describe('the doctor', () => {
  it('takes all looks, and tells of each as it is done', async () => {
    const done: string[] = [];
    const found = await examine([ok('port'), ok('disk')], {
      onLook: ({ id }, count) => done.push(`${id} of ${count}`),
    });
    assert.deepEqual(
      found.map(({ id }) => id),
      ['port', 'disk'],
    );
    assert.deepEqual(done, ['port of 2', 'disk of 2']);
  });

  it('is held up by nothing that hangs, and is no victim of what throws', async () => {
    const hanging: Look = { id: 'packageManager', appKey: 'a', run: () => new Promise(() => undefined) };
    const throwing: Look = { id: 'disk', run: () => Promise.reject(new Error('EIO')) };
    const found = await examine([hanging, throwing, ok('port')], { limitMs: 1000 });
    assert.deepEqual(said(found), [
      'warn: Package manager: no answer within 1 s, so nothing is known of it.',
      'warn: Disk space: could not be looked at (EIO).',
      'ok',
    ]);
    assert.equal(found[0]?.appKey, 'a');
  });

  it('ends at once when a person cancels it', async () => {
    const abort = new AbortController();
    const looking = examine([{ id: 'port', run: () => new Promise(() => undefined) }], { signal: abort.signal });
    abort.abort();
    assert.deepEqual(await looking, []);
    assert.deepEqual(await examine([ok('port')], { signal: abort.signal }), []);
  });

  const makeFolder = tempFolders();

  it('has one finding for an app that can’t be started at all, and many for one that can', async () => {
    const problem = { code: 'noDevScript', facts: {} } as const;
    assert.deepEqual(said(await examine(await appLooks(aContext(), anApp({ problem })))), [
      'fail: Web can\'t start: its package.json has no "dev" script. Add one, or set a command.',
    ]);
    const folder = makeFolder();
    writeTree(folder, { 'package.json': { scripts: { dev: 'next dev' }, dependencies: { next: '16' } } });
    const found = await examine(await appLooks(aContext(), anApp({ folder })));
    assert.deepEqual(new Set(said(found)), new Set(['ok']));
    for (const id of [
      'app',
      'port',
      'packageManager',
      'dependencies',
      'localhost',
      'orphans',
      'secondServer',
      'nextLock',
    ])
      assert.ok(
        found.some((one) => one.id === id && one.appKey === '1:2:cheatcode-app'),
        id,
      );
  });

  it('is content with a healthy machine', async () => {
    const context = aContext({
      stateFolder: '/home/ann/.cheatcode/run',
      editor: { isCodeServer: true, asExternalUrl: () => Promise.resolve('https://box/proxy/3000/') },
    });
    assert.deepEqual(said(await examine(machineLooks(context, [anApp()]))), ['ok', 'ok', 'ok', 'ok', 'ok']);
  });

  it('lists the worst first, and knows the same trouble again', () => {
    const finding = (id: Finding['id'], result: Finding['result']): Finding => ({ id, result, message: '' });
    const sorted = worstFirst([
      finding('port', 'ok'),
      finding('ci', 'warn'),
      finding('app', 'fail'),
      finding('disk', 'warn'),
    ]);
    assert.deepEqual(
      sorted.map(({ id }) => id),
      ['app', 'ci', 'disk', 'port'],
    );
    assert.equal(isSameTrouble(finding('ci', 'warn'), finding('ci', 'fail')), true);
    assert.equal(isSameTrouble(finding('ci', 'warn'), finding('ci', 'ok')), false);
    assert.equal(isSameTrouble(finding('ci', 'warn'), { ...finding('ci', 'warn'), appKey: 'b' }), false);
  });

  it('shows the lines that a fix would change, and no others', () => {
    assert.equal(changedLines('a\nb\nc\n', 'a\nB\nc\n'), '- b\n+ B');
    assert.equal(changedLines('a\nb\nc', 'a\nc'), '- b');
    assert.equal(changedLines('a\n    b\n', 'a\n      c\n'), '- b\n+   c');
    assert.equal(changedLines('a', 'a'), '');
  });
});

describe('the doctor of a window', () => {
  const servers = {
    connection: { kind: 'connected', hostPid: 7, hostVersion: '0.1.0' } as const,
    hostReplacement: undefined,
    problems: [],
    session: () => undefined,
  };
  const look = (of: Partial<Parameters<typeof windowLooks>[0]>) =>
    examine(windowLooks({ servers, apps: [anApp()], stateTrouble: undefined, hasFolder: true, trusted: true, ...of }));

  it('is content with a host that answers and a workspace with apps', async () => {
    assert.deepEqual(said(await look({})), ['ok', 'ok']);
  });

  it('finds a host that hangs or is older, and leads to the question that replaces it', async () => {
    const error = new DevServerError('hostHangs', { pid: 7 });
    const hung = await look({
      servers: { ...servers, connection: { kind: 'failed', error }, hostReplacement: 'hung' },
    });
    assert.match(said(hung).join(), /^fail: The session host \(pid 7\) does not answer/);
    assert.deepEqual(
      hung[0]?.fixes?.map(({ change }) => change.kind),
      ['replaceHost'],
    );
    const older = await look({ servers: { ...servers, hostReplacement: 'older' } });
    assert.match(said(older).join(), /^warn: The session host 0\.1\.0 \(pid 7\) is older/);
  });

  it('finds mistakes in cheatcode.json, and leads to their line', async () => {
    const problem: ConfigProblem = {
      file: '/w/cheatcode.json',
      offset: 12,
      length: 1,
      code: 'wrongValue',
      message: '"port" must be a whole number',
      severity: 'error',
      facts: {},
    };
    const found = await look({ servers: { ...servers, problems: [problem] } });
    const [, mistake] = found;
    assert.equal(mistake?.message, '/w/cheatcode.json: "port" must be a whole number');
    assert.deepEqual(mistake.fixes?.[0]?.change, { kind: 'openFile', file: '/w/cheatcode.json', offset: 12 });
  });

  it('says that nothing runs in a workspace that is not trusted', async () => {
    const found = await look({ trusted: false });
    assert.match(said(found).join(), /^ok,warn: This workspace is not trusted/);
  });

  it('says what it misses in a workspace without an app, without a folder, without a state folder', async () => {
    assert.match(said(await look({ apps: [] })).join(), /warn: No app was found in this workspace\./);
    assert.match(said(await look({ apps: [], hasFolder: false })).join(), /warn: No folder is open\./);
    assert.match(
      said(await look({ stateTrouble: '/s: is not a folder' })).join(),
      /fail: Dev servers need a folder.*\/s/,
    );
  });

  it('finds that other machines can’t be asked', async () => {
    const session = aSession({ acrossMachines: { code: 'redisUnavailable', facts: { detail: 'ECONNREFUSED' } } });
    const found = await look({ servers: { ...servers, session: () => session } });
    assert.match(said(found).join(), /warn: Redis does not answer \(ECONNREFUSED\)/);
  });
});

describe('versions of Node.js', () => {
  const versions = (text: string) => text.split('.').map(Number) as unknown as Version;

  it('are in the ranges that npm says they are in', () => {
    for (const [version, range, verdict] of [
      ['20.11.1', '>=20', true],
      ['20.11.1', '>=20.9 <21', true],
      ['21.0.0', '>=20.9 <21', false],
      ['20.8.0', '>= 20.9.0', false],
      ['20.11.1', '^20.9.0', true],
      ['22.0.0', '^20.9.0', false],
      ['20.11.1', '~20.11', true],
      ['20.12.0', '~20.11', false],
      ['20.12.0', '~20', true],
      ['20.12.0', '20', true],
      ['20.12.0', '20.x', true],
      ['20.12.0', '20.11', false],
      ['20.12.0', '18 || 20', true],
      ['19.0.0', '18 || 20', false],
      ['19.0.0', '18 - 20', true],
      ['20.99.0', '18 - 20', true],
      ['21.0.0', '18 - 20', false],
      ['21.0.0', '>20', true],
      ['20.5.0', '>20', false],
      ['20.5.0', '<=20', true],
      ['20.5.0', '*', true],
      ['20.5.0', '', true],
      ['20.5.0', '^18.18.0 || ^19.8.0 || >= 20.0.0', true],
      ['20.5.0', '>=20.0.0-rc.1', true],
      ['20.5.0', 'what ever', undefined],
    ] as const)
      assert.equal(satisfies(versions(version), range), verdict, `${version} in "${range}"`);
  });

  it('are what .nvmrc names, by number or by name', () => {
    for (const [version, wanted, verdict] of [
      ['20.11.1', 'v20.11.1', true],
      ['20.11.2', '20.11.1', false],
      ['20.11.2', '# ours\n20', true],
      ['20.11.2', 'lts/iron', true],
      ['22.1.0', 'lts/iron', false],
      ['22.1.0', 'lts/*', true],
      ['23.1.0', 'lts/*', false],
      ['23.1.0', 'node', undefined],
      ['23.1.0', 'lts/someday', undefined],
      ['23.1.0', '', undefined],
    ] as const)
      assert.equal(isWantedByFile(versions(version), wanted), verdict, `${version} for ${wanted}`);
  });
});
