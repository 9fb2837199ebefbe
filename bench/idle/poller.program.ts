/**
 * What a window without us would do: asks for a page again and again, as many times as there are windows, each at a moment of
 * its own within the interval. args: URL, count, interval in milliseconds. It ends with its input.
 */
const [url = '', count = '1', interval = '15000'] = process.argv.slice(2);
const [windows, intervalMs] = [Number(count), Number(interval)];

async function ask(): Promise<void> {
  try {
    await (await fetch(url)).text();
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  }
}

for (let n = 0; n < windows; n++)
  setTimeout(
    () => {
      void ask();
      setInterval(() => void ask(), intervalMs);
    },
    (n * intervalMs) / windows,
  );
process.stdin.on('end', () => process.exit());
process.stdin.resume();
