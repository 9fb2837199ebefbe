import { runCommand } from '../../../src/sessions/runCommand';

/** Whether SIGSTOP has come to it: `ps` says so on Linux and on macOS alike, which has no /proc. */
export async function isSuspended(pid: number): Promise<boolean> {
  const { stdout } = await runCommand('ps', ['-o', 'stat=', '-p', String(pid)], { timeoutMs: 5_000 });
  return stdout.startsWith('T');
}
