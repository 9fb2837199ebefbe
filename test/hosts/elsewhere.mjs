// What proc.mjs tells from /proc, where there is none: as the system's own tools say it, read by a library.
// A test holds it against /proc on Linux; it never ran on macOS or Windows.

/** Loaded where it is needed only: Linux never does, outside of that test. */
const library = async () => (await import('systeminformation')).default;

/** @returns {Promise<import('./proc.mjs').Process[]>} without group and session, and known by the second of their start */
export async function allProcesses() {
  const { list } = await (await library()).processes();
  return list.map(({ pid, parentPid, state, started, command, params }) => ({
    pid,
    ppid: parentPid,
    pgid: 0,
    sid: 0,
    state: state === 'zombie' ? 'Z' : 'S',
    startTicks: started,
    command: `${command} ${params}`.trim(),
  }));
}

/** @param {number} port @returns {Promise<import('./proc.mjs').Listener[]>} */
export async function listenersOf(port) {
  return (await (await library()).networkConnections())
    .filter(
      ({ protocol, state, localPort }) => /^tcp/i.test(protocol) && state === 'LISTEN' && Number(localPort) === port,
    )
    .map(({ localAddress, pid }) => ({ port, address: localAddress, uid: undefined, pid: pid > 0 ? pid : undefined }));
}
