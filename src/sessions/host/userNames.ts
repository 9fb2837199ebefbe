import { readFile } from 'node:fs/promises';

/** Name of a user by the passwd file; undefined where there is none of that number, or no such file. For people only. */
export async function userName(uid: number): Promise<string | undefined> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return nameIn(text, uid);
}

/** In the text of a passwd file, `ann:x:1000:1000:Ann:/home/ann:/bin/sh`, the first of that number. */
export function nameIn(passwd: string, uid: number): string | undefined {
  for (const line of passwd.split('\n')) {
    const [name, , id] = line.split(':');
    if (id !== undefined && id !== '' && Number(id) === uid && name) return name;
  }
  return undefined;
}
