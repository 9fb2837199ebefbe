/**
 * Opens an address, its only argument, in the browser that VS Code has on the desktop; its own extensions ask for it by this
 * name, too (`simple-browser`, `debug-server-ready`). Older desktops and editors in a browser do not have it.
 */
export const INTEGRATED_BROWSER_COMMAND = 'workbench.action.browser.open';

/** Whether the editor has a browser of its own. In a browser nobody is asked: the list of all commands is long. */
export async function hasIntegratedBrowser(editor: {
  readonly isDesktop: boolean;
  commands(): PromiseLike<readonly string[]>;
}): Promise<boolean> {
  return editor.isDesktop && (await editor.commands()).includes(INTEGRATED_BROWSER_COMMAND);
}
