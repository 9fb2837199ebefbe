import type { CommandContext } from './commandContext';
import { CommandError } from './commandError';
import { DetachKeys } from './detachKeys';
import { lostHost, mustHaveSession } from './logs';
import type { TextStream } from './output';
import { isUp } from '../sessions/appReport';

/** The keyboard and the screen of this process: parts of Node's streams. */
export interface Terminal {
  readonly stdin: {
    readonly isTTY?: boolean;
    setRawMode?(isRaw: boolean): unknown;
    setEncoding(encoding: 'utf8'): unknown;
    on(event: 'data', listener: (data: string) => void): unknown;
    on(event: 'end', listener: () => void): unknown;
    off(event: 'data', listener: (data: string) => void): unknown;
    resume(): unknown;
    pause(): unknown;
  };
  readonly stdout: TextStream & {
    readonly rows?: number;
    on(event: 'resize', listener: () => void): unknown;
    off(event: 'resize', listener: () => void): unknown;
  };
}

const CLEAR = '\u001b[0m\u001b[2J\u001b[H';
/** What a program may have switched on: colours, a hidden cursor, mouse reports, bracketed paste, focus reports, the other screen. */
const RESTORE =
  '\u001b[0m\u001b[?25h\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?1004l\u001b[?2004l\u001b[?1l\u001b>\u001b[?1049l';

/**
 * Shows the session's terminal and gives it what is typed, until a person leaves by Ctrl+] (or Ctrl+P Ctrl+Q), the input ends, or
 * the server has been stopped or given up. Leaving never stops the server.
 */
export async function attach(context: CommandContext, { stdin, stdout }: Terminal): Promise<void> {
  if (!stdin.isTTY || !stdout.isTTY || !stdin.setRawMode)
    throw new CommandError('usage', 'noTerminal', '`attach` needs a terminal; `logs --follow` does without one.');
  const app = await context.chooseApp('running');
  await context.mustJoin();
  const session = mustHaveSession(context, app);
  const report = context.report(app);
  if (!isUp(report) && session.state !== 'blocked' && session.state !== 'waiting')
    throw new CommandError('nothingRuns', 'notRunning', report.sentence, [report]);
  if (session.adopted)
    throw new CommandError(
      'needsPerson',
      'adopted',
      `${app.label} was started outside Cheatcode, and has its terminal there. \`restart --yes\` brings it here.`,
      [report],
    );
  context.output.progress(`Attached to ${session.id}; Ctrl+] leaves.`);

  const { servers } = context;
  const size = () => ({ cols: stdout.columns ?? 80, rows: stdout.rows ?? 24 });
  const keys = new DetachKeys();
  let leave: (how: 'left' | 'stopped') => void = () => undefined;
  const left = new Promise<'left' | 'stopped'>((resolve) => (leave = resolve));
  const attachment = servers.attach(app, size(), {
    onReset: (screen) => void stdout.write(CLEAR + screen),
    onData: (data) => void stdout.write(data),
    onLost: () => stdout.write('\r\n\u001b[0m[the session host is gone]\r\n'),
  });
  const onInput = (data: string) => {
    const { forward, leaves } = keys.feed(data);
    if (forward !== '') attachment.write(forward);
    if (leaves) leave('left');
  };
  const onResize = () => {
    const { cols, rows } = size();
    attachment.resize(cols, rows);
  };
  const subscription = servers.onDidChangeAnySession((snapshot) => {
    // Not so between the two halves of a restart: then it is still wanted.
    const isOver = snapshot.state === 'failed' || (snapshot.state === 'stopped' && snapshot.desired === 'stopped');
    if (snapshot.appKey === app.key && isOver) leave('stopped');
  });
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.on('data', onInput);
  stdin.on('end', () => leave('left'));
  stdout.on('resize', onResize);
  stdin.resume();
  let how: 'left' | 'stopped' | undefined;
  try {
    how = await Promise.race([left, lostHost(context)]);
  } finally {
    subscription.dispose();
    attachment.dispose();
    stdout.off('resize', onResize);
    stdin.off('data', onInput);
    stdin.setRawMode(false);
    stdin.pause();
    stdout.write(`${RESTORE}\r\n`);
  }
  context.output.progress(how === 'left' ? `Left ${session.id}; it goes on.` : context.report(app).sentence);
}
