/**
 * Speaks the Model Context Protocol over two streams; what the tools are and do is given. A bundle of its own, loaded by the one
 * command that serves it. The low-level server on purpose: our schemas are JSON already, and the other one would bring a converter.
 */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, ListToolsRequestSchema, type Tool } from '@modelcontextprotocol/sdk/types.js';
import type { Readable, Writable } from 'node:stream';

/** What is served, and where. */
export interface McpServing {
  readonly version: string;
  /** For the model, before it has called anything. */
  readonly instructions: string;
  readonly tools: readonly McpTool[];
  /** The answer of a tool as a text. Rejects with an Error whose message the model reads. */
  readonly call: (
    name: string,
    input: unknown,
    signal: AbortSignal,
    onProgress: (sentence: string) => void,
  ) => Promise<string>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** What goes wrong in the protocol, for a log. */
  readonly onError: (error: Error) => void;
}

/** A tool as MCP lists it. */
export type McpTool = Pick<Tool, 'name' | 'title' | 'description' | 'inputSchema' | 'annotations'>;

/** Serves until the client has gone or `ended` resolves; calls that are under way are then given up, and what they asked for goes on. */
export async function serveMcp(serving: McpServing, ended: Promise<void>): Promise<void> {
  const { stdin, stdout, tools, call } = serving;
  // The other one, for what it calls simple uses, wants the schemas in a library's own form; these are texts of the manifest.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const server = new Server(
    { name: 'cheatcode-dev', title: 'Cheatcode Dev Server', version: serving.version },
    { capabilities: { tools: {} }, instructions: serving.instructions },
  );
  server.onerror = serving.onError;
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...tools] }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, _meta, sendNotification }) => {
    const { progressToken } = _meta ?? {};
    let progress = 0;
    const onProgress = (message: string): void => {
      if (progressToken === undefined || signal.aborted) return;
      const notification = { progressToken, progress: ++progress, message };
      sendNotification({ method: 'notifications/progress', params: notification }).catch(serving.onError);
    };
    try {
      return { content: [{ type: 'text', text: await call(params.name, params.arguments, signal, onProgress) }] };
    } catch (error) {
      // An error of a tool is an answer: the model is to read it.
      const text = error instanceof Error ? error.message : String(error);
      return { content: [{ type: 'text', text }], isError: true };
    }
  });
  const gone = new Promise<void>((resolve) => {
    server.onclose = resolve;
    // The transport does not notice by itself.
    for (const event of ['end', 'close', 'error']) stdin.once(event, () => resolve());
  });
  await server.connect(new StdioServerTransport(stdin, stdout));
  await Promise.race([gone, ended]);
  await server.close();
}
