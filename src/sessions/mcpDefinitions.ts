import path from 'node:path';
import { commandFile } from './commandShim';

/** How an editor starts an MCP server of ours. */
export interface McpDefinition {
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * The MCP servers of a window: one for each workspace folder that holds apps, run by the command's stable file. None while it is not
 * known where that is, and unless a person wants it. Pure.
 */
export function mcpDefinitions(of: {
  readonly isWanted: boolean;
  readonly commandFolder: string | undefined;
  readonly folders: readonly string[];
  readonly platform: NodeJS.Platform;
}): readonly McpDefinition[] {
  const { isWanted, commandFolder, platform } = of;
  if (!isWanted || commandFolder === undefined) return [];
  const folders = [...new Set(of.folders)];
  return folders.map((folder) => ({
    label: folders.length === 1 ? 'Cheatcode Dev Server' : `Cheatcode Dev Server (${path.basename(folder)})`,
    command: commandFile(commandFolder, platform),
    args: ['mcp', '--workspace', folder],
  }));
}
