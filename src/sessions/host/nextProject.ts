import type { HttpAnswer, HttpQuestion } from './httpQuestion';
import { parsedJson, toolAnswer, toolQuestion } from './nextMcp';

/** Asks a Next server (16.0 and later) by its own MCP endpoint which project it serves; it logs nothing. */
export function projectQuestion(address: string, port: number): HttpQuestion {
  return toolQuestion(address, port, 'get_project_metadata');
}

/** The project's path in the answer. */
export function projectPath(answer: HttpAnswer): string | undefined {
  const told = toolAnswer(answer);
  const path = told.kind === 'text' ? parsedJson<Metadata>(told.text)?.projectPath : undefined;
  return typeof path === 'string' ? path : undefined;
}

interface Metadata {
  readonly projectPath?: unknown;
}
