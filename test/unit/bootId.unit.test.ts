import assert from 'node:assert/strict';
import { bootId, type BootPorts } from '../../src/sessions/bootId';

describe('the id of a boot', () => {
  const asked: string[] = [];
  const ports = (answer: string | Error): BootPorts => {
    const give = () => {
      if (typeof answer !== 'string') throw answer;
      return answer;
    };
    return {
      readText: (file) => (asked.push(file), give()),
      outputOf: (file, args) => (asked.push([file, ...args].join(' ')), give()),
      systemRoot: 'D:\\Windows',
    };
  };
  beforeEach(() => void asked.splice(0));

  it('is the kernel’s on Linux', () => {
    const uuid = '0d1c2a4e-5a0e-4f0e-9b0b-6c1a3f5f7a11';
    assert.equal(bootId('linux', ports(`${uuid}\n`)), uuid);
    assert.deepEqual(asked, ['/proc/sys/kernel/random/boot_id']);
    assert.match(bootId(process.platform), process.platform === 'linux' ? /^[0-9a-f-]{36}$/ : /./);
  });

  // The form of what people paste of `sysctl -n kern.bootsessionuuid`.
  it('is the one of the boot session on macOS', () => {
    const uuid = '8B0A4C6E-1F2D-4E3A-9B8C-7D6E5F4A3B2C';
    assert.equal(bootId('darwin', ports(`${uuid}\n`)), uuid);
    assert.deepEqual(asked, ['/usr/sbin/sysctl -n kern.bootsessionuuid']);
  });

  // As public test suites have it from a Windows 11 machine, empty lines and all.
  it('is the loader’s count on Windows', () => {
    const listing =
      '\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters\r\n' +
      '    BootId    REG_DWORD    0x45\r\n\r\n';
    assert.equal(bootId('win32', ports(listing)), '0x45');
    assert.deepEqual(asked, [
      'D:\\Windows\\System32\\reg.exe query HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters /v BootId',
    ]);
  });

  it('is one and the same where the system does not tell, and never a time', () => {
    for (const platform of ['linux', 'darwin', 'win32', 'freebsd'] as const)
      for (const answer of [new Error('missing'), '', 'sysctl: unknown oid\n'])
        if (platform !== 'linux' || answer !== 'sysctl: unknown oid\n')
          assert.equal(bootId(platform, ports(answer)), 'unknown');
  });
});
