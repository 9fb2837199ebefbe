import assert from 'node:assert/strict';
import { shellCommands } from '../../src/sessions/shellCommands';
import { typedServer, type TypedServerPorts } from '../../src/sessions/typedServer';
import { skipOnWindows } from '../support/skip';

const packages: Readonly<Record<string, { readonly name?: string; readonly scripts: Record<string, string> }>> = {
  '/w': {
    scripts: {
      dev: 'pnpm --filter web dev',
      web: 'cd cheatcode-app && next dev',
      all: 'concurrently -n a,b "pnpm -C cheatcode-mobile start" "tsc -w"',
      loop: 'pnpm loop',
    },
  },
  '/w/cheatcode-app': {
    name: '@acme/web',
    scripts: {
      dev: 'next dev --turbopack',
      'dev:db': 'docker compose up db',
      'dev:env': 'cross-env NODE_ENV=development dotenv -e .env.local -- next dev',
      build: 'next build',
      start: 'next start',
      custom: 'node server.js',
    },
  },
  '/w/cheatcode-mobile': { name: 'mobile', scripts: { start: 'expo start', dev: 'CI=1 npx expo start --tunnel' } },
};
const ports: TypedServerPorts = {
  home: '/home/ann',
  folders: ['/w/cheatcode-app', '/w/cheatcode-mobile'],
  packageIn: (folder) => {
    const found = packages[folder];
    return Promise.resolve(found && { name: found.name, scripts: found.scripts });
  },
};
const APP = '/w/cheatcode-app';
const MOBILE = '/w/cheatcode-mobile';
const of = async (line: string, folder = APP): Promise<string | undefined> => {
  const found = await typedServer(line, folder, ports);
  return found && `${found.kind} ${found.folder}`;
};

