import { stat } from 'node:fs/promises';

/**
 * Whether the path that a server told of its project is this folder, by device and inode. `pid` is the server where it can
 * be seen: its path is then looked up from its own root, which is another one in another mount namespace. Undefined when
 * there is nothing under that path that we could compare.
 */
export async function isReportedFolder(
  reported: string,
  folder: string,
  pid: number | undefined,
): Promise<boolean | undefined> {
  const [own, there] = await Promise.all([
    idOf(folder),
    (pid === undefined ? undefined : await idOf(`/proc/${pid}/root${reported}`)) ?? idOf(reported),
  ]);
  return there === undefined ? undefined : own === there;
}

async function idOf(folder: string): Promise<string | undefined> {
  const stats = await stat(folder, { bigint: true }).catch(() => undefined);
  return stats && `${stats.dev}:${stats.ino}`;
}
