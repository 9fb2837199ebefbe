import type { App } from '../sessions/apps';
import type { StartChoice } from '../sessions/devServers';
import { DevServerError } from '../sessions/errors';
import { ConfirmationNeededError } from '../sessions/personsWord';
import type { NamedProcess, SessionSnapshot } from '../sessions/protocol';
import { acrossMachinesSentence, processLine, whatComesNext } from '../sessions/sessionSentences';
import type { CommandContext } from './commandContext';
import { CommandError } from './commandError';
import { documentOf, isUp } from '../sessions/appReport';
import { isFromBefore, patiently, settledVerdict, verdictOf, within } from '../sessions/settling';

/** Lines of a failed server's output that are shown with the failure. */
const LAST_LINES = 15;
/** Processes that come and go while their end is agreed to: then it is given up. */
const MAX_ROUNDS = 3;

/**
 * Starts the app's server unless it runs or is on its way, whoever started it, and prints its URL: once it runs, or at once with
 * `--no-wait`.
 */
export async function ensure(context: CommandContext): Promise<void> {
  const app = await context.chooseApp('byItself');
  await inTime(context, app, async () => {
    context.allowLaunch();
    await patiently(() => context.connect());
    const before = context.sessionOf(app);
    if (before && isUp(before)) await settled(context, app, undefined);
    else {
      await patiently(() => context.servers.start(app, choiceOf(context)));
      await settled(context, app, before);
    }
  });
  printUrl(context, app);
}

/** Ends the app's server if there is one, starts it, and goes on like `ensure`. */
export async function restart(context: CommandContext): Promise<void> {
  const app = await context.chooseApp('running');
  await inTime(context, app, async () => {
    context.allowLaunch();
    await patiently(() => context.connect());
    const before = context.sessionOf(app);
    const choice = choiceOf(context);
    await withWord(context, app, (confirmed) =>
      patiently(() =>
        context.servers.restart(app, { ...(choice ? { choice } : {}), ...(confirmed ? { confirmed } : {}) }),
      ),
    );
    await settled(context, app, before);
  });
  printUrl(context, app);
}

/** Ends the app's server; nothing to do where none runs. */
export async function stop(context: CommandContext): Promise<void> {
  const app = await context.chooseApp('running');
  const { output, servers } = context;
  const isJoined = await context.join();
  const session = context.sessionOf(app);
  if (isJoined && session && !(session.state === 'stopped' && session.desired === 'stopped'))
    await inTime(context, app, async () => {
      await withWord(context, app, (confirmed) => servers.stop(app, confirmed));
    });
  const report = context.report(app);
  if (report.state !== 'stopped') throw new CommandError('failed', report.reason.code, report.sentence, [report]);
  if (context.parsed.isJson) output.printJson(documentOf([report]));
  else output.print(report.sentence);
}

function choiceOf({ parsed }: CommandContext): StartChoice | undefined {
  const choice = {
    ...(parsed.useNextPort ? { useNextPort: true } : {}),
    ...(parsed.startHere ? { startHere: true } : {}),
  };
  return Object.keys(choice).length > 0 ? choice : undefined;
}

/** Waits until the server runs, if that is wanted. Rejects with `CommandError` when it will not by itself. */
async function settled(context: CommandContext, app: App, before: SessionSnapshot | undefined): Promise<void> {
  const { servers, output, parsed } = context;
  if (!parsed.waits) {
    const now = context.sessionOf(app);
    // What stands in the way at once is told; what comes later is nobody's to tell.
    if (now && !isFromBefore(now, before) && verdictOf(now).kind === 'needsPerson')
      throw needsPerson(context, app, now);
    return;
  }
  let said: string | undefined;
  const verdict = await settledVerdict(servers, app, {
    before,
    onSnapshot: () => {
      const { sentence } = context.report(app);
      if (sentence === said) return;
      said = sentence;
      output.progress(sentence);
    },
  });
  const now = context.sessionOf(app);
  if (verdict.kind === 'needsPerson' && now) throw needsPerson(context, app, now);
  if (verdict.kind !== 'running') throw await failure(context, app);
}

function needsPerson(context: CommandContext, app: App, session: SessionSnapshot): CommandError {
  const report = context.report(app);
  const { code } = session.reason;
  const advice =
    code === 'portTaken'
      ? `${whatComesNext(session.reason)} --use-next-port takes another one.`
      : code === 'runsElsewhere'
        ? `${report.url === null ? '' : ` ${report.url}`} --start-here starts it on this machine, too.`
        : session.state === 'blocked'
          ? whatComesNext(session.reason)
          : '';
  return new CommandError('needsPerson', code, report.sentence + advice, [report]);
}

async function failure(context: CommandContext, app: App): Promise<CommandError> {
  const report = context.report(app);
  const lines = await context.servers.lastOutput(app, LAST_LINES).catch(() => []);
  const output = lines.filter((line) => line.trim() !== '').map((line) => `\n  ${line}`);
  return new CommandError('failed', report.reason.code, report.sentence + output.join(''), [report]);
}

/** Ends what somebody else started only by the flag's word, which is for the very processes that the host names. */
async function withWord(
  context: CommandContext,
  app: App,
  act: (confirmed: readonly NamedProcess[] | undefined) => Promise<unknown>,
): Promise<void> {
  let confirmed: readonly NamedProcess[] | undefined;
  for (let round = 0; round <= MAX_ROUNDS; round++) {
    try {
      await act(confirmed);
      return;
    } catch (error) {
      if (!(error instanceof ConfirmationNeededError)) throw error;
      const { processes } = error;
      if (processes.length === 0) throw new DevServerError('foreignHidden', { app: app.name });
      const lines = processes.map((one) => `\n  ${processLine(one, process.getuid?.())}`).join('');
      if (!context.parsed.isAgreed)
        throw new CommandError(
          'needsPerson',
          'confirmationNeeded',
          `${app.label} was started outside Cheatcode; --yes ends these processes:${lines}`,
          [context.report(app)],
        );
      if (round === 0) context.output.progress(`Ending what was started outside Cheatcode:${lines}`);
      confirmed = processes;
    }
  }
  throw new DevServerError('foreignChanging', { app: app.name });
}

async function inTime(context: CommandContext, app: App, action: () => Promise<void>): Promise<void> {
  const { timeoutMs } = context.parsed;
  await within(action(), timeoutMs, () => {
    const report = context.report(app);
    return new CommandError(
      'timedOut',
      'timedOut',
      `Not done after ${timeoutMs / 1000} s: ${report.sentence} It goes on without this command.`,
      [report],
    );
  });
}

function printUrl(context: CommandContext, app: App): void {
  const { output, parsed } = context;
  // It runs all the same, but by another guarantee than was asked for.
  const across = context.sessionOf(app)?.acrossMachines;
  if (across) output.say(`cheatcode-dev: ${acrossMachinesSentence(app.label, across)}`);
  const report = context.report(app);
  if (parsed.isJson) output.printJson(documentOf([report]));
  else if (report.url !== null) output.print(report.url);
}
