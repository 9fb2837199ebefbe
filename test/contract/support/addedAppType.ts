import path from 'node:path';
import { completionScript } from '../../../src/cli/completion';
import { discoverApps } from '../../../src/sessions/appDiscovery';
import { appIcon } from '../../../src/sessions/appFace';
import { configReader } from '../../../src/sessions/configReader';
import { checkStart } from '../../../src/sessions/host/requestChecks';
import { resolveLaunchSpec } from '../../../src/sessions/launchSpec';
import { FakeHost } from '../../unit/support/fakeHost';
import type { Settings } from '../../../src/sessions/settings';

const settings = {
  portConflict: 'ask',
  restartOnChange: 'offer',
  web: { port: undefined, command: undefined },
  mobile: { port: undefined, command: undefined, connection: 'auto' },
} as Settings;

/** What is made of the workspace's apps. Bundled by the test with a type more in the table of types. */
export async function look(workspace: string) {
  const { apps, problems } = await discoverApps([workspace], { loadReader: () => configReader });
  const host = new FakeHost();
  const specs = await Promise.all(apps.map((app) => resolveLaunchSpec(app, settings, true)));
  return {
    problems,
    completion: completionScript('bash'),
    apps: apps.map((app, index) => {
      const spec = specs[index];
      if (!spec) throw new Error(app.name);
      const { install, command, port, probe, restartFiles } = checkStart({ spec, env: {}, origin: 'user' }).spec;
      const { id, type } = host.start(spec);
      const { name, label } = app;
      const folder = path.basename(app.folder);
      return { name, type, label, folder, icon: appIcon(app.type), id, command, install, port, probe, restartFiles };
    }),
  };
}
