import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import { APP_TYPES } from '../sessions/appTypes';
import type { DevServers, TerminalAttachment } from '../sessions/devServers';
import { DisposableStore, type Disposable } from '../sessions/event';
import { canShowTerminal, canTryStart } from '../sessions/appActions';
import { appIcon, terminalName } from '../sessions/appFace';
import type { SessionSnapshot } from '../sessions/protocol';
import { isActive } from '../sessions/sessionState';
import type { Settings } from '../sessions/settings';
import { DrawnOutput } from './drawnOutput';

/** Until the editor has shown a terminal it has no size, and the screen keeps the one that it has. */
const UNSEEN_SIZE = { cols: 0, rows: 0 } as const;

/**
 * Full reset: a screen that begins anew must not inherit modes, colours or scrollback of the one before; xterm's own leaves a hidden
 * cursor hidden.
 */
const CLEAR = '\x1bc\x1b[?25h\x1b[2J\x1b[3J\x1b[H';

/** Dim, on a line of its own. */
const LOST = { before: '\r\n\x1b[0m\x1b[2m', after: '\x1b[0m\r\n' } as const;

export interface ServerTerminalPorts {
  readonly servers: Pick<DevServers, 'apps' | 'session' | 'attach'>;
  readonly settings: () => Settings;
  /** Does what the command does. */
  readonly run: (action: 'start' | 'stop', app: App) => void;
  /** Links in these terminals, wanted with the first of them; disposed of with all of them. */
  readonly addLinks: (appOf: (terminal: vscode.Terminal) => App | undefined) => Disposable;
}

/**
 * One terminal per app in this window, a view of the session's screen in the host. The terminal never runs anything:
 * whatever happens to it, the server goes on, unless a person closes it and the setting says that this means "stop".
 */
