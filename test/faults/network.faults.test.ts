import assert from 'node:assert/strict';
import { inOwnNetwork } from '../hosts/lanes.mjs';
import { skipBecause } from '../support/skip';
import { faultCase } from './support/faultCase';

describe('without a network', () => {
  before(function () {
    if (process.getuid?.() !== 0) skipBecause(this, 'only root can make a network namespace');
  });

  faultCase(
    'fault 37: a tunnel that can not be had falls back to the local network, and says so once',
    { servers: 1, timeoutMs: 120_000 },
    async (c) => {
      // A network with nothing but itself: no registry, no tunnel.
      const window = c.window({ wrapper: inOwnNetwork });
      const tool = {
        packageName: '@expo/ngrok',
        minVersion: '4.1.0',
        // One try instead of npm's three: they differ in nothing but the waiting.
        install: ['npm', 'install', '--global', '--fetch-retries=0', '@expo/ngrok@^4.1.0'],
      };
      const prefix = { NPM_CONFIG_PREFIX: `${c.serverEnv['HOME']}/global`, STUB_RIG: c.rig.stateFolder };
      await window.call(
        'start',
        c.params(prefix, {
          type: 'mobile',
          command: ['node', '-e', 'process.exit(1)'],
          fallback: { command: ['node', 'server.mjs'], reason: 'tunnelUnavailable' },
          requiredTool: tool,
        }),
      );
      await window.reaches('installing', 'preparingTool');
      const running = await window.reaches('running', undefined, 90_000);
      assert.equal(running.reason.code, 'tunnelUnavailable');
      assert.equal(running.crashes, 0);
      const { lines } = await window.call('lastOutput', { sessionId: running.id, lines: 200 });
      const said = lines.filter((line) => line.includes('@expo/ngrok could not be installed'));
      assert.equal(said.length, 1, lines.join('\n'));
    },
  );
});
