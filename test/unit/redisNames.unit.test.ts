import assert from 'node:assert/strict';
import slotOf from 'cluster-key-slot';
import { redisNames } from '../../src/sessions/host/redisNames';

describe('the names in Redis', () => {
  it('are those of the convention', () => {
    assert.deepEqual(redisNames('box', 'dev_server_web'), {
      lock: 'dev_server_start:box:web',
      fence: 'dev_server_fence:{dev_server_start:box:web}',
      entry: 'dev_server_session:box:web',
      channel: 'dev_server_events:box',
    });
    assert.equal(redisNames('box', 'dev_server_web_admin').lock, 'dev_server_start:box:web_admin');
    assert.equal(redisNames('a:b/c', 'api').lock, 'dev_server_start:a:b/c:api');
  });

  it('put lock and fence into one slot of a cluster, whatever the sandbox is called', () => {
    for (const id of ['box', 'a b', '{box}', 'x{box}y', '{a}{b}', 'a{', '{a', '{a{b}', '{{a}}', 'ü{é}', '*?[]'])
      for (const session of ['dev_server_web', 'dev_server_mobile', 'dev_server_web_admin']) {
        const { lock, fence } = redisNames(id, session);
        assert.equal(slotOf(fence), slotOf(lock), `${lock} ${fence}`);
      }
  });

  it('are another fence for each lock, also where both lie in the same slot', () => {
    const fences = ['{box}a', '{box}b', 'box', '{box}'].flatMap((id) =>
      ['dev_server_web', 'dev_server_mobile'].map((session) => redisNames(id, session).fence),
    );
    assert.equal(new Set(fences).size, fences.length);
  });
});
