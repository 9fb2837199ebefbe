import { spawn } from 'node:child_process';
import type { CommandContext } from './commandContext';
import { CommandError } from './commandError';
import { mustHaveSession } from './logs';
import { documentOf, isUp } from '../sessions/appReport';
import { hasDisplay } from './surroundings';

/** Prints the URL of the app's server, and opens it where there is something to open it with. */
export async function open(context: CommandContext): Promise<void> {
  const app = await context.chooseApp('running');
  await context.mustJoin();
  mustHaveSession(context, app);
  const report = context.report(app);
  const { url } = report;
  if (url === null || !(isUp(report) || report.machine !== undefined))
    throw new CommandError('nothingRuns', 'notRunning', report.sentence, [report]);
  if (context.parsed.isJson) context.output.printJson(documentOf([report]));
  else context.output.print(url);
  const opener = openerOf(context.env, process.platform);
  if (!opener) return;
  const failure = await start([...opener, url]);
  if (failure !== undefined) context.output.say(`${opener[0]} could not be started: ${failure}`);
}

/**
 * The program that shows a URL, with its first arguments. `$BROWSER` first: in the terminals of VS Code it is a helper that opens
 * the browser where the person is. Undefined: there is none, as in a sandbox without a display.
 */
export function openerOf(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): readonly string[] | undefined {
  const browser = env['BROWSER']?.trim();
  if (browser) return [browser];
  if (!hasDisplay(env, platform)) return undefined;
  if (platform === 'darwin') return ['open'];
  // `start` would read a URL with `&` as two commands.
  return platform === 'win32' ? ['rundll32', 'url.dll,FileProtocolHandler'] : ['xdg-open'];
}

/** Resolves once it runs, or with why it does not. */
function start([file = '', ...args]: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'ignore', detached: true, windowsHide: true });
    child.once('error', (error) => resolve(error.message));
    child.once('spawn', () => resolve(undefined));
    child.unref();
  });
}
