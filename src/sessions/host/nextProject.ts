import type { HttpAnswer, HttpQuestion } from './httpQuestion';

/** Asks a Next server (16.0 and later) by its own MCP endpoint which project it serves; it logs nothing. */
export function projectQuestion(address: string, port: number): HttpQuestion {
  return {
    address,
    port,
    method: 'POST',
    path: '/_next/mcp',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'get_project_metadata', arguments: {} },
    }),
  };
}

/** The project's path in the answer: JSON in a text item of a JSON-RPC result, bare or as one event of a stream. */
export function projectPath(answer: HttpAnswer): string | undefined {
  if (answer.kind !== 'answer' || answer.status !== 200) return undefined;
  for (const line of answer.body.split('\n')) {
    const json = line.startsWith('data:') ? line.slice('data:'.length) : line;
    const text = parse<Reply>(json)?.result?.content?.[0]?.text;
    const path = typeof text === 'string' ? parse<Metadata>(text)?.projectPath : undefined;
    if (typeof path === 'string') return path;
  }
  return undefined;
}

interface Reply {
  readonly result?: { readonly content?: readonly ({ readonly text?: unknown } | undefined)[] };
}

interface Metadata {
  readonly projectPath?: unknown;
}

/** Undefined for what is no JSON object. Fields may still be anything. */
function parse<T extends object>(json: string): Partial<T> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