export class ServerTerminals implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #ports: ServerTerminalPorts;
  readonly #open = new Map<string, { readonly terminal: vscode.Terminal; readonly pty: SessionPty }>();
  /** Apps whose terminal was closed by hand: not opened again by itself before the session has been stopped. */
  readonly #dismissed = new Set<string>();
  #hasLinks = false;

  constructor(ports: ServerTerminalPorts) {
    this.#ports = ports;
    this.#store.add(vscode.window.onDidCloseTerminal((terminal) => this.#closed(terminal)));
    this.#store.add(
      vscode.window.onDidChangeActiveTerminal((terminal) => {
        for (const entry of this.#open.values()) if (entry.terminal === terminal) entry.pty.claimSize();
      }),
    );
  }

  /** Opens the terminal of a session that is not stopped, in the background, and forgets those of apps that are gone. */
  consider(app: App): void {
    const session = this.#ports.servers.session(app);
    if (session !== undefined) this.#open.get(app.key)?.pty.rename(terminalName(session));
    if (session === undefined || session.state === 'stopped') {
      this.#dismissed.delete(app.key);
      return;
    }
    if (session.state === 'stopping' || !canShowTerminal({ app, session })) return;
    if (this.#dismissed.has(app.key) || this.#open.has(app.key)) return;
    if (this.#ports.settings().terminal.attachAutomatically) this.#create(app, session);
  }

  /** Drops the terminals of apps that the workspace no longer has. */
  retain(apps: readonly App[]): void {
    const keys = new Set(apps.map((app) => app.key));
    for (const [key, { terminal }] of this.#open) if (!keys.has(key)) terminal.dispose();
  }

  /** Brings the app's terminal to the front, made anew if it was closed. */
  reveal(app: App): void {
    const session = this.#ports.servers.session(app);
    const entry = this.#open.get(app.key) ?? (session === undefined ? undefined : this.#create(app, session));
    entry?.terminal.show();
  }

  #create(app: App, session: SessionSnapshot): { readonly terminal: vscode.Terminal; readonly pty: SessionPty } {
    this.#dismissed.delete(app.key);
    if (!this.#hasLinks) this.#store.add(this.#ports.addLinks((terminal) => this.#appOf(terminal)));
    this.#hasLinks = true;
    const pty = new SessionPty(
      session.id,
      (size, sink) => this.#ports.servers.attach(app, size, sink),
      () => this.#startFrom(app.key),
    );
    pty.rename(terminalName(session));
    const terminal = vscode.window.createTerminal({
      name: session.id,
      pty,
      iconPath: new vscode.ThemeIcon(appIcon(app.type)),
      color: new vscode.ThemeColor(APP_TYPES[app.type].tabColor),
      // Not revived with the window: this extension makes it anew.
      isTransient: true,
    });
    const entry = { terminal, pty };
    this.#open.set(app.key, entry);
    return entry;
  }

  /** Enter in a terminal whose server has ended is the button's Start; false where it runs, and the key is its. */
  #startFrom(appKey: string): boolean {
    const app = this.#ports.servers.apps.find(({ key }) => key === appKey);
    const session = app && this.#ports.servers.session(app);
    if (app === undefined || session === undefined || isActive(session.state)) return false;
    if (canTryStart({ app, session })) this.#ports.run('start', app);
    return true;
  }

  #appOf(terminal: vscode.Terminal): App | undefined {
    const key = this.#keyOf(terminal);
    return this.#ports.servers.apps.find((app) => app.key === key);
  }

  #keyOf(terminal: vscode.Terminal): string | undefined {
    return [...this.#open].find(([, entry]) => entry.terminal === terminal)?.[0];
  }

  #closed(terminal: vscode.Terminal): void {
    const key = this.#keyOf(terminal);
    if (key === undefined) return;
    this.#open.delete(key);
    // Only a person's close counts: a reload closes terminals too, with another reason (FACTS).
    if (terminal.exitStatus?.reason !== vscode.TerminalExitReason.User) return;
    this.#dismissed.add(key);
    const { servers, settings, run } = this.#ports;
    const app = servers.apps.find((candidate) => candidate.key === key);
    const session = app === undefined ? undefined : servers.session(app);
    if (app === undefined || session === undefined || session.adopted) return;
    if (session.state === 'stopped' || session.state === 'stopping' || session.state === 'failed') return;
    if (settings().terminal.onClose === 'stop') run('stop', app);
  }

  dispose(): void {
    this.#store.dispose();
    for (const { terminal } of [...this.#open.values()]) terminal.dispose();
    this.#open.clear();
  }
}

type Attach = (
  size: { readonly cols: number; readonly rows: number },
  sink: Parameters<DevServers['attach']>[2],
) => TerminalAttachment;

function lostLine(): string {
  return l10n.t('[the session host is gone; the output goes on when it is back]');
}

/** The editor's side of a terminal whose program runs in the session host. */
class SessionPty implements vscode.Pseudoterminal {
  readonly #write = new vscode.EventEmitter<string>();
  readonly #override = new vscode.EventEmitter<vscode.TerminalDimensions | undefined>();
  readonly #named = new vscode.EventEmitter<string>();
  readonly #attach: Attach;
  readonly #start: () => boolean;
  readonly #output = new DrawnOutput((data) => this.#write.fire(data));
  #name: string;
  #isOpen = false;
  #attachment: TerminalAttachment | undefined;
  /** What fits into this window's panel, once it was shown. */
  #own: { readonly cols: number; readonly rows: number } | undefined;
  /** What the one screen in the host has now. */
  #shared: { readonly cols: number; readonly rows: number } | undefined;

  readonly onDidWrite = this.#write.event;
  readonly onDidOverrideDimensions = this.#override.event;
  readonly onDidChangeName = this.#named.event;

  /** `start` is asked at each Enter, and says whether that was its business. */
  constructor(name: string, attach: Attach, start: () => boolean) {
    this.#name = name;
    this.#attach = attach;
    this.#start = start;
  }

  open(dimensions: vscode.TerminalDimensions | undefined): void {
    if (dimensions !== undefined) this.#own = { cols: dimensions.columns, rows: dimensions.rows };
    // The editor listens from here on.
    this.#isOpen = true;
    this.#named.fire(this.#name);
    this.#attachment?.dispose();
    this.#attachment = this.#attach(this.#own ?? UNSEEN_SIZE, {
      onReset: (screen, cols, rows) => {
        this.#shared = { cols, rows };
        // Another window's size: draw the screen as it is instead of wrapping its lines anew.
        this.#override.fire(this.#fits() ? undefined : { columns: cols, rows });
        return this.#output.write(CLEAR + screen);
      },
      onData: (data) => this.#output.write(data),
      onLost: () => this.#write.fire(LOST.before + lostLine() + LOST.after),
    });
  }

  rename(name: string): void {
    if (name === this.#name) return;
    this.#name = name;
    if (this.#isOpen) this.#named.fire(name);
  }

  /** Only detaches: the editor also calls this on a reload. */
  close(): void {
    this.#attachment?.dispose();
    this.#attachment = undefined;
    this.#output.release();
  }

  handleInput(input: string): void {
    const data = this.#output.typed(input);
    if (data === '') return;
    this.claimSize();
    if (data === '\r' && this.#start()) return;
    this.#attachment?.write(data);
  }

  setDimensions(dimensions: vscode.TerminalDimensions): void {
    this.#own = { cols: dimensions.columns, rows: dimensions.rows };
    this.#attachment?.resize(this.#own.cols, this.#own.rows);
  }

  /** The screen takes the size of the window that last showed it or typed into it. */
  claimSize(): void {
    if (this.#own !== undefined && !this.#fits()) this.#attachment?.resize(this.#own.cols, this.#own.rows);
  }

  #fits(): boolean {
    if (this.#own === undefined || this.#shared === undefined) return true;
    return this.#own.cols === this.#shared.cols && this.#own.rows === this.#shared.rows;
  }
}
