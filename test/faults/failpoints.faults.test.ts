import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { failpoints, type Failpoint } from '../../src/sessions/failpoints';
import { isAlive, waitFor } from '../contract/support/hostRig';
import type { Agent } from './support/agent';
import { runFault, type FaultCase } from './support/faultCase';
import { installable } from './support/installable';

const id = 'dev_server_web';

/** Where a full disk is what could happen: something is written right there. */
const writes: readonly Failpoint[] = [
  'client.locked',
  'client.lookedAgain',
  'host.begin',
  'host.fenced',
  'record.write',
];

/** Steps of a stop that a host takes, too, while it fences: for the first time then, and again when its server is to stop. */
const alsoInFence: readonly Failpoint[] = ['stop.asked', 'stop.done'];

/** How soon a fresh window must have its server, whatever was left to it: a stale start lock costs five seconds of it. */
const BOUND_MS = 45_000;

describe('at each failpoint of the protocol', () => {
  for (const point of failpoints) {
    const kinds = ['die', 'stop', 'sleep:300', 'throw', ...(writes.includes(point) ? ['enospc'] : [])];
    const times = alsoInFence.includes(point) ? [1, 2] : [1];
    const actions = times.flatMap((time) => kinds.map((kind) => `${kind}@${time}`));
    it(`${point}: ${kinds.join(', ')}: the next window gets its server, and a stop leaves nothing`, async function () {
      this.timeout(150_000);
      const outcomes = await Promise.allSettled(
        actions.map((action) =>
          runFault({ servers: 0, expectedLog: /failpoint|^\s+at / }, (c) => walk(c, point, action)),
        ),
      );
      const failed = outcomes.flatMap((outcome, index) =>
        outcome.status === 'rejected' ? [`${actions[index]}: ${String(outcome.reason)}`] : [],
      );
      assert.deepEqual(failed, []);
    });
  }
});

async function walk(c: FaultCase, point: Failpoint, action: string): Promise<void> {
  // The spec that passes all steps; an install costs time, and only one of them needs it.
  const overrides = point === 'start.installing' ? await installable(c) : {};
  const first = c.window({ env: { CHEATCODE_TEST_FAILPOINTS: `${point}=${action}` } });
  const hit = () => hitBy(c, first, point);
  // It may be answered by nobody, or by an error: what counts is what the next window meets.
  const asked = first.call('start', c.params({}, overrides)).catch(() => undefined);
  if (point.startsWith('stop.') && !(alsoInFence.includes(point) && action.endsWith('@1'))) {
    await first.reaches('running');
    void first.call('stop', { sessionId: id }).catch(() => undefined);
  }
  const pid = await waitFor(`${point} to be passed`, hit, 30_000, () => first.describe());
  if (action.startsWith('die')) await waitFor('it to be gone', () => !isAlive(pid));
  const isOfHost = !point.startsWith('client.');
  // A window of this build would lead each new host into the same trap.
  if (isOfHost || action.startsWith('die')) await first.kill();

  const next = c.window();
  const served = reachesRunning(c, next, overrides);
  if (action.startsWith('stop') && isOfHost) {
    // A host that hangs is told after ten seconds and replaced only on a person's word: it goes on before that.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    process.kill(pid, 'SIGCONT');
  }
  const { listenerPid } = await served;
  if (action.startsWith('stop') && !isOfHost) {
    process.kill(pid, 'SIGCONT');
    // What it was about to do is done by now: it joins what it finds, or is told that it took too long and asks again.
    await asked;
    await first.call('start', c.params({}, overrides));
    await first.reaches('running');
  }
  assert.equal(next.session?.listenerPid, listenerPid, 'nobody has touched it since');
  await first.close();
  const stopped = await next.call('stop', { sessionId: id });
  assert.equal(stopped.state, 'stopped');
  assert.deepEqual(await c.started(), []);
}

/** Asks until it has what it asked for, as a person would. */
async function reachesRunning(c: FaultCase, window: Agent, overrides: object) {
  const endMs = performance.now() + BOUND_MS;
  for (;;) {
    const leftMs = endMs - performance.now();
    try {
      await window.call('start', c.params({}, overrides));
      return await window.sees('running', ({ state }) => state === 'running', Math.min(leftMs, 15_000));
    } catch (error) {
      if (leftMs <= 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** The pid of the process that has passed the point; a host says so in its log. */
function hitBy(c: FaultCase, window: Agent, point: Failpoint): number | undefined {
  const logs = c.scopeFolders().map((folder) => path.join(folder, 'host.log'));
  const texts = [window.errors, ...logs.filter((log) => existsSync(log)).map((log) => readFileSync(log, 'utf8'))];
  for (const text of texts) {
    const match = new RegExp(`failpoint ${point.replace('.', '\\.')} \\S+ pid=(\\d+)`).exec(text);
    if (match) return Number(match[1]);
  }
  return undefined;
}
