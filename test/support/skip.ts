/** Skips a test and says why: a skip without a reason hides a hole. */
export function skipBecause(test: Mocha.Context, reason: string): never {
  console.log(`      skipped: ${reason}`);
  return test.skip();
}

/** Skips a test on Windows, likewise; in a hook `before` all tests of its suite. */
export function skipOnWindows(test: Mocha.Context, reason: string): void {
  if (process.platform === 'win32') skipBecause(test, `on Windows: ${reason}`);
}
