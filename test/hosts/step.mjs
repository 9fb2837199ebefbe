// One progress line when a slow step begins, one with its time when it ends.

/**
 * Runs one step of the set-up.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  console.log(`• ${title} …`);
  try {
    const result = await work();
    console.log(`✓ ${title} (${seconds()})`);
    return result;
  } catch (error) {
    console.log(`✗ ${title} (${seconds()})`);
    throw error;
  }
}

/**
 * Waits for all, then throws the first failure: no step is left running behind an error message.
 * @template {readonly Promise<unknown>[] | []} T
 * @param {T} promises
 * @returns {Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>}
 */
export async function together(promises) {
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  const values = results.map((result) => /** @type {PromiseFulfilledResult<unknown>} */ (result).value);
  return /** @type {{ -readonly [K in keyof T]: Awaited<T[K]> }} */ (values);
}
