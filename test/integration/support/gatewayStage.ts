import type { Browser } from 'playwright-core';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { launchChromium } from '../../hosts/chromium.mjs';
import { startCodeServer } from '../../hosts/codeServer.mjs';
import type { Server } from '../../hosts/serve.mjs';
import { GatewayProcess } from './gatewayProcess';
import { PanelStandIn } from './gatewayPanel';

/**
 * What the gateway's tests share: a code-server for its path proxy (the extension is not in it), the gateway's process, a
 * stand-in for the panel, and a browser. The caller closes it.
 */
export class GatewayStage {
  private constructor(
    readonly editor: Server,
    readonly gateway: GatewayProcess,
    readonly panel: PanelStandIn,
    readonly browser: Browser,
    /** For whatever a test writes. */
    readonly folder: string,
  ) {}

  static async open(name: string): Promise<GatewayStage> {
    const root = process.env['CHEATCODE_TEST_DIR'];
    if (root === undefined) throw new Error('CHEATCODE_TEST_DIR is not set: run the tests with npm test');
    const folder = path.join(root, name);
    const [workspace, temporary] = [path.join(folder, 'w'), path.join(folder, 't')];
    await Promise.all([workspace, temporary].map((one) => mkdir(one, { recursive: true })));
    const [editor, panel, browser] = await Promise.all([
      startCodeServer({
        workspace,
        userDataDir: path.join(folder, 'user'),
        extensionsDir: path.join(folder, 'extensions'),
        env: { TMPDIR: temporary },
      }),
      PanelStandIn.open(),
      launchChromium(),
    ]);
    const gateway = new GatewayProcess();
    // As a client does with the external address that the editor gave it.
    gateway.send({ type: 'hosts', hosts: [new URL(editor.url).host] });
    return new GatewayStage(editor, gateway, panel, browser, folder);
  }

  async close(): Promise<void> {
    await Promise.all([this.browser.close(), this.gateway.stop(), this.panel.close(), this.editor.stop()]);
  }
}
