import type { App } from './apps';
import type { OtherSettings } from './devServers';
import type { LaunchSpec, SessionSnapshot } from './protocol';
import { specDigest } from './specDigest';

interface OwnSpec {
  readonly digest: string;
  /** The running server's digest when this was found; by another one it must be looked at again. */
  readonly against: string;
  /** Digests from before changes made here, since the server last ran by this window's spec. */
  readonly earlier: ReadonlySet<string>;
}

/**
 * Knows for each app of a window whether its server runs by another launch spec than the window's own. A spec is resolved
 * from files and settings, so it is looked at when those change and when the server's does, never on a timer.
 */
export class OwnSpecs {
  readonly #specs = new Map<string, OwnSpec>();
  readonly #resolve: (app: App) => Promise<LaunchSpec>;
  readonly #changed: (app: App) => void;

  /** `changed` hears when `compare` may give something else than before. */
  constructor(resolve: (app: App) => Promise<LaunchSpec>, changed: (app: App) => void) {
    this.#resolve = resolve;
    this.#changed = changed;
  }

  /** Looks at the app's spec again. Never rejects: an app whose spec can't be resolved differs from nothing. */
  async refresh(app: App, session: SessionSnapshot): Promise<void> {
    const digest = await this.#resolve(app).then(specDigest, () => undefined);
    const before = this.#specs.get(app.key);
    if (digest === undefined) {
      this.#specs.delete(app.key);
      return;
    }
    const against = session.specDigest;
    const earlier = new Set(digest === against ? [] : before?.earlier);
    if (before !== undefined && before.digest !== digest && digest !== against) earlier.add(before.digest);
    this.#specs.set(app.key, { digest, against, earlier });
    if (before?.digest !== digest || before.against !== against) this.#changed(app);
  }

  /** A new state of the session: looks again if it runs by another spec than when it was last looked at. */
  async follow(app: App, session: SessionSnapshot): Promise<void> {
    if (this.#specs.get(app.key)?.against !== session.specDigest) await this.refresh(app, session);
  }

  /** Undefined where nothing of ours runs, or by this very spec. */
  compare(app: App, session: SessionSnapshot | undefined): OtherSettings | undefined {
    const own = this.#specs.get(app.key);
    if (own === undefined || session === undefined || session.adopted) return undefined;
    if (session.state !== 'running' && session.state !== 'unhealthy') return undefined;
    if (own.against !== session.specDigest || own.digest === session.specDigest) return undefined;
    return { digest: own.digest, changedHere: own.earlier.has(session.specDigest) };
  }
}
