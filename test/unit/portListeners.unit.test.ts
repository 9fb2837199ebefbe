import assert from 'node:assert/strict';
import { parseProcNetTcp } from '../../src/sessions/linuxSockets';
import { parseLsof, parseNetstat } from '../../src/sessions/host/ports';

describe('the listeners on a port', () => {
  it('are read from /proc/net/tcp, without what is connected', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 30546 1 000000002ad3735c 100 0 0 10 0',
      '   1: 0100007F:0BB8 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 30547 1 000000002ad3735d 20 4 30 10 -1',
      '',
    ].join('\n');
    assert.deepEqual(parseProcNetTcp(table), [{ address: '127.0.0.1', port: 3000, uid: 1000, inode: '30546' }]);
  });

  it('are read from /proc/net/tcp6, with addresses as people write them', () => {
    const row = (address: string) => `0: ${address}:1F91 ${'0'.repeat(32)}:0000 0A 0:0 00:0 0 0 0 77 1 0 100 0 0 10 0`;
    const addresses = [
      '00000000000000000000000000000000',
      '00000000000000000000000001000000',
      '0000000000000000FFFF00000100007F',
      'B80D0120000000000000000001000000',
      '000080FE000000000000000000010000',
    ];
    assert.deepEqual(
      parseProcNetTcp(addresses.map(row).join('\n')).map(({ address }) => address),
      ['::', '::1', '::ffff:7f00:1', '2001:db8::1', 'fe80::100'],
    );
  });

  it('are read from lsof, with the process before its sockets', () => {
    const text = 'p25712\nu501\nf21\nn127.0.0.1:3000\nf22\nn[::1]:3000\np25800\nu0\nf5\nn*:3000\nn[fe80::1%lo0]:3000\n';
    assert.deepEqual(parseLsof(text), [
      { address: '127.0.0.1', port: 3000, pid: 25712, uid: 501 },
      { address: '::1', port: 3000, pid: 25712, uid: 501 },
      { address: '0.0.0.0', port: 3000, pid: 25800, uid: 0 },
      { address: 'fe80::1', port: 3000, pid: 25800, uid: 0 },
    ]);
    assert.deepEqual(parseLsof(''), []);
  });

  // In the form of lsof's fields, no capture of a Mac: each process and each file begins anew, whatever was asked for.
  it('are read from lsof of macOS, IPv6 and other people’s programs among them', () => {
    const text =
      'p687\nu501\nf16\nn*:5000\nf17\nn*:5000\nf18\nn*:7000\np56079\nu501\nf21\nn[::1]:4211\np9\nf3\nn[fe80:4::aede:48ff:fe00:1122]:3000\n';
    assert.deepEqual(
      parseLsof(text).map(({ address, port, pid, uid }) => [address, port, pid, uid]),
      [
        ['0.0.0.0', 5000, 687, 501],
        ['0.0.0.0', 5000, 687, 501],
        ['0.0.0.0', 7000, 687, 501],
        ['::1', 4211, 56_079, 501],
        ['fe80:4::aede:48ff:fe00:1122', 3000, 9, undefined],
      ],
    );
  });

  // The state of a French Windows, as reports against other programs give it; its lines are otherwise the same.
  it('are read from netstat where a state has two words', () => {
    const text =
      '  Proto  Adresse locale         Adresse distante       État\r\n' +
      "  TCP    0.0.0.0:3000           0.0.0.0:0              À L'ÉCOUTE       5120\r\n" +
      '  TCP    [fe80::1%12]:3000      [::]:0                 \ufffd L\ufffd\ufffdCOUTE   77\r\n' +
      '  UDP    0.0.0.0:5353           *:*                                    111\r\n';
    assert.deepEqual(parseNetstat(text), [
      { address: '0.0.0.0', port: 3000, pid: 5120, uid: undefined },
      { address: 'fe80::1', port: 3000, pid: 77, uid: undefined },
    ]);
  });

  it('are read from netstat in any language', () => {
    const text =
      '\r\nAktive Verbindungen\r\n\r\n  Proto  Lokale Adresse         Remoteadresse          Status           PID\r\n' +
      '  TCP    0.0.0.0:3000           0.0.0.0:0              ABHÖREN          5120\r\n' +
      '  TCP    127.0.0.1:3000         127.0.0.1:50112        HERGESTELLT      5120\r\n' +
      '  TCP    [::1]:8081             [::]:0                 ABHÖREN          77\r\n';
    assert.deepEqual(parseNetstat(text), [
      { address: '0.0.0.0', port: 3000, pid: 5120, uid: undefined },
      { address: '::1', port: 8081, pid: 77, uid: undefined },
    ]);
  });
});
