/**
 * Which names a request may call the gateway by. A page of a foreign site can make a browser send requests to loopback,
 * and by a name that it points at 127.0.0.1 (DNS rebinding) it could read the answers: such a name is refused.
 */
const hostForm = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;

/** The forms of localhost, with any port, and the hosts that clients registered. */
export class AcceptedHosts {
  #registered: ReadonlySet<string> = new Set();

  /** Replaces the registered hosts (`example.com`, `example.com:8443`). */
  set(hosts: readonly string[]): void {
    this.#registered = new Set(hosts.map((host) => host.toLowerCase()));
  }

  /** Whether a request with this `Host` is served. Case does not matter; a port that was registered does. */
  accepts(host: string | undefined): boolean {
    const lower = host?.toLowerCase() ?? '';
    const name = hostForm.exec(lower)?.[1];
    if (name === undefined) return false;
    if (name === 'localhost' || name === '127.0.0.1' || name === '[::1]' || name.endsWith('.localhost')) return true;
    return this.#registered.has(lower);
  }

  /** Whether a client registered exactly this host (and port). */
  isRegistered(host: string): boolean {
    return this.#registered.has(host.toLowerCase());
  }
}
