import type { KernelLock } from '../../../src/sessions/host/kernelLock';

/** The kernel lock of a machine that exists in this process only; for the simulation. */
export function memoryLock(): KernelLock {
  const held = new Set<string>();
  return {
    tryAcquire(identity) {
      if (held.has(identity)) return Promise.resolve(undefined);
      held.add(identity);
      let isHeld = true;
      return Promise.resolve({
        dispose() {
          if (isHeld) held.delete(identity);
          isHeld = false;
        },
      });
    },
    describeHolder(identity) {
      return Promise.resolve(held.has(identity) ? { pid: process.pid, uid: process.getuid?.() } : undefined);
    },
  };
}
