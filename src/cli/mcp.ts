import { isAgentToolName, type AgentToolName } from '../sessions/agentToolNames';
import { callAgentTool, type AgentPorts } from '../sessions/agentCalls';
import { agentInput } from '../sessions/agentInput';
import { agentTools } from '../sessions/agentTools';
import { personNeeded } from '../sessions/agentWords';
import { redisSecrets } from '../sessions/redisAddress';
import type { ParsedCommand } from './arguments';
import type { CommandContext } from './commandContext';
import type { CommandName } from './commands';
import type { McpServing, McpTool } from './mcpServer';

/** For a model that has not called anything yet. */
const INSTRUCTIONS =
  'The dev server of this workspace may run already, started by the editor, a person or another agent, and there must be one only. ' +
  'Never start it yourself (pnpm dev, npm run dev, next dev, expo start): call cheatcode_ensureDevServer and use the url of its result. ' +
  'Do not stop it when you are done: others use it.';

/** The command that does the same as a tool: it decides what the session host is told, and whether it may be started. */
const commandOf: Readonly<Record<AgentToolName, CommandName>> = {
  cheatcode_listDevServers: 'status',
  cheatcode_ensureDevServer: 'ensure',
  cheatcode_readDevServerOutput: 'logs',
  cheatcode_restartDevServer: 'restart',
  cheatcode_stopDevServer: 'stop',
};

/**
 * What the MCP server serves. Each call is a command of its own, with its own look at the workspace and its own connection: this
 * process may live for days, and holds no session host alive.
 */
export function agentService(
  prepare: (of: Pick<ParsedCommand, 'command' | 'name'>) => CommandContext,
): Pick<McpServing, 'instructions' | 'tools' | 'call'> {
  return {
    instructions: INSTRUCTIONS,
    tools: Object.entries(agentTools).map(([name, tool]) => mcpTool(name as AgentToolName, tool)),
    call: async (name, input, signal, onProgress) => {
      if (!isAgentToolName(name)) throw new Error(`There is no tool "${name}".`);
      const context = prepare({ command: commandOf[name], name: agentInput(name, input).app });
      try {
        return await callAgentTool(name, input, agentPorts(context, onProgress), signal);
      } finally {
        context.dispose();
      }
    },
  };
}

function mcpTool(name: AgentToolName, tool: (typeof agentTools)[AgentToolName]): McpTool {
  const { title, description, inputSchema, isReadOnly, isDestructive, isIdempotent } = tool;
  return {
    name,
    title,
    description,
    inputSchema: { ...inputSchema },
    annotations: {
      title,
      readOnlyHint: isReadOnly,
      destructiveHint: isDestructive,
      idempotentHint: isIdempotent,
      openWorldHint: false,
    },
  };
}

function agentPorts(context: CommandContext, onProgress: (sentence: string) => void): AgentPorts {
  return {
    servers: context.servers,
    apps: async () => {
      await context.openWorkspace();
      return context.servers.apps;
    },
    chooseApp: (_name, preference) => context.chooseApp(preference),
    join: async (mayStart) => {
      if (!mayStart) return context.join();
      context.allowLaunch();
      await context.connect();
      return true;
    },
    // Nobody is here to be asked; whoever runs the agent may be asked by it, and that is about the tool, not about processes.
    ask: (_question, app) => Promise.resolve(personNeeded(app.label)),
    secrets: redisSecrets(context.settings.redis?.url),
    onProgress,
  };
}
