import { mkdir } from 'node:fs/promises';
import { inSandbox } from '../../hosts/paths.mjs';

/** The end of what a server has said, in lines. */
const OUTPUT_LINES = 15;

/** A browser's page, of either driver. */
interface Pictured {
  screenshot(options: { readonly path: `${string}.png` }): Promise<unknown>;
}

/** Keeps a picture of a test that failed and prints what is known besides. A page that is gone fails no other test. */
export async function keepFailure(name: string, page: Pictured, words: string, output: string): Promise<void> {
  const picture = `failed-${name}.png` as const;
  await mkdir(inSandbox('pictures'), { recursive: true });
  const taken = await page.screenshot({ path: `${inSandbox('pictures')}/${picture}` }).then(
    () => picture,
    (error: unknown) => `no picture: ${String(error)}`,
  );
  console.log(`      ${taken}; ${words}\n${output.split('\n').slice(-OUTPUT_LINES).join('\n')}`);
}
