/**
 * The doctor: looks at everything that commonly goes wrong with dev servers, and changes nothing. Each look has its own
 * limit, so that one thing that hangs (a package manager, a network disk) is told and holds up nothing else.
 */
import * as l10n from '@vscode/l10n';
import type { App } from './apps';
import { dependenciesCheck, nextLockCheck, portCheck, programCheck, tunnelCheck } from './doctorApps';
import { about, patientOf, type DoctorContext, type Patient } from './doctorContext';
import { titleOf, type CheckId, type Finding } from './doctorFinding';
import { diskCheck, initCheck, memoryCheck, networkDiskCheck, proxyCheck } from './doctorMachine';
import { nodeVersionCheck } from './doctorNode';
import { orphanCheck, secondServerCheck } from './doctorServers';
import { ciCheck, localhostCheck } from './doctorVariables';
import { resolveLaunchSpec, withSettings } from './launchSpec';
import { errorMessage } from './log';
import { errorToMessage } from './messages';
import type { LaunchSpec } from './protocol';
import { appProblemSentence } from './sessionSentences';

/** For one look; npm takes two seconds on a slow machine. In milliseconds. */
const LOOK_LIMIT_MS = 8000;

/** One look at one thing. */
export interface Look {
  readonly id: CheckId;
  readonly appKey?: string;
  run(): Promise<readonly Finding[]>;
}

/** What is looked at of the machine. */
export function machineLooks(context: DoctorContext, apps: readonly App[]): readonly Look[] {
  return [
    { id: 'init', run: () => initCheck(context) },
    { id: 'networkDisk', run: () => networkDiskCheck(context) },
    { id: 'proxyAddress', run: () => proxyCheck(context, apps) },
    { id: 'memory', run: () => memoryCheck(context) },
    { id: 'disk', run: () => diskCheck(context, apps) },
  ];
}

/** What is looked at of an app. One that can't be started at all has that as its one finding. */
export async function appLooks(context: DoctorContext, app: App): Promise<readonly Look[]> {
  const { problem } = withSettings(app, context.settings);
  if (problem) {
    return [hopeless(app, appProblemSentence(app.label, problem))];
  }
  let spec: LaunchSpec;
  try {
    spec = await resolveLaunchSpec(app, context.settings, context.isSandbox);
  } catch (error) {
    return [hopeless(app, errorToMessage(error, app).text)];
  }
  const patient = await patientOf(context, app, spec);
  const look = (
    id: CheckId,
    check: (context: DoctorContext, patient: Patient) => Promise<readonly Finding[]>,
  ): Look => ({
    id,
    appKey: app.key,
    run: () => check(context, patient),
  });
  return [
    {
      id: 'app',
      appKey: app.key,
      run: () =>
        Promise.resolve([
          about(app, { id: 'app', result: 'ok', message: l10n.t('{0} ({1}) in {2}', app.name, app.type, app.folder) }),
        ]),
    },
    look('port', portCheck),
    look('packageManager', programCheck),
    look('dependencies', dependenciesCheck),
    look('nodeVersion', nodeVersionCheck),
    look('ci', ciCheck),
    look('localhost', localhostCheck),
    look('orphans', orphanCheck),
    look('secondServer', secondServerCheck),
    look('ngrok', tunnelCheck),
    look('nextLock', nextLockCheck),
  ];
}

/** The one look at an app that can't be started. */
function hopeless(app: App, message: string): Look {
  return {
    id: 'app',
    appKey: app.key,
    run: () => Promise.resolve([about(app, { id: 'app', result: 'fail', message })]),
  };
}

export interface ExamineOptions {
  /** Nobody waits any more: what was found so far is all. */
  readonly signal?: AbortSignal;
  readonly limitMs?: number;
  /** A look is done, of so many. */
  readonly onLook?: (look: Look, count: number) => void;
}

/** Takes all looks at once, and gives what they found in their own order; never rejects. */
export async function examine(looks: readonly Look[], options: ExamineOptions = {}): Promise<readonly Finding[]> {
  const { signal, limitMs = LOOK_LIMIT_MS, onLook } = options;
  const found = await Promise.all(
    looks.map(async (look) => {
      const findings = await bounded(look, limitMs, signal);
      if (!signal?.aborted) onLook?.(look, looks.length);
      return findings;
    }),
  );
  return found.flat();
}

async function bounded(look: Look, limitMs: number, signal: AbortSignal | undefined): Promise<readonly Finding[]> {
  const unknown = (message: string): readonly Finding[] => [
    { id: look.id, result: 'warn', message, ...(look.appKey === undefined ? {} : { appKey: look.appKey }) },
  ];
  if (signal?.aborted) return [];
  let end: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const given = new Promise<readonly Finding[]>((resolve) => {
    const seconds = Math.round(limitMs / 1000);
    const name = titleOf({ id: look.id, result: 'ok' });
    timer = setTimeout(
      () => resolve(unknown(l10n.t('{0}: no answer within {1} s, so nothing is known of it.', name, seconds))),
      limitMs,
    );
    end = () => resolve([]);
    signal?.addEventListener('abort', end, { once: true });
  });
  try {
    return await Promise.race([
      given,
      look
        .run()
        .catch((error: unknown) =>
          unknown(
            l10n.t('{0}: could not be looked at ({1}).', titleOf({ id: look.id, result: 'ok' }), errorMessage(error)),
          ),
        ),
    ]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}
