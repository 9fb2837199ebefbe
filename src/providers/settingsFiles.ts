/** Whether a path is that of a file of settings: the person's, the machine's, a profile's, a folder's, or a workspace with its own. */
export function isSettingsFile(path: string): boolean {
  return /\/(?:User|Machine|\.vscode|profiles\/[^/]+)\/settings\.json$|\.code-workspace$/.test(path);
}
