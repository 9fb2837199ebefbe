/**
 * Asks a Next server what of its app does not compile. Invariants: only a version that has the endpoint is asked (one
 * without it compiles and logs its "not found" page for the question), one question to a server at a time, an answer
 * within the limit and in bounded memory; whatever the server does, nothing is thrown.
 */
import { appFile } from '../appFile';
import { issuesOfBrowsers, issuesOfGraph, type ToldIssue } from '../compileIssue';
import { installedVersion } from '../installedVersion';
import type { CompileIssue, CompileIssues, SessionSnapshot } from '../protocol';
import { ask } from './httpQuestion';
import { toolAnswer, toolQuestion, type ToolAnswer } from './nextMcp';

/** Shorter than the client's patience (10 s). The first answer takes as long as the module graph: 2 s for a hundred routes. */
const LIMIT_MS = 8000;
/** `/_next/mcp` is there from this major version on. */
const FIRST_MAJOR = 16;

/** The compile issues of a session's app; never rejects. */
export type AskForIssues = (session: SessionSnapshot) => Promise<CompileIssues>;

/** Made once for a host: it remembers which servers have no endpoint. */
export function nextIssues(limitMs = LIMIT_MS): AskForIssues {
  const underWay = new Map<string, Promise<CompileIssues>>();
  /** By session, the server that was asked in vain: asked again it would log that again. */
  const without = new Map<string, string>();
  return (session) => {
    const known = underWay.get(session.id);
    if (known) return known;
    const asking = find(session, without, limitMs).finally(() => underWay.delete(session.id));
    underWay.set(session.id, asking);
    return asking;
  };
}

async function find(session: SessionSnapshot, without: Map<string, string>, limitMs: number): Promise<CompileIssues> {
  if (session.state !== 'running' && session.state !== 'unhealthy') return unknown('notRunning');
  const server = `${session.pid ?? ''} ${session.listenerPid ?? ''} ${session.port}`;
  if (session.type !== 'web' || without.get(session.id) === server) return unknown('notSupported');
  const version = await installedVersion(session.folder, 'next');
  if (version === undefined || !(parseInt(version, 10) >= FIRST_MAJOR)) return unknown('notSupported');

  const endMs = performance.now() + limitMs;
  const call = async (tool: string): Promise<ToolAnswer | 'silent'> => {
    const answer = await ask(toolQuestion('::', session.port, tool), Math.max(1, Math.ceil(endMs - performance.now())));
    if (answer.kind === 'answer' && answer.status !== 200) without.set(session.id, server);
    return answer.kind === 'answer' ? toolAnswer(answer) : 'silent';
  };

  const allPlaced = (issues: readonly ToldIssue[]) => Promise.all(issues.map((issue) => placed(session.folder, issue)));

  const graph = await call('get_compilation_issues');
  if (without.get(session.id) === server) return unknown('notSupported');
  if (graph === 'silent' || graph.kind === 'nothing') return unknown('noAnswer');
  const all = graph.kind === 'text' ? issuesOfGraph(graph.text) : undefined;
  if (all) return { issues: await allPlaced(all) };
  // 16.1, and webpack: only what the browsers show.
  const shown = await call('get_errors');
  if (shown === 'silent' || shown.kind !== 'text') return unknown('noAnswer');
  const issues = issuesOfBrowsers(shown.text);
  if (issues === undefined || issues === 'noBrowser') return unknown(issues ?? 'noAnswer');
  return { issues: await allPlaced(issues), isPartial: true };
}

function unknown(reason: NonNullable<CompileIssues['unknown']>): CompileIssues {
  return { issues: [], unknown: reason };
}

/** With the files as the app's folder has them; a line of a file that is not the app's is no place. */
export async function placed(
  folder: string,
  { told, importedBy = [], line, column, ...issue }: ToldIssue,
): Promise<CompileIssue> {
  const file = told === undefined ? undefined : await appFile(folder, told);
  if (file === undefined) return issue;
  const found = await Promise.all(importedBy.map((name) => appFile(folder, name)));
  const importers = [...new Set(found)].filter((name) => name !== undefined && name !== file);
  return {
    ...issue,
    file,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(importers.length === 0 ? {} : { importedBy: importers as string[] }),
  };
}
