import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder that holds package.json, wherever the bundle of this test lies below it. */
export const repoRoot = (() => {
  let at = __dirname;
  while (!existsSync(path.join(at, 'package.json'))) {
    if (path.dirname(at) === at) throw new Error(`no package.json above ${__dirname}`);
    at = path.dirname(at);
  }
  return at;
})();

/** The product's sources by their path below the repository, with slashes. */
export function sourceFiles(): ReadonlyMap<string, string> {
  const files = readdirSync(path.join(repoRoot, 'src'), { recursive: true, encoding: 'utf8' });
  return new Map(
    files
      .filter((name) => name.endsWith('.ts'))
      .map((name) => [`src/${name.split(path.sep).join('/')}`, readFileSync(path.join(repoRoot, 'src', name), 'utf8')]),
  );
}
