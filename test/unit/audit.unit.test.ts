import assert from 'node:assert/strict';
import { isAnswerRequired, judgeAudit } from '../hosts/audit.mjs';

describe('the audit of what is shipped', () => {
  const shipped = ['node_modules/ioredis', 'node_modules/debug'];
  /** As `npm audit --json` tells of one package. */
  const finding = (name: string, severity: string, nodes: readonly string[]) => ({
    [name]: {
      name,
      severity,
      range: '<2.0.0',
      nodes,
      via: [{ title: 'Code can be run', url: 'https://example.com/1' }],
    },
  });
  const judge = (...findings: readonly object[]) =>
    judgeAudit({ auditReportVersion: 2, vulnerabilities: Object.assign({}, ...findings) as object }, shipped);

  it('finds nothing in an empty report', () => {
    assert.deepEqual(judge(), { grave: [], others: 0 });
  });

  it('tells high and critical findings in packages of the bundles and in the native part, and counts the others', () => {
    const verdict = judge(
      finding('ioredis', 'critical', ['node_modules/ioredis']),
      finding('@lydell/node-pty-linux-x64', 'high', ['node_modules/@lydell/node-pty-linux-x64']),
      finding('debug', 'moderate', ['node_modules/debug']),
      finding('mocha', 'critical', ['node_modules/mocha']),
      // Another copy of a package is what is shipped.
      finding('ms', 'high', ['node_modules/mocha/node_modules/ms']),
    );
    assert.ok('grave' in verdict);
    assert.deepEqual(
      verdict.grave.map((line) => line.split(':')[0]),
      ['ioredis <2.0.0', '@lydell/node-pty-linux-x64 <2.0.0'],
    );
    assert.match(verdict.grave[0] ?? '', /critical: Code can be run \(https:\/\/example\.com\/1\)$/);
    assert.equal(verdict.others, 3);
  });

  it('must be answered in a CI, and where a release asks for it', () => {
    assert.equal(isAnswerRequired([], {}), false);
    assert.equal(isAnswerRequired(['--required'], {}), true);
    for (const ci of ['true', '1', 'yes']) assert.equal(isAnswerRequired([], { CI: ci }), true, ci);
    for (const ci of ['', '0', 'false']) assert.equal(isAnswerRequired([], { CI: ci }), false, ci);
  });

  it('is no answer where the registry gives none, and says why', () => {
    assert.deepEqual(judgeAudit({ message: '405 Method Not Allowed', error: { summary: '' } }, shipped), {
      unanswered: '405 Method Not Allowed',
    });
    assert.deepEqual(judgeAudit(undefined, shipped), { unanswered: 'no report' });
  });
});
