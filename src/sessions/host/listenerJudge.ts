/**
 * Decides whether who listens on a port is a server of an app.
 * Invariant: only with proof of identity AND a good answer. Nothing is believed by itself: not the lock file (it survives its
 * server), not a pid in it (another container's), not a path as text, not a port.
 */
import type { LaunchSpec } from '../protocol';
import { GATEWAY_HEADER } from '../gatewayProtocol';
import { isGoodAnswer, isTelling, metroRoot, tellsRoot } from './goodAnswer';
import { ask, type HttpAnswer } from './httpQuestion';
import { readNextLock, type NextLock } from '../nextLock';
import { projectPath, projectQuestion } from './nextProject';
import type { Listener, ProcessInfo, Processes } from './processes';
import { isReportedFolder } from './reportedFolder';
import type { AppServer } from './serverFinder';

/** For each question. The pages that are asked for take milliseconds; who takes longer is hanging, or busy starting. */
const ANSWER_TIMEOUT_MS = 1500;

/** An editor that was started in the app's folder listens there too, and answers any path behind its own login. */
const editor = /\b(?:code-server|openvscode-server|vscode-server|server-main\.js)\b/;

/** What another user's dev server looks like in the list of processes, where its descriptors can't be seen. */
const serverTitle = /\b(?:next-server|next|expo|metro|react-native)\b/;

export type Verdict =
  | { readonly kind: 'server' | 'silent'; readonly server: AppServer }
  /** Not this app's. */
  | { readonly kind: 'stranger' }
  /** Nothing that could be told now. */
  | { readonly kind: 'open' };

const stranger: Verdict = { kind: 'stranger' };
const open: Verdict = { kind: 'open' };

/** Judges the listeners of one moment for one app. */
export class ListenerJudge {
  readonly #processes: Processes;
  readonly #spec: LaunchSpec;
  #lock: NextLock | undefined;
  #processList: Promise<readonly ProcessInfo[]> | undefined;

  constructor(processes: Processes, spec: LaunchSpec, lock: NextLock | undefined) {
    this.#processes = processes;
    this.#spec = spec;
    this.#lock = lock;
  }

