import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileRecords, parseRecord } from '../../src/sessions/host/sessionRecords';
import { quietLog } from '../contract/support/quietLog';
import { aRecord, aSpec } from './support/fakeHost';
import { randomOf } from './support/random';
import { tempFolders } from './support/tempFolders';

describe('session records', () => {
  const tempFolder = tempFolders();
  let folder: string;
  let log: ReturnType<typeof quietLog>;
  const records = () => fileRecords(folder, log);
  const file = () => path.join(folder, 'dev_server_web.json');
  beforeEach(() => {
    folder = path.join(tempFolder(), 'records');
    log = quietLog();
  });

  it('come back as they were written, by a later host', () => {
    const withProcess = aRecord({ process: { pid: 7, startTicks: '99', cookie: 'scope:abc' } });
    const stopped = aRecord({ id: 'dev_server_mobile', desired: 'stopped', isSticky: true });
    records().write(withProcess);
    records().write(stopped);
    assert.deepEqual(
      [...records().readAll()].sort((a, b) => b.id.localeCompare(a.id)),
      [withProcess, stopped],
    );
  });

  it('are none where there is no folder yet', () => {
    assert.deepEqual(records().readAll(), []);
  });

  it('are for this user alone and hold no environment', () => {
    records().write(aRecord({ spec: aSpec({ env: { SECRET: 'hush' } }) }));
    if (process.platform !== 'win32') assert.equal(statSync(file()).mode & 0o777, 0o600);
    assert.doesNotMatch(readFileSync(file(), 'utf8'), /hush/);
  });

  it('are gone when they are removed, and removing twice is no error', () => {
    records().write(aRecord());
    records().remove('dev_server_web');
    records().remove('dev_server_web');
    assert.deepEqual(records().readAll(), []);
  });

  it('leave no half-written file beside them', () => {
    records().write(aRecord());
    records().write(aRecord({ desired: 'stopped' }));
    assert.deepEqual(readdirSync(folder), ['dev_server_web.json']);
  });

  it('stay whole when a new one can not be written', () => {
    records().write(aRecord());
    mkdirSync(path.join(folder, `dev_server_web.json.${process.pid}.tmp`)); // Nothing can be written aside.
    assert.throws(() => records().write(aRecord({ desired: 'stopped' })));
    assert.equal(parseRecord(readFileSync(file(), 'utf8')).desired, 'running');
  });

  it('do not count what a host did not live to finish', () => {
    records().write(aRecord());
    writeFileSync(path.join(folder, 'dev_server_mobile.json.77.tmp'), '{"version":');
    assert.equal(records().readAll().length, 1);
    assert.deepEqual(readdirSync(folder), ['dev_server_web.json']);
  });

  const corrupt: Readonly<Record<string, string>> = {
    'of no bytes': '',
    'that are no JSON': '{"version":1,',
    'of another kind': '[]',
    'that are null': 'null',
    'of a newer version': JSON.stringify({ version: 2, ...aRecord() }),
    'without a spec': JSON.stringify({ version: 1, ...aRecord(), spec: undefined }),
    'with a path for a name': JSON.stringify({ version: 1, ...aRecord({ id: '../token' }) }),
    'with a process that can not be': JSON.stringify({
      version: 1,
      ...aRecord({ process: { pid: 1, startTicks: '1', cookie: 'x' } }),
    }),
    'with another wish': JSON.stringify({ version: 1, ...aRecord(), desired: 'maybe' }),
  };
  for (const [what, text] of Object.entries(corrupt))
    it(`${what} are moved aside with a warning, and the others count`, () => {
      records().write(aRecord({ id: 'dev_server_mobile' }));
      writeFileSync(file(), text);
      assert.deepEqual(
        records()
          .readAll()
          .map(({ id }) => id),
        ['dev_server_mobile'],
      );
      assert.ok(existsSync(`${file()}.bad`));
      assert.ok(!existsSync(file()));
      assert.equal(log.lines.length, 1);
      assert.equal(records().readAll().length, 1);
      assert.equal(log.lines.length, 1, 'once is enough');
    });

  it('of no use do not pile up: the last few are kept', () => {
    for (let n = 0; n < 20; n++) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, `dev_server_${n}.json`), 'garbage');
      records().readAll();
    }
    assert.deepEqual(readdirSync(folder).length, 5);
  });

  it('that are folders, or in whose place aside something lies, keep nobody from reading the others', () => {
    records().write(aRecord({ id: 'dev_server_mobile' }));
    mkdirSync(path.join(file(), 'below'), { recursive: true });
    mkdirSync(path.join(`${file()}.bad`, 'below'), { recursive: true });
    for (let round = 0; round < 2; round++)
      assert.deepEqual(
        records()
          .readAll()
          .map(({ id }) => id),
        ['dev_server_mobile'],
      );
  });

  it('cut off anywhere are read whole or not at all', () => {
    records().write(aRecord());
    const whole = readFileSync(file(), 'utf8');
    for (let length = whole.length - 1; length >= 0; length -= 7) {
      writeFileSync(file(), whole);
      truncateSync(file(), length);
      assert.deepEqual(records().readAll(), []);
    }
  });

  it('with damaged bytes never make more of a process than a number above 1 and two texts', () => {
    records().write(aRecord({ process: { pid: 7777, startTicks: '99', cookie: 'scope:abc' } }));
    const whole = readFileSync(file(), 'utf8');
    const random = randomOf(5);
    for (let round = 0; round < 2000; round++) {
      const at = Math.floor(random() * whole.length);
      const text = whole.slice(0, at) + String.fromCharCode(32 + Math.floor(random() * 90)) + whole.slice(at + 1);
      try {
        const { process: server, id } = parseRecord(text);
        assert.match(id, /^[\w.-]+$/);
        if (server) assert.ok(Number.isInteger(server.pid) && server.pid > 1 && typeof server.startTicks === 'string');
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
      }
    }
  });
});
