/** Names of the tools that agents have; the rest of each is in `agentTools.ts`, which windows need not load. */
export const agentToolNames = [
  'cheatcode_listDevServers',
  'cheatcode_ensureDevServer',
  'cheatcode_readDevServerOutput',
  'cheatcode_restartDevServer',
  'cheatcode_stopDevServer',
] as const;

export type AgentToolName = (typeof agentToolNames)[number];

export function isAgentToolName(name: string): name is AgentToolName {
  return (agentToolNames as readonly string[]).includes(name);
}
