/**
 * Ending what we did not start, on a person's word only (I6): the processes are named first, the host compares what was
 * agreed to with what it would signal, and when that has changed the person is asked again.
 */
import * as l10n from '@vscode/l10n';
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
  await withWord(app, 'adopted', ports, 'stop', (confirmed) => servers.stop(app, confirmed));
}

/** Restarts it, likewise; an adopted one then runs in a terminal of ours. */
export async function restartServer(app: App, ports: PersonsWordPorts): Promise<void> {
  const { servers } = ports;
  await withWord(app, 'adopted', ports, 'restart', (confirmed) =>
    servers.restart(app, confirmed === undefined ? {} : { confirmed }),
  );
}

/** Ends what holds the app's port, or the second server of an app that runs. */
export async function stopOther(app: App, ports: PersonsWordPorts): Promise<void> {
  const { servers } = ports;
  const target = servers.session(app)?.state === 'blocked' ? 'portHolder' : 'secondServer';
  await withWord(app, target, ports, 'stop', (confirmed = []) => servers.endForeign(app, target, confirmed));
}

/** Replaces the session host, which costs every server of this user on this machine a restart. */
export async function replaceHost(ports: {
  readonly servers: Pick<DevServers, 'hostReplacement' | 'replaceHost'>;
  ask(question: Question): Promise<boolean>;
}): Promise<void> {
  const { servers } = ports;
  const why =
    servers.hostReplacement === 'hung'
      ? l10n.t('It does not answer.')
      : l10n.t('It is older than the extension in this window.');
  const effect = l10n.t(
    'It ends with all dev servers that it runs for all windows; then they are started again by a new one.',
  );
  const agreed = await ports.ask({
    title: l10n.t('Replace the session host?'),
    detail: `${why} ${effect}`,
    button: l10n.t('Replace'),
  });
  if (agreed) await servers.replaceHost();
}

async function withWord(
  app: App,
  target: ForeignTarget,
  ports: PersonsWordPorts,
  verb: 'stop' | 'restart',
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
      if (target === 'adopted' && verb === 'stop') await act([]).catch(onlyIfOther);
      throw new DevServerError('foreignHidden', { app: app.name });
    }
    if (!(await ports.ask(questionFor(app, target, processes, ports, verb, round > 1)))) return;
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
  verb: 'stop' | 'restart',
  isAgain: boolean,
): Question {
  const { label } = app;
  const session = servers.session(app);
  const lines = processes.map((process) => processLine(process, ownUid)).join('\n');
  const ends = [
    ...(isAgain ? [l10n.t('Other processes than before run there now.')] : []),
    `${l10n.t('This ends:')}\n\n${lines}`,
  ].join(' ');
  const button = verb === 'stop' ? l10n.t('Stop') : l10n.t('Restart');
  switch (target) {
    case 'adopted': {
      const started = l10n.t('Its dev server was started outside Cheatcode, by a terminal, an agent or another tool.');
      if (verb === 'stop') return { title: l10n.t('Stop {0}?', label), detail: `${started} ${ends}`, button };
      const then =
        session === undefined
          ? l10n.t('Then {0} starts in the terminal of its session.', label)
          : l10n.t('Then {0} starts in the terminal {1}.', label, session.id);
      return {
        title: l10n.t('Restart {0} in a Cheatcode terminal?', label),
        detail: `${started} ${ends}\n\n${then}`,
        button,
      };
    }
    case 'portHolder': {
      const port = session?.reason.facts?.['port'] ?? session?.port;
      return {
        title:
          port === undefined
            ? l10n.t('Stop what holds the port of {0}?', label)
            : l10n.t('Stop what holds port {0}?', port),
        detail: `${l10n.t('{0} needs that port, and starts as soon as it is free.', label)} ${ends}`,
        button,
      };
    }
    case 'secondServer': {
      const [second] = session?.secondServers ?? [];
      return {
        title: l10n.t('Stop the second server of {0}?', label),
        detail: [
          ...(second === undefined ? [] : [secondServerSentence(label, second)]),
          l10n.t('The other one goes on.'),
          ends,
        ].join(' '),
        button,
      };
    }
  }
}
