/** Skips a test and says why: a skip without a reason hides a hole. */
export function skipBecause(test: Mocha.Context, reason: string): never {
  console.log(`      skipped: ${reason}`);
  return test.skip();
}
