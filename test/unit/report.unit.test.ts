import assert from 'node:assert/strict';
import { redacted } from '../../src/sessions/redact';
import { reportText, type ReportParts } from '../../src/sessions/report';
import { anApp, aSession } from './samples';

const known = { secrets: ['geheim-4711'], home: '/home/ada' };
const clean = (text: string) => redacted(text, known);
/** Put together here: a scanner for secrets should find none in this file. */
const token = (start: string, length = 36) => start + 'aB3'.repeat(length).slice(0, length);

describe('a text that people pass on', () => {
  it('has no secret that is known, wherever it stands', () => {
    assert.equal(clean('xgeheim-4711y geheim-4711'), 'x***y ***');
    assert.equal(redacted('an and', { secrets: ['an', ''], home: '' }), 'an and', 'a word is no secret');
    const both = { secrets: ['geheim', 'geheim-4711'], home: '' };
    assert.equal(redacted('geheim-4711', both), '***', 'the longer one whole');
  });

  it('has no user or password of an address', () => {
    assert.equal(
      clean('redis://me:p%40ss@h:6379/1 and https://t0ken@example.com/a@b'),
      'redis://***@h:6379/1 and https://***@example.com/a@b',
    );
    assert.equal(clean('http://localhost:3000/@scope/x'), 'http://localhost:3000/@scope/x');
  });

  it('has no value of what is called a secret, in any of the usual spellings', () => {
    for (const [text, expected] of [
      ['API_KEY=abc123 next', 'API_KEY=*** next'],
      ['NEXT_PUBLIC_TOKEN: abc', 'NEXT_PUBLIC_TOKEN: ***'],
      ['{"dbPassword": "a b\\"", "port": 3000}', '{"dbPassword": ***", "port": 3000}'],
      ["client_secret='x y'", 'client_secret=***'],
      ['GET /x?access_token=abc&page=2', 'GET /x?access_token=***&page=2'],
      ['run --password hunter2 --port 1', 'run --password *** --port 1'],
      ['Authorization: Bearer abc.def.ghi', 'Authorization: *** ***'],
      ['Bearer abcdef123', 'Bearer ***'],
      ['Cookie: a=b', 'Cookie: ***'],
    ] as const)
      assert.equal(clean(text), expected);
  });

  it('has no token of a known kind, and no private key', () => {
    for (const start of ['gh' + 'p_', 'github' + '_pat_', 'np' + 'm_', 's' + 'k-', 'xox' + 'b-', 'AI' + 'za'])
      assert.equal(clean(`at ${token(start)}.`), 'at ***.', start);
    // In one piece they would be found by whoever looks for secrets in sources.
    /* eslint-disable @typescript-eslint/no-unnecessary-template-expression */
    assert.equal(clean(`AK${'IA'}${'A1B2'.repeat(4)}`), '***');
    assert.equal(clean(`${token('ey' + 'J', 20)}.${token('', 12)}.${token('', 12)}`), '***');
    const pem = `-----BEGIN ${'RSA'} PRIVATE KEY-----\nabc\ndef\n-----END ${'RSA'} PRIVATE KEY-----`;
    /* eslint-enable @typescript-eslint/no-unnecessary-template-expression */
    assert.equal(clean(`a ${pem} b`).includes('abc'), false);
  });

  it('has ~ for the home folder, and only for that', () => {
    assert.equal(clean('/home/ada/app /home/ada: /home/adam/x'), '~/app ~: /home/adam/x');
  });

  it('is else as it was', () => {
    const text = 'Ready in 812ms\n ○ Compiling /page ...\nGET /tokens 200 in 5ms | key events: 3';
    assert.equal(clean(text), text);
  });
});

describe('a report', () => {
  const parts: ReportParts = {
    atMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    versions: [['Extension', '1.2.3']],
    settings: [['cheatcode.web.command', '"node a | b"', 'workspace']],
    variables: [['CHEATCODE_SANDBOX_ID', 'box']],
    views: [
      {
        app: anApp({ folder: '/home/ada/app' }),
        session: aSession({ state: 'failed', reason: { code: 'crashLoop', facts: { crashes: 5 } }, crashes: 5 }),
      },
    ],
    window: { connection: { kind: 'connected', hostPid: 7, hostVersion: '1.2.3' }, trusted: true },
    configProblems: [
      {
        file: '/home/ada/cheatcode.json',
        offset: 0,
        length: 1,
        code: 'syntax',
        message: 'is wrong',
        severity: 'error',
        facts: {},
      },
    ],
    hostLog: ['2026-01-02T03:04:05.000Z info session changed session=dev_server_web state=failed'],
    windowLog: ['2026-01-02T03:04:05.001Z warn setting ignored'],
    outputs: new Map([['dev_server_web', ['```', 'Error: password=hunter2', '```']]]),
    known,
  };

  it('has versions, settings, states, events with their times, and the last output', () => {
    const text = reportText(parts);
    for (const line of [
      '# Cheatcode Dev Server report',
      '| Extension | 1.2.3 |',
      '| cheatcode.web.command | "node a \\| b" | workspace |',
      '| CHEATCODE_SANDBOX_ID | box |',
      '## Web',
      '| State | failed |',
      '| Reason | crashLoop {"crashes":5} |',
      '| Folder | ~/app |',
      '- ~/cheatcode.json: is wrong',
      '2026-01-02T03:04:05.000Z info session changed session=dev_server_web state=failed',
      '2026-01-02T03:04:05.001Z warn setting ignored',
      '## Last output of dev_server_web',
      'Error: password=***',
    ])
      assert.ok(text.split('\n').includes(line), `${line}\n\nin\n\n${text}`);
    assert.match(text, /^2026-01-02T03:04:05\.000Z\. /m);
  });

  it('keeps output that looks like Markdown in its place', () => {
    assert.match(reportText(parts), /\n````text\n```\nError: .*\n```\n````\n$/);
  });

  it('says so where nothing is known', () => {
    const text = reportText({
      ...parts,
      settings: [],
      variables: [],
      views: [],
      configProblems: [],
      hostLog: [],
      outputs: new Map(),
    });
    for (const words of ['All as by default.', 'None was found in this workspace.', 'Of the session host:\n\nNothing.'])
      assert.ok(text.includes(words), words);
    assert.doesNotMatch(text, /## (?:Environment|Problems|Last output)/);
  });
});
