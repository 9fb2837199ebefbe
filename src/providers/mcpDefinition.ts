import path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore, type Disposable, type Event } from '../sessions/event';
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
  /** Whether a person wants it: an editor whose chat has our tools already would show each of them twice. */
  isWanted(): boolean;
  /** Where the command line lies; undefined before the first connection. */
  commandFolder(): string | undefined;
  /** The workspace folders that hold apps. */
  folders(): readonly string[];
  readonly version: string;
  /** One of these may have changed. */
  readonly onDidChange: readonly Event<unknown>[];
}

/** Tells the editor of the MCP server of the command line, one for each folder of the workspace that holds apps. */
export function registerMcpDefinition(ports: McpDefinitionPorts): Disposable {
  const store = new DisposableStore();
  const { McpStdioServerDefinition: Definition, lm } = vscode as unknown as McpEditor;
  if (Definition === undefined || lm?.registerMcpServerDefinitionProvider === undefined) return store;
  const changed = store.add(new vscode.EventEmitter<void>());
  const definitions = () => {
    const folder = ports.commandFolder();
    if (folder === undefined || !ports.isWanted()) return [];
    const command = path.join(folder, process.platform === 'win32' ? 'cheatcode-dev.cmd' : 'cheatcode-dev');
    return ports.folders().map((workspace, _index, all) => {
      const label = all.length === 1 ? 'Cheatcode Dev Server' : `Cheatcode Dev Server (${path.basename(workspace)})`;
      return { label, command, args: ['mcp', '--workspace', workspace] };
    });
  };
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
