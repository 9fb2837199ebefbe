/** Replaced by the bundler: true in the bundles of the tests only, so that a product build holds no switch. */
declare const TEST_BUILD: boolean;

/** Ways for a test to break a guarantee and see that the harness notices (negative controls). */
export const testSwitches: {
  readonly kernelLocksOff: boolean;
  readonly startLockOff: boolean;
  readonly portCheckOff: boolean;
} = TEST_BUILD
  ? {
      kernelLocksOff: process.env['CHEATCODE_TEST_KERNEL_LOCKS_OFF'] === '1',
      startLockOff: process.env['CHEATCODE_TEST_START_LOCK_OFF'] === '1',
      portCheckOff: process.env['CHEATCODE_TEST_PORT_CHECK_OFF'] === '1',
    }
  : { kernelLocksOff: false, startLockOff: false, portCheckOff: false };
