import './editorLanguage';
import * as vscode from 'vscode';
import { chooseApp, type Preference } from '../sessions/appChoice';
import { callAgentTool, type AgentPorts } from '../sessions/agentCalls';
import { agentInput } from '../sessions/agentInput';
import type { AgentToolName } from '../sessions/agentToolNames';
import { agentTools } from '../sessions/agentTools';
import { agentAsks, agentConfirmation, agentProgress, personDeclined } from '../sessions/agentWords';
import { appsToStart } from '../sessions/appSelection';
import type { App } from '../sessions/apps';
import { DevServerError } from '../sessions/errors';
import type { Question } from '../sessions/personsWord';
import { redisSecrets } from '../sessions/redisAddress';
import type { Settings } from '../sessions/settings';
import type { WindowServers } from '../sessions/workspaceServers';

/** What the tools need of their window. */
export interface AgentToolPorts {
  readonly servers: WindowServers;
  /** Settles when the workspace was looked at for the first time. */
  readonly activated: Promise<void>;
  readonly settings: () => Settings;
}

/** What the tools do in this window. Loaded with the first call of one. */
export function agentToolCalls({ servers, activated, settings }: AgentToolPorts) {
  const choose = async (name: string | undefined, preference: Preference): Promise<App> => {
    await activated;
    const { apps, sessions, discovery } = servers;
    const session = sessions.find(({ id }) => id === name);
    return (
      apps.find(({ key }) => key === session?.appKey) ??
      chooseApp({
        name,
        apps,
        sessions,
        preference,
        workspace: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
        byItself: () => {
          const wished = appsToStart(discovery, settings().autoStart, process.env);
          // `off` says that nothing starts unasked, and this asks.
          return wished.length > 0 ? wished : appsToStart(discovery, 'auto', process.env);
        },
      })
    );
  };
  const join = async (): Promise<boolean> => {
    try {
      await servers.connect();
      return true;
    } catch (error) {
      if (error instanceof DevServerError && error.code === 'workspaceUntrusted') return false;
      throw error;
    }
  };
  /** By call, the app that the editor was told to ask a person about: for that one alone the answer counts. */
  const asked = new Map<string, string>();
  const portsOf = (call: string): AgentPorts => ({
    servers,
    apps: async () => {
      await activated;
      return servers.apps;
    },
    chooseApp: choose,
    join,
    confirm: async (name, app) => {
      const isAsked = asked.get(call) === app.key;
      asked.delete(call);
      const question = agentConfirmation(name, app.label, servers.session(app));
      // It has become another one while a person thought, or the editor asks nobody.
      if (isAsked || question === undefined) return undefined;
      const { title, message, button } = question;
      return (await ask({ title, detail: message, button })) ? undefined : personDeclined(app.label);
    },
    ask: async (question, app) => ((await ask(question)) ? undefined : personDeclined(app.label)),
    get secrets() {
      return redisSecrets(settings().redis?.url);
    },
  });
  return {
    async prepare(name: AgentToolName, input: unknown): Promise<vscode.PreparedToolInvocation> {
      const call = callOf(name, input);
      asked.delete(call);
      try {
        const app = await choose(agentInput(name, input).app, preferenceOf(name));
        if (agentTools[name].isDestructive) await join();
        const question = agentConfirmation(name, app.label, servers.session(app));
        if (question !== undefined) asked.set(call, app.key);
        return {
          invocationMessage: agentProgress(name, app.label),
          ...(question === undefined
            ? {}
            : { confirmationMessages: { title: question.title, message: question.message } }),
        };
      } catch {
        // What is wrong is told by the call itself.
        return { invocationMessage: agentProgress(name, undefined) };
      }
    },
    async invoke(
      name: AgentToolName,
      input: unknown,
      token: vscode.CancellationToken,
    ): Promise<vscode.LanguageModelToolResult> {
      const controller = new AbortController();
      const cancel = () => controller.abort(new vscode.CancellationError());
      const subscription = token.onCancellationRequested(cancel);
      if (token.isCancellationRequested) cancel();
      try {
        const text = await callAgentTool(name, input, portsOf(callOf(name, input)), controller.signal);
        return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
      } finally {
        subscription.dispose();
      }
    },
  };
}

/** The editor gives a call no name of its own. */
function callOf(name: AgentToolName, input: unknown): string {
  return `${name} ${JSON.stringify(input)}`;
}

function preferenceOf(name: AgentToolName): Preference {
  return name === 'cheatcode_ensureDevServer' ? 'byItself' : 'running';
}

/** Stands over everything else, and names the processes. */
async function ask({ title, detail, button }: Question): Promise<boolean> {
  const options = { modal: true, detail: agentAsks(detail) };
  return (await vscode.window.showWarningMessage(title, options, button)) === button;
}