describe('a line typed in a terminal', () => {
  const inApp = [
    'next',
    'next dev',
    'next dev --turbopack -p 4000',
    '  next dev # again',
    'next dev > log.txt 2>&1 &',
    'next dev | tee log.txt',
    './node_modules/.bin/next dev',
    'node --inspect node_modules/.bin/next dev',
    'node node_modules/next/dist/bin/next dev',
    'npx next dev',
    'npx --yes next@latest dev',
    'npx -c "next dev"',
    'bunx --bun next dev',
    'npm run dev',
    'npm run dev -- -p 4000',
    'npm run-script dev',
    'npm exec -- next dev',
    'pnpm dev',
    'pnpm run dev',
    'pnpm next dev',
    'pnpm exec next dev',
    'pnpm run dev:env',
    'corepack pnpm dev',
    'yarn dev',
    'yarn run dev',
    'yarn next dev',
    'bun dev',
    'bun run dev',
    'bun --bun run dev',
    'PORT=4000 NODE_OPTIONS="--inspect" pnpm dev',
    'env -u CI PORT=4000 pnpm dev',
    'sudo -u ann pnpm dev',
    'time pnpm dev',
    'timeout 60 pnpm dev',
    'nice -n 10 pnpm dev',
    'rm -rf .next && pnpm dev',
    'rm -rf .next; pnpm dev',
    'pnpm install && pnpm build && pnpm dev',
    'echo "starting && going" && pnpm dev',
    'while true; do pnpm dev; done',
    '(cd ../cheatcode-mobile && ls); pnpm dev',
    'bash -c "pnpm dev"',
    'pnpm dev \\\n  --port 4000',
    'dotenvx run -f .env -- next dev',
  ];
  for (const line of inApp)
    it(`starts the web app's server in its folder: ${line}`, async () => {
      assert.equal(await of(line), `next ${APP}`);
    });

  const elsewhere: readonly (readonly [line: string, from: string, expected: string])[] = [
    ['next dev -H 0.0.0.0 .', APP, `next ${APP}`],
    ['cd cheatcode-app && pnpm dev', '/w', `next ${APP}`],
    ['cd "cheatcode-app"; npm run dev', '/w', `next ${APP}`],
    ['cd ~/../../w/cheatcode-app && next dev', '/tmp', `next ${APP}`],
    ['cd $HOME/../../w/cheatcode-app && next dev', '/tmp', `next ${APP}`],
    ['(cd cheatcode-app && pnpm dev)', '/w', `next ${APP}`],
    ['pushd cheatcode-app && pnpm dev', '/w', `next ${APP}`],
    ['next dev ./cheatcode-app', '/w', `next ${APP}`],
    ['next dev -p 3000 cheatcode-app', '/w', `next ${APP}`],
    ['pnpm -C cheatcode-app dev', '/w', `next ${APP}`],
    ['pnpm --dir=cheatcode-app run dev', '/w', `next ${APP}`],
    ['npm --prefix cheatcode-app run dev', '/w', `next ${APP}`],
    ['npm run dev --prefix ./cheatcode-app', '/w', `next ${APP}`],
    ['yarn --cwd cheatcode-app dev', '/w', `next ${APP}`],
    ['bun --cwd=cheatcode-app run dev', '/w', `next ${APP}`],
    ['pnpm --filter web dev', '/w', `next ${APP}`],
    ['pnpm -F @acme/web... run dev', '/w', `next ${APP}`],
    ['pnpm --filter ./cheatcode-app dev', '/w', `next ${APP}`],
    ['npm run dev -w @acme/web', '/w', `next ${APP}`],
    ['yarn workspace @acme/web dev', '/w', `next ${APP}`],
    ['pnpm dev', '/w', `next ${APP}`],
    ['npm run web', '/w', `next ${APP}`],
    ['pnpm dev', `${APP}/app/deep`, `next ${APP}`],
    ['pnpm all', '/w', `expo ${MOBILE}`],
    ['npx expo start', MOBILE, `expo ${MOBILE}`],
    ['npx expo', MOBILE, `expo ${MOBILE}`],
    ['npx --yes expo start --max-workers 2 --tunnel', MOBILE, `expo ${MOBILE}`],
    ['pnpm exec expo start --web', MOBILE, `expo ${MOBILE}`],
    ['EXPO_NO_TELEMETRY=1 expo start -c', MOBILE, `expo ${MOBILE}`],
    ['npm start', MOBILE, `expo ${MOBILE}`],
    ['pnpm dev', MOBILE, `expo ${MOBILE}`],
    ['npx expo start cheatcode-mobile', '/w', `expo ${MOBILE}`],
    ['next dev', '/w', 'next /w'],
  ];
  for (const [line, from, expected] of elsewhere)
    it(`starts the one of ${expected}, typed in ${from}: ${line}`, async function () {
      skipOnWindows(this, 'the paths here are written as POSIX has them');
      assert.equal(await of(line, from), expected);
    });

  const none = [
    '',
    'git commit -m "next dev"',
    "git commit -m 'pnpm dev'; git push",
    'echo next dev',
    'echo "cd x && next dev"',
    '# next dev',
    'ls # && next dev',
    'which next',
    'man next dev',
    'grep -r "expo start" .',
    'next build',
    'next build && next start',
    'next --version',
    'next dev --help',
    'next info',
    'expo prebuild',
    'npx expo install',
    'npx create-next-app dev',
    'npx nextra dev',
    'pnpm dev:db',
    'pnpm build',
    'pnpm start',
    'npm start',
    'npm run custom',
    'npm run missing',
    'pnpm missing',
    'npm dev',
    'npm install next dev',
    'pnpm add next dev',
    'yarn add expo start',
    'pnpm dev --help',
    'pnpm -r dev',
    'pnpm --filter docs dev',
    'pnpm --filter "*" dev',
    'pnpm -C $DIR dev',
    'cd $DIR && next dev',
    'cd - && next dev',
    'cd nowhere',
    'cd nowhere && pnpm --filter docs dev',
    'next dev $DIR',
    'test -d .next || next dev',
    '$(next dev)',
    'echo `next dev`',
    'echo "$(next dev)"',
    'dev() { next dev; }',
    'alias dev="next dev"',
    "alias d='pnpm dev'",
    'ssh box "next dev"',
    'docker compose exec web pnpm dev',
    'pkill -f "next dev"',
    'cat <<EOF\nnext dev\nEOF',
    'git commit -m "unfinished\nnext dev',
    './next dev',
    '$CMD dev',
    'node server.js next dev',
    'node -e "next dev"',
    'pnpm loop',
  ];
  for (const line of none)
    it(`starts none: ${line.replaceAll('\n', '\\n')}`, async () => {
      assert.equal(await of(line), undefined);
    });

  it('is no server of a script that calls itself for ever', async () => {
    assert.equal(await of('pnpm loop', '/w'), undefined);
  });

  it('asks for nothing where there is no package.json up to the root', async () => {
    assert.equal(await of('pnpm dev', '/tmp/x'), undefined);
    assert.equal(await of('npm run dev', '/'), undefined);
  });
});

describe('a shell line', () => {
  const words = (line: string) =>
    shellCommands(line, '/home/ann')?.map((part) => (part.kind === 'command' ? part.words : part.kind));

  it('falls apart into commands and words as in a shell', () => {
    assert.deepEqual(words(`a "b c" d\\ e 'f "g"' h"i"'j'`), [['a', 'b c', 'd e', 'f "g"', 'hij']]);
    assert.deepEqual(words('a && b || c ; d | e & f\ng'), [['a'], ['b'], ['c'], ['d'], ['e'], ['f'], ['g']]);
    assert.deepEqual(words('a >x 2>&1 b < y &> z'), [['a', 'b']]);
    assert.deepEqual(words('(a; b) c'), ['open', ['a'], ['b'], 'close', ['c']]);
    assert.deepEqual(words('a#b #c'), [['a#b']]);
    assert.deepEqual(words('a \'\' ""'), [['a', '', '']]);
  });

  it('has words that only the shell knows', () => {
    assert.deepEqual(words('a $X "${X}y" *.ts ~bob {a,b} \\$X \'$X\' ~'), [
      ['a', undefined, undefined, undefined, undefined, undefined, '$X', '$X', '/home/ann'],
    ]);
  });

  it('is not understood when it needs a shell to be read', () => {
    for (const line of ['a $(b)', 'a `b`', '"a', "'a", 'a <<E', 'f() { a; }', "$'a'", 'diff <(a) <(b)'])
      assert.equal(words(line), undefined, line);
  });
});
