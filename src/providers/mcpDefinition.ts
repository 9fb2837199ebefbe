import * as vscode from 'vscode';
import { DisposableStore, type Disposable, type Event } from '../sessions/event';
import type { DevServers } from '../sessions/devServers';
import { mcpDefinitions } from '../sessions/mcpDefinitions';
import type { Settings } from '../sessions/settings';
import { MCP_PROVIDER_ID } from './ids';

/**
 * What of the editor registers an MCP server. Stable since 1.101, and our types are those of 1.99, the oldest editor that we
 * support: where it is missing, nothing is registered.
 */
interface McpEditor {
  readonly McpStdioServerDefinition?: new (
    label: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    version: string,
  ) => object;
  readonly lm?: {
    registerMcpServerDefinitionProvider?(
      id: string,
      provider: {
        readonly onDidChangeMcpServerDefinitions: vscode.Event<void>;
        provideMcpServerDefinitions(): readonly object[];
      },
    ): vscode.Disposable;
  };
}

export interface McpDefinitionPorts {
  readonly servers: Pick<DevServers, 'apps' | 'commandFolder'>;
  readonly settings: () => Settings;
  readonly version: string;
  /** What is defined may have changed. */
  readonly onDidChange: readonly Event<unknown>[];
}

/** Tells the editor of the MCP server of the command line, and again when that has changed. Loaded where a person wants it. */
export function registerMcpDefinition(ports: McpDefinitionPorts): Disposable {
  const store = new DisposableStore();
  const { McpStdioServerDefinition: Definition, lm } = vscode as unknown as McpEditor;
  if (Definition === undefined || lm?.registerMcpServerDefinitionProvider === undefined) return store;
  const changed = store.add(new vscode.EventEmitter<void>());
  const { servers, settings } = ports;
  const definitions = () =>
    mcpDefinitions({
      isWanted: settings().offerMcpServer,
      commandFolder: servers.commandFolder,
      folders: servers.apps.map(({ workspaceFolder }) => workspaceFolder),
      platform: process.platform,
    });
  let last = '[]';
  for (const event of ports.onDidChange)
    store.add(
      event(() => {
        const before = last;
        last = JSON.stringify(definitions());
        if (last !== before) changed.fire();
      }),
    );
  store.add(
    lm.registerMcpServerDefinitionProvider(MCP_PROVIDER_ID, {
      onDidChangeMcpServerDefinitions: changed.event,
      provideMcpServerDefinitions: () =>
        definitions().map(({ label, command, args }) => new Definition(label, command, args, {}, ports.version)),
    }),
  );
  return store;
}
