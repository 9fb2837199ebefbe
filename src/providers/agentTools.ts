import * as vscode from 'vscode';
import { agentToolNames, type AgentToolName } from '../sessions/agentToolNames';
import { DisposableStore, type Disposable } from '../sessions/event';

/** What a tool does when an agent calls it. */
export interface AgentToolCalls {
  prepare(name: AgentToolName, input: unknown): Promise<vscode.PreparedToolInvocation>;
  invoke(name: AgentToolName, input: unknown, token: vscode.CancellationToken): Promise<vscode.LanguageModelToolResult>;
}

/**
 * Registers the tools that the manifest declares, for the language models of this editor. What they do is loaded with the first
 * call. An editor without such tools gets none: the command line and its MCP server do the same.
 */
export function registerAgentTools(load: () => AgentToolCalls): Disposable {
  const store = new DisposableStore();
  // Some forks of the editor leave the whole namespace out.
  const { registerTool } = (vscode.lm ?? {}) as Partial<typeof vscode.lm>;
  if (registerTool === undefined) return store;
  let loaded: AgentToolCalls | undefined;
  const calls = (): AgentToolCalls => (loaded ??= load());
  for (const name of agentToolNames)
    store.add(
      registerTool<unknown>(name, {
        prepareInvocation: ({ input }) => calls().prepare(name, input),
        invoke: ({ input }, token) => calls().invoke(name, input, token),
      }),
    );
  return store;
}
