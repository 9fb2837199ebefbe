/**
 * Ending what we did not start, on a person's word only (I6): the processes are named first, the host compares what was
 * agreed to with what it would signal, and when that has changed the person is asked again.
 */
import type { App } from './apps';
import type { DevServers } from './devServers';
import { DevServerError } from './errors';
import { processLine, secondServerSentence } from './sessionSentences';
import type { ForeignTarget, NamedProcess } from './protocol';

/** A question that stands in the way of everything else until it is answered. */
export interface Question {
  readonly title: string;
  readonly detail: string;
  /** The one button beside Cancel. */
  readonly button: string;
}

export interface PersonsWordPorts {
  readonly servers: Pick<DevServers, 'session' | 'stop' | 'restart' | 'foreignProcesses' | 'endForeign'>;
  /** True: the person agreed. */
  ask(question: Question): Promise<boolean>;
  /** Whose processes need no user's name beside them. */
  readonly ownUid: number | undefined;
}

/** The host would end other processes than those that a person agreed to; these are they. */
export class ConfirmationNeededError extends Error {
  constructor(readonly processes: readonly NamedProcess[]) {
    super('a person must agree first');
    this.name = 'ConfirmationNeededError';
  }
}

/** Processes that come and go faster than a person reads: then it is given up. */
const MAX_QUESTIONS = 3;

/** Stops the app's server; one that we did not start after a question. Rejects as `DevServers.stop` does. */
export async function stopServer(app: App, ports: PersonsWordPorts): Promise<void> {
  const { servers } = ports;
  await withWord(app, 'adopted', ports, 'Stop', (confirmed) => servers.stop(app, confirmed));
}

/** Restarts it, likewise; an adopted one then runs in a terminal of ours. */
export async function restartServer(app: App, ports: PersonsWordPorts): Promise<void> {
  const { servers } = ports;
  await withWord(app, 'adopted', ports, 'Restart', (confirmed) =>
    servers.restart(app, confirmed === undefined ? {} : { confirmed }),
  );
}

/** Ends what holds the app's port, or the second server of an app that runs. */
export async function stopOther(app: App, ports: PersonsWordPorts): Promise<void> {
  const { servers } = ports;
  const target = servers.session(app)?.state === 'blocked' ? 'portHolder' : 'secondServer';
  await withWord(app, target, ports, 'Stop', (confirmed = []) => servers.endForeign(app, target, confirmed));
}

/** Replaces the session host, which costs every server of this user on this machine a restart. */
export async function replaceHost(ports: {
  readonly servers: Pick<DevServers, 'hostReplacement' | 'replaceHost'>;
  ask(question: Question): Promise<boolean>;
}): Promise<void> {
  const { servers } = ports;
  const why =
    servers.hostReplacement === 'hung' ? 'It does not answer.' : 'It is older than the extension in this window.';
  const agreed = await ports.ask({
    title: 'Replace the session host?',
    detail: `${why} It ends with all dev servers that it runs for all windows; then they are started again by a new one.`,
    button: 'Replace',
  });
  if (agreed) await servers.replaceHost();
}

async function withWord(
  app: App,
  target: ForeignTarget,
  ports: PersonsWordPorts,
  button: 'Stop' | 'Restart',
  act: (confirmed: readonly NamedProcess[] | undefined) => Promise<unknown>,
): Promise<void> {
  const { servers } = ports;
  let processes: readonly NamedProcess[];
  if (target === 'adopted' && servers.session(app)?.adopted !== true) {
    try {
      await act(undefined);
      return;
    } catch (error) {
      // It was adopted a moment ago, and this window did not know yet.
      if (!(error instanceof ConfirmationNeededError)) throw error;
      ({ processes } = error);
    }
  } else processes = await servers.foreignProcesses(app, target);
  for (let round = 1; round <= MAX_QUESTIONS; round++) {
    if (processes.length === 0) {
      // Nothing can be ended; but the host hears that nothing is to follow it when it ends by itself.
      if (target === 'adopted' && button === 'Stop') await act([]).catch(onlyIfOther);
      throw new DevServerError('foreignHidden', { app: app.name });
    }
    if (!(await ports.ask(questionFor(app, target, processes, ports, button, round > 1)))) return;
    try {
      await act(processes);
      return;
    } catch (error) {
      if (!(error instanceof ConfirmationNeededError)) throw error;
      ({ processes } = error);
    }
  }
  throw new DevServerError('foreignChanging', { app: app.name });
}

function onlyIfOther(error: unknown): void {
  if (!(error instanceof ConfirmationNeededError)) throw error;
}

function questionFor(
  app: App,
  target: ForeignTarget,
  processes: readonly NamedProcess[],
  { servers, ownUid }: PersonsWordPorts,
  button: 'Stop' | 'Restart',
  isAgain: boolean,
): Question {
  const { label } = app;
  const session = servers.session(app);
  const lines = processes.map((process) => processLine(process, ownUid)).join('\n');
  const ends = `${isAgain ? 'Other processes than before run there now. ' : ''}This ends:\n\n${lines}`;
  switch (target) {
    case 'adopted': {
      const started = `Its dev server was started outside Cheatcode, by a terminal, an agent or another tool.`;
      return button === 'Stop'
        ? { title: `Stop ${label}?`, detail: `${started} ${ends}`, button }
        : {
            title: `Restart ${label} in a Cheatcode terminal?`,
            detail: `${started} ${ends}\n\nThen ${label} starts in the terminal ${session?.id ?? 'of its session'}.`,
            button,
          };
    }
    case 'portHolder':
      return {
        title: `Stop what holds port ${String(session?.reason.facts?.['port'] ?? session?.port ?? 'of ' + label)}?`,
        detail: `${label} needs that port, and starts as soon as it is free. ${ends}`,
        button,
      };
    case 'secondServer': {
      const [second] = session?.secondServers ?? [];
      return {
        title: `Stop the second server of ${label}?`,
        detail: `${second === undefined ? '' : `${secondServerSentence(label, second)} `}The other one goes on. ${ends}`,
        button,
      };
    }
  }
}
