import { sessionNotes } from '../sessions/sessionSentences';
import type { CommandContext } from './commandContext';
import { CommandError } from './commandError';
import { noHost } from './commandContext';
import { readFleet, type LoadRedis } from './fleet';
import type { Colour, Output } from './output';
import { documentOf, isUp, reportOf, type AppReport } from '../sessions/appReport';
import { table, type Column } from './table';

/** Says how the workspace's servers are, or one of them. Ends as nothingRuns where none is up. */
export async function status(context: CommandContext): Promise<void> {
  const { output, parsed } = context;
  const one = parsed.name === undefined ? undefined : await context.chooseApp('running');
  if (!one) await context.openWorkspace();
  const isJoined = await context.join();
  const apps = one ? [one] : context.servers.apps;
  const reports = apps.map((app) => context.report(app));
  if (parsed.isJson) output.printJson(documentOf(reports));
  else
    for (const app of apps) {
      const session = context.sessionOf(app);
      const report = context.report(app);
      const url = isUp(report) && report.url !== null ? `  ${report.url}` : '';
      output.print(output.paint(`${report.sentence}${url}`, colourOf(report)));
      for (const note of session ? sessionNotes(app.label, session) : []) output.print(`  ${note}`);
    }
  if (reports.some(isUp)) return;
  const none = isJoined ? new CommandError('nothingRuns', 'notRunning', 'No dev server runs.') : noHost();
  // The answer was given: the exit code says the rest, and stderr to a person.
  throw new SaidError(none);
}

/** All sessions of this machine's host, or with `--fleet` those of all machines of the sandbox. */
export async function list(context: CommandContext, loadRedis: LoadRedis): Promise<void> {
  const { output, parsed } = context;
  const reports = parsed.isFleet ? await readFleet(context, loadRedis) : await ownSessions(context);
  if (parsed.isJson) output.printJson(documentOf(reports));
  else for (const line of reportTable(reports, output)) output.print(line);
}

/** The result was printed, and the exit code is another than 0 all the same. */
export class SaidError extends Error {
  constructor(override readonly cause: CommandError) {
    super(cause.message);
    this.name = 'SaidError';
  }
}

async function ownSessions(context: CommandContext): Promise<readonly AppReport[]> {
  await context.openPlace();
  await context.mustJoin();
  return context.servers.sessions.map((session) => reportOf(session, context.labelOf(session)));
}

function reportTable(reports: readonly AppReport[], output: Output): readonly string[] {
  if (reports.length === 0) return ['No dev servers.'];
  const hasMachines = reports.some(({ machine }) => machine !== undefined);
  // One sandbox needs no column.
  const hasSandboxes = new Set(reports.map(({ sandbox }) => sandbox)).size > 1;
  const columns: readonly Column[] = [
    { title: 'SESSION', rank: 6 },
    { title: 'STATE', rank: 5 },
    { title: 'URL', rank: 4 },
    { title: 'PID', rank: 1 },
    ...(hasMachines ? [{ title: 'MACHINE', rank: 3 }] : []),
    ...(hasSandboxes ? [{ title: 'SANDBOX', rank: 3.5 }] : []),
    { title: 'FOLDER', rank: 2 },
  ];
  const rows = reports.map((report) => [
    report.session ?? report.app,
    report.adopted ? `${report.state} (adopted)` : report.state,
    isUp(report) ? (report.url ?? '') : '',
    report.pid === null ? '' : String(report.pid),
    ...(hasMachines ? [report.machine ?? ''] : []),
    ...(hasSandboxes ? [report.sandbox ?? ''] : []),
    report.folder,
  ]);
  return table(columns, rows, output.width, (cell, { title }) =>
    title === 'STATE' ? output.paint(cell, colourOf({ state: cell.trim().split(' ')[0] as AppReport['state'] })) : cell,
  );
}

function colourOf({ state }: Pick<AppReport, 'state'>): Colour | undefined {
  if (state === 'running') return 'green';
  if (state === 'failed') return 'red';
  if (state === 'stopped') return 'dim';
  return 'yellow';
}
