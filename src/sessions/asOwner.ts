/**
 * A process of its own that starts as root, becomes the owner of a folder and does there what a client of that user
 * would: it makes the state folder, takes the start lock, spawns the host. Root itself makes no file where another user
 * could plant a link, and leaves none that the owner can't use. Told on its input, in one JSON text; answers in lines.
 */
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import type { OwnerAnswer, OwnerLine, OwnerRequest } from './askAsOwner';
import { becomeUser } from './becomeUser';
import { DevServerError } from './errors';
import { environmentAs, type User } from './folderOwner';
import { connectToHost, retireHost } from './hostConnection';
import type * as HostLauncher from './hostLauncher';
import { errorMessage, type Logger } from './log';
import { currentScope } from './scope';
import { ensureScopePaths, ensureStateFolder } from './stateFolder';

function say(line: OwnerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const note =
  (level: keyof Logger): Logger['info'] =>
  (message, facts) =>
    say({ level, message, ...(facts ? { facts } : {}) });
const log: Logger = {
  trace: note('trace'),
  debug: note('debug'),
  info: note('info'),
  warn: note('warn'),
  error: note('error'),
};

async function answer({ owner, launch }: OwnerRequest): Promise<OwnerAnswer> {
  // While this is still root: the extension's folder may be closed to the owner.
  const launcher = launch && (createRequire(__filename)('./hostLauncher.js') as typeof HostLauncher);
  const parts = launch && (await launcher?.readHostParts(launch.distFolder));
  let user: User;
  try {
    user = becomeUser(owner);
  } catch (error) {
    return { kind: 'cannot', detail: errorMessage(error) };
  }
  const own = environmentAs(user, process.env);
  for (const name of Object.keys(process.env)) if (!(name in own)) delete process.env[name];
  Object.assign(process.env, own);

  const stateFolder = ensureStateFolder(process.env);
  const scope = currentScope();
  const paths = ensureScopePaths(stateFolder, scope);
  if (launch && launcher && parts) {
    const { version, nodePath, env, replacing, lastChanceMs, ...host } = launch;
    const who = { kind: 'cli', version, apps: [] } as const;
    await launcher.launchHost(
      {
        paths,
        host: { ...host, stateFolder, scopeId: scope.id, version },
        readParts: () => Promise.resolve(parts),
        nodePath,
        env: environmentAs(user, env),
        log,
      },
      {
        connect: async () => {
          const found = await connectToHost(paths, who, () => undefined, lastChanceMs);
          found?.peer.dispose(); // It answers: the one who asked connects by itself.
          return found && true;
        },
        retire: (force) => retireHost(paths, { version, force }),
      },
      replacing,
    );
  }
  return { kind: 'done', stateFolder, scopeId: scope.id, user };
}

async function main(): Promise<void> {
  const request = JSON.parse(await text(process.stdin)) as OwnerRequest;
  const answered = await answer(request).catch((error: unknown): OwnerAnswer =>
    error instanceof DevServerError
      ? { kind: 'refused', code: error.code, facts: error.facts }
      : { kind: 'failed', detail: errorMessage(error) },
  );
  say({ answer: answered });
}

void main();
