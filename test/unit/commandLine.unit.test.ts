import assert from 'node:assert/strict';
import { splitCommand } from '../../src/sessions/commandLine';

describe('a command from the settings', () => {
  const split = (command: string) => splitCommand(command, 'linux');
  const words: readonly (readonly [command: string, words: readonly string[]])[] = [
    ['pnpm run dev', ['pnpm', 'run', 'dev']],
    ['  npx   next dev  ', ['npx', 'next', 'dev']],
    ['next dev --port {port}', ['next', 'dev', '--port', '{port}']],
    [`node "my server.js" 'it is'`, ['node', 'my server.js', 'it is']],
    ['node my\\ server.js', ['node', 'my server.js']],
    ['node --title="a b"c', ['node', '--title=a bc']],
    [`node "" ''`, ['node', '', '']],
    ['node "say \\"hi\\""', ['node', 'say "hi"']],
    [`node 'back\\slash'`, ['node', 'back\\slash']],
  ];
  for (const [command, expected] of words)
    it(`${command} is taken apart as a shell would, without one`, () => {
      assert.deepEqual(split(command), expected);
    });

  for (const command of [
    'pnpm build && pnpm start',
    'pnpm dev | tee log',
    'node $SERVER',
    'node "$SERVER"',
    'node *.js',
    'cd web; next dev',
    'node server.js &',
    'node ~/server.js',
    'a\nb',
    'NODE_ENV=development next dev',
    'echo "never closed',
    "echo it's",
  ])
    it(`${JSON.stringify(command)} needs a shell and is given to one whole`, () => {
      assert.deepEqual(split(command), ['sh', '-c', command]);
    });

  it('needs no shell for what stands in single quotes', () => {
    assert.deepEqual(split(`node -e 'a && b; $c'`), ['node', '-e', 'a && b; $c']);
  });

  describe('on Windows', () => {
    const split = (command: string) => splitCommand(command, 'win32');

    it('may hold backslashes and apostrophes, which have no meaning there', () => {
      assert.deepEqual(split('C:\\tools\\next.cmd dev'), ['C:\\tools\\next.cmd', 'dev']);
      assert.deepEqual(split('"C:\\Program Files\\node.exe"  it\'s "" --a="b c"'), [
        'C:\\Program Files\\node.exe',
        "it's",
        '',
        '--a=b c',
      ]);
    });

    for (const command of [
      'set A=1&& next dev',
      'next dev > log',
      'node %SERVER%',
      'node "%SERVER%"',
      'echo ^"',
      'echo "open',
    ])
      it(`${command} is given to cmd whole`, () => {
        assert.deepEqual(split(command), ['cmd', '/d', '/s', '/c', `"${command}"`]);
      });
  });

  it('may set a variable in an argument without a shell', () => {
    assert.deepEqual(splitCommand('env A=1 next dev'), ['env', 'A=1', 'next', 'dev']);
  });
});
