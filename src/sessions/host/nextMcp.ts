import type { HttpAnswer, HttpQuestion } from './httpQuestion';

/** A tool's answer is text for agents: JSON as a rule, with all that is wrong in an app in it. In characters. */
const ANSWER_LIMIT = 512 * 1024;

/**
 * What the MCP endpoint of a Next server (16.0 and later) was told to do: the tool's text, that there is no such tool in
 * this version or with this bundler, or nothing (no such endpoint, no answer in time, an answer that is none).
 */
export type ToolAnswer = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'noTool' | 'nothing' };

/** Asks a tool of Next's own MCP endpoint, which has no base path before it and logs nothing. */
export function toolQuestion(address: string, port: number, tool: string): HttpQuestion {
  return {
    address,
    port,
    method: 'POST',
    path: '/_next/mcp',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } }),
    limit: ANSWER_LIMIT,
  };
}

/** The answer: a text item of a JSON-RPC result, bare or as one event of a stream. */
export function toolAnswer(answer: HttpAnswer): ToolAnswer {
  if (answer.kind !== 'answer' || answer.status !== 200) return { kind: 'nothing' };
  for (const line of answer.body.split('\n')) {
    const reply = parsedJson<Reply>(line.startsWith('data:') ? line.slice('data:'.length) : line);
    const text = reply?.result?.content?.[0]?.text;
    if (typeof text === 'string') return { kind: 'text', text };
    if (reply?.error !== undefined) return { kind: 'noTool' };
  }
  return { kind: 'nothing' };
}

interface Reply {
  readonly result?: { readonly content?: readonly ({ readonly text?: unknown } | undefined)[] };
  readonly error?: unknown;
}

/** Undefined for what is no JSON object. Fields may still be anything. */
export function parsedJson<T extends object>(json: string): Partial<T> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
