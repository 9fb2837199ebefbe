import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { skipOnWindows } from '../support/skip';
import { repoRoot } from './support/repository';

const read = (file: string): string => readFileSync(path.join(repoRoot, 'docs', file), 'utf8');

describe('docs/sandbox.md', () => {
  const page = read('sandbox.md');
  const fragment = read('sandbox/Dockerfile.fragment');
  const entrypoint = read('sandbox/entrypoint.sh');

  it('quotes the two files that are tested, word for word', () => {
    const blocks = [...page.matchAll(/^```(?:dockerfile\n|sh\n(?=#!))([\s\S]*?)^```$/gm)].map(([, block]) => block);
    assert.deepEqual(blocks, [fragment, entrypoint]);
  });

  it('has a script that can be run', function () {
    skipOnWindows(this, 'Git makes no file a program there');
    assert.ok(statSync(path.join(repoRoot, 'docs/sandbox/entrypoint.sh')).mode & 0o100);
  });

  it('explains each variable of theirs', () => {
    const used = new Set([...(fragment + entrypoint).matchAll(/\bCHEATCODE_\w+/g)].map(([name]) => name));
    const names = ['CHEATCODE_PLATFORM', 'CHEATCODE_USER', 'CHEATCODE_VSIX', 'CHEATCODE_WORKSPACE'];
    assert.deepEqual([...used].sort(), names);
    for (const name of names) assert.match(page, new RegExp(`^\\| \`${name}\` +\\| \\S`, 'm'));
  });

  it('says where files lie as they do', () => {
    const [, vsix = ''] = /CHEATCODE_VSIX:-(\S+?)\}/.exec(entrypoint) ?? [];
    assert.ok(page.includes(`\`${vsix}\` if not set`));
    assert.ok(fragment.includes(` ${vsix}\n`));
  });
});
