import type { App } from '../sessions/apps';
import type { SessionSnapshot } from '../sessions/protocol';
import type { CommandContext } from './commandContext';
import { CommandError } from './commandError';
import { linesAfter, PlainLines } from './plainText';
import { documentOf } from '../sessions/appReport';

/** Lines that are remembered, to know where a screen that comes anew goes on. */
const REMEMBERED_LINES = 20;

/** Calls the listener once nobody reads the output any more. */
export type OnReaderGone = (listener: () => void) => { dispose(): void };

/** Prints the last output as plain lines; with `--follow` goes on until the host or the reader has gone, or somebody ends it. */
export async function logs(context: CommandContext, onReaderGone: OnReaderGone): Promise<void> {
  const { parsed, output, servers } = context;
  if (parsed.isJson && parsed.follows)
    throw new CommandError('usage', 'usage', '--json and --follow exclude each other.');
  const app = await context.chooseApp('running');
  await context.mustJoin();
  const session = mustHaveSession(context, app);
  if (session.adopted) output.say(`${app.label} was started outside Cheatcode: its output goes to whoever started it.`);
  if (parsed.follows) return follow(context, app, onReaderGone);
  const lines = await servers.lastOutput(app, parsed.lines);
  if (parsed.isJson) output.printJson({ ...documentOf([context.report(app)]), lines });
  else for (const line of lines) output.print(line);
}

/** The session of an app; throws `CommandError` (nothingRuns) where there is none. */
export function mustHaveSession(context: CommandContext, app: App): SessionSnapshot {
  const session = context.sessionOf(app);
  if (session) return session;
  const report = context.report(app);
  throw new CommandError('nothingRuns', 'notRunning', report.sentence, [report]);
}

/** Never resolves; rejects when the host is lost for good, or nobody reads on. */
async function follow(context: CommandContext, app: App, onReaderGone: OnReaderGone): Promise<never> {
  const { parsed, output, servers } = context;
  let shown: string[] = [];
  let plain: PlainLines | undefined;
  const print = (lines: readonly string[]) => {
    for (const line of lines) output.print(line);
    shown = [...shown, ...lines].slice(-REMEMBERED_LINES);
  };
  const attachment = servers.attach(
    app,
    // No size of its own: the screen keeps the one that it has.
    { cols: 0, rows: 0 },
    {
      onReset: (screen) => {
        const isFirst = plain === undefined;
        plain = new PlainLines();
        const lines = plain.feed(screen);
        print(isFirst ? (parsed.lines === 0 ? [] : lines.slice(-parsed.lines)) : linesAfter(lines, shown));
      },
      onData: (data) => print(plain?.feed(data) ?? []),
      onLost: () => output.progress('The session host is gone; the output goes on when it is back.'),
    },
  );
  let watch: { dispose(): void } | undefined;
  // Without this a server that has nothing to say would keep the command for ever.
  const unread = new Promise<never>((_resolve, reject) => {
    watch = onReaderGone(() => reject(new CommandError('readerGone', 'readerGone', 'Nobody reads on.')));
  });
  try {
    return await Promise.race([lostHost(context), unread]);
  } finally {
    watch?.dispose();
    attachment.dispose();
  }
}

/** Rejects with what stands in the way when the host has gone and does not come back. */
export function lostHost({ servers }: CommandContext): Promise<never> {
  return new Promise((_resolve, reject) =>
    servers.onDidChangeConnection((state) => {
      if (state.kind === 'failed') reject(state.error);
    }),
  );
}
