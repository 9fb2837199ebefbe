import assert from 'node:assert/strict';
import { parseRedisAddress, RedisAddressError } from '../../src/sessions/redisAddress';

const node = (host: string, port: number) => ({ host, port });

describe('the address of a Redis', () => {
  it('has the defaults that its clients have', () => {
    assert.deepEqual(parseRedisAddress('redis://example.com'), {
      kind: 'single',
      nodes: [node('example.com', 6379)],
      socket: undefined,
      tls: false,
      username: undefined,
      password: undefined,
      database: 0,
      master: undefined,
      shown: 'example.com:6379',
    });
  });

  it('may have user, password, port and database, with signs written as codes', () => {
    const { username, password, nodes, database, tls } = parseRedisAddress(' rediss://me%40x:a%3Ab%2F%25@h:6380/12 ');
    assert.deepEqual([username, password, nodes, database, tls], ['me@x', 'a:b/%', [node('h', 6380)], 12, true]);
    assert.deepEqual(
      [':secret@', 'user@', 'user:@', 'a:b:c@'].map((login) => {
        const { username, password } = parseRedisAddress(`redis://${login}h`);
        return [username, password];
      }),
      [
        [undefined, 'secret'],
        ['user', undefined],
        ['user', ''],
        ['a', 'b:c'],
      ],
    );
    assert.equal(parseRedisAddress('redis://h?db=3').database, 3);
    assert.equal(parseRedisAddress('REDIS://h/').database, 0);
  });

  it('may be one of IPv6', () => {
    const { nodes, shown } = parseRedisAddress('redis://[::1]:7000');
    assert.deepEqual([nodes, shown], [[node('::1', 7000)], '[::1]:7000']);
    assert.deepEqual(parseRedisAddress('redis://[fe80::1]').nodes, [node('fe80::1', 6379)]);
  });

  it('may be a Unix socket', () => {
    const { socket, nodes, database, password, shown } = parseRedisAddress('unix://:p@/run/redis%20a.sock?db=2');
    assert.deepEqual(
      [socket, nodes, database, password, shown],
      ['/run/redis a.sock', [], 2, 'p', '/run/redis a.sock'],
    );
    assert.equal(parseRedisAddress('redis+unix:///s').socket, '/s');
  });

  it('may name Sentinels and the master that they watch', () => {
    const found = parseRedisAddress('rediss-sentinel://u:p@a:1,b,[::1]:2/4?sentinelMasterId=main');
    assert.equal(found.kind, 'sentinel');
    assert.deepEqual(found.nodes, [node('a', 1), node('b', 26_379), node('::1', 2)]);
    assert.deepEqual([found.master, found.database, found.tls, found.password], ['main', 4, true, 'p']);
    assert.equal(parseRedisAddress('redis-sentinel://a?sentinelMasterId=m').tls, false);
  });

  it('may name nodes of a Cluster', () => {
    const { kind, nodes, tls, shown } = parseRedisAddress('redis-cluster://a:7000,b');
    assert.deepEqual([kind, nodes, tls], ['cluster', [node('a', 7000), node('b', 6379)], false]);
    assert.equal(shown, 'a:7000,b:6379');
    assert.equal(parseRedisAddress('rediss-cluster://a').tls, true);
  });

  it('is shown without user and password, and so is what is wrong with it', () => {
    const secret = 'geheim';
    assert.ok(!parseRedisAddress(`redis://${secret}:${secret}@h`).shown.includes(secret));
    const wrong = {
      [`http://:${secret}@h`]: /no address of a Redis/,
      [`redis://:${secret}@`]: /host or port/,
      [`redis://:${secret}@h:0`]: /host or port/,
      [`redis://:${secret}@h:65536`]: /host or port/,
      [`redis://:${secret}@a b:x`]: /host or port/,
      [`redis://:${secret}@h/one`]: /database/,
      [`redis://:${secret}@a,b`]: /several hosts/,
      [`redis://:${secret}%@h`]: /%/,
      [`redis-sentinel://:${secret}@a`]: /sentinelMasterId/,
      [`unix://${secret}`]: /absolute path/,
      [secret]: /no address of a Redis/,
      '': /no address of a Redis/,
    };
    for (const [url, expected] of Object.entries(wrong))
      assert.throws(
        () => parseRedisAddress(url),
        (error: unknown) =>
          error instanceof RedisAddressError && expected.test(error.message) && !error.message.includes(secret),
        url,
      );
  });
});
