import assert from 'node:assert/strict';
import { nameIn } from '../../src/sessions/host/userNames';

describe('the name of a user', () => {
  const passwd =
    'root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/sh\n+::::::\nbob:x:1000:5::/:/bin/sh\n';
  it('is the first of that number, and none where there is none', () => {
    assert.equal(nameIn(passwd, 0), 'root');
    assert.equal(nameIn(passwd, 1000), 'ann');
    assert.equal(nameIn(passwd, 7), undefined);
    assert.equal(nameIn('', 0), undefined);
  });
});
