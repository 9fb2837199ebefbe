import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { AppProblem } from './apps';
import { errorCode, errorMessage } from './log';

/** The few things of a `package.json` that matter here. */
export interface PackageJson {
  readonly name: string | undefined;
  readonly scripts: Readonly<Record<string, string>>;
  /** Names of dependencies and development dependencies. */
  readonly dependencies: ReadonlyMap<string, string>;
}

/** Reads a folder's `package.json`; a missing or broken one is a problem to show, never an exception. */
export async function readPackageJson(
  folder: string,
): Promise<{ readonly packageJson: PackageJson | undefined; readonly problem: AppProblem | undefined }> {
  const failed = (code: AppProblem['code'], facts: AppProblem['facts']) => ({
    packageJson: undefined,
    problem: { code, facts },
  });
  let text: string;
  try {
    text = await readFile(path.join(folder, 'package.json'), 'utf8');
  } catch (error) {
    const missing = errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR';
    return missing
      ? failed('noPackageJson', { folder })
      : failed('badPackageJson', { folder, detail: errorMessage(error) });
  }
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (!isRecord(value)) return failed('badPackageJson', { folder, detail: 'it is no object' });
    return {
      packageJson: {
        name: typeof value['name'] === 'string' ? value['name'] : undefined,
        scripts: texts(value['scripts']),
        dependencies: new Map(Object.entries({ ...texts(value['devDependencies']), ...texts(value['dependencies']) })),
      },
      problem: undefined,
    };
  } catch (error) {
    return failed('badPackageJson', { folder, detail: errorMessage(error) });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function texts(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