  /** What can be said of this listener now; a question that it does not answer in time ends as `silent` or `open`. */
  async of(listener: Listener): Promise<Verdict> {
    const { folder, port, probe } = this.#spec;
    const isOwnPort = listener.port === port;
    const runsHere = listener.pid === undefined ? undefined : await this.#processes.runsIn(listener.pid, folder);
    let locker = await this.#locker(listener);
    // The only ones left that could be the app's are those that tell their folder when they are asked.
    if (locker === undefined && runsHere !== true && !(isOwnPort && this.#canTellItsFolder(runsHere))) return stranger;
    if (probe.kind === 'tcp') {
      // An open port says nothing of what is behind it: the app's own must be the one.
      if (runsHere !== true || !isOwnPort) return stranger;
      return this.#verdict('server', listener, listener.pid, 'workingDirectory');
    }

    const question = { address: listener.address, port: listener.port, method: probe.method, path: probe.path };
    const answer = await ask(question, ANSWER_TIMEOUT_MS);
    // A preview gateway, this host's or another's, passes on what a server says of itself.
    if (answer.kind === 'answer' && GATEWAY_HEADER in answer.headers) return stranger;
    if (answer.kind !== 'answer' || !isGoodAnswer(this.#spec, answer)) {
      if (locker !== undefined) return this.#verdict('silent', listener, locker, 'nextLock');
      if (answer.kind === 'silent' && runsHere === true)
        return this.#verdict('silent', listener, listener.pid, 'workingDirectory');
      return answer.kind === 'notHttp' ? stranger : open;
    }
    if (locker === undefined) {
      // A server that was starting holds its answers back, and writes its lock file meanwhile.
      this.#lock = await readNextLock(folder);
      locker = await this.#locker(listener);
    }
    if (locker !== undefined) return this.#verdict('server', listener, locker, 'nextLock');

    const told = await this.#toldFolder(listener, answer);
    if (told?.isHere === true) {
      // A path means something else in another container, whose processes we don't see.
      if (listener.pid === undefined && !(await this.#mayBeOfThisContainer(listener))) return open;
      return this.#verdict('server', listener, listener.pid, told.proof);
    }
    if (told?.isHere === false) return stranger;
    if (runsHere !== true) return open;
    if (!isOwnPort && !isTelling(this.#spec) && editor.test(await this.#commandOf(listener.pid))) return stranger;
    return this.#verdict('server', listener, listener.pid, 'workingDirectory');
  }

  /**
   * The process that the lock file names, if it is the one behind this listener. A pid alone may be long gone, used again,
   * or another container's: it has to hold this socket, or, where nobody's descriptors can be seen, to be a server of the
   * very user that the socket belongs to.
   */
  async #locker(listener: Listener): Promise<number | undefined> {
    const lock = this.#lock;
    if (lock?.kind !== 'named' || lock.port !== listener.port) return undefined;
    if (listener.pid !== undefined) return listener.pid === lock.pid ? lock.pid : undefined;
    const info = (await this.#list()).find(({ pid, isZombie }) => pid === lock.pid && !isZombie);
    if (!info) return undefined;
    const runsHere = await this.#processes.runsIn(lock.pid, this.#spec.folder);
    if (runsHere === true) return lock.pid;
    const isHidden = runsHere === undefined && info.uid === listener.uid && !this.#isOurs(listener);
    return isHidden && serverTitle.test(info.command) ? lock.pid : undefined;
  }

  /** Whether a question could still prove a listener that neither lock file nor (visible) working directory speaks for. */
  #canTellItsFolder(runsHere: boolean | undefined): boolean {
    return tellsRoot(this.#spec) || (this.#lock?.kind === 'empty' && runsHere !== true);
  }

  /** The folder that the server itself names, as far as it does. */
  async #toldFolder(
    { address, port, pid }: Listener,
    answer: Extract<HttpAnswer, { kind: 'answer' }>,
  ): Promise<{ readonly isHere: boolean | undefined; readonly proof: 'metroRoot' | 'nextProject' } | undefined> {
    const root = metroRoot(answer);
    if (root !== undefined) return { isHere: await isReportedFolder(root, this.#spec.folder, pid), proof: 'metroRoot' };
    // 16.0 and 16.1 leave their lock file empty and name the project when asked; 15 would compile a page for the question.
    if (this.#lock?.kind !== 'empty') return undefined;
    const project = projectPath(await ask(projectQuestion(address, port), ANSWER_TIMEOUT_MS));
    if (project === undefined) return undefined;
    return { isHere: await isReportedFolder(project, this.#spec.folder, pid), proof: 'nextProject' };
  }

  /**
   * Whether the listener whose process is hidden can be another user's here, rather than another container's: then there is
   * a server of that user in our own list of processes, and its working directory is hidden just so.
   */
  async #mayBeOfThisContainer(listener: Listener): Promise<boolean> {
    // Where the system counts no users (or tells no sockets) there are no containers like that either.
    if (listener.uid === undefined) return true;
    if (this.#isOurs(listener)) return false;
    for (const { pid, uid, isZombie, command } of await this.#list()) {
      if (uid !== listener.uid || isZombie || !serverTitle.test(command)) continue;
      if ((await this.#processes.runsIn(pid, this.#spec.folder)) === undefined) return true;
    }
    return false;
  }

  /** Our own user's processes are visible: one that is not lives in another container. */
  #isOurs({ uid }: Listener): boolean {
    return uid !== undefined && uid === process.getuid?.();
  }

  async #verdict(
    kind: 'server' | 'silent',
    listener: Listener,
    pid: number | undefined,
    proof: AppServer['proof'],
  ): Promise<Verdict> {
    const identity = pid === undefined ? undefined : await this.#processes.identify(pid).catch(() => undefined);
    if (pid !== undefined && !identity) return open; // It has just ended.
    const command = await this.#commandOf(pid);
    return { kind, server: { port: listener.port, identity, uid: listener.uid, command, proof } };
  }

  async #commandOf(pid: number | undefined): Promise<string> {
    return pid === undefined ? '' : ((await this.#list()).find((info) => info.pid === pid)?.command ?? '');
  }

  /** The processes of this moment, looked at once for all listeners; empty where the system would not say. */
  #list(): Promise<readonly ProcessInfo[]> {
    this.#processList ??= this.#processes.list().catch(() => []);
    return this.#processList;
  }
}
