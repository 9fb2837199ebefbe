// A mocha reporter: prints like `spec`, and writes the numbers to the file that CHEATCODE_TEST_RESULTS names.
'use strict';
const fs = require('node:fs');
const { reporters, Runner } = require('mocha');

const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_RUN_END } = Runner.constants;

/** Test results as `{ passed, failed, skipped, tests }`. */
module.exports = class Results extends reporters.Spec {
  /** @param {import('mocha').Runner} runner @param {import('mocha').MochaOptions} options */
  constructor(runner, options) {
    super(runner, options);
    /** @type {{ title: string, state: string, durationMs: number, error?: string }[]} */
    const tests = [];
    /** @param {string} state */
    const note = (state) => (/** @type {import('mocha').Test} */ test, /** @type {Error | undefined} */ error) =>
      tests.push({
        title: test.fullTitle(),
        state,
        durationMs: test.duration ?? 0,
        ...(error ? { error: error.stack ?? String(error) } : {}),
      });
    runner.on(EVENT_TEST_PASS, note('passed'));
    runner.on(EVENT_TEST_FAIL, note('failed'));
    runner.on(EVENT_TEST_PENDING, note('skipped'));
    runner.once(EVENT_RUN_END, () => {
      const file = process.env['CHEATCODE_TEST_RESULTS'];
      if (!file) return;
      const count = (/** @type {string} */ state) => tests.filter((test) => test.state === state).length;
      const result = { passed: count('passed'), failed: count('failed'), skipped: count('skipped'), tests };
      fs.writeFileSync(file, JSON.stringify(result, null, 2));
    });
  }
};
