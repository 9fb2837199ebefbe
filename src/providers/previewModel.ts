/**
 * What one preview panel shows and does, without the editor: it puts together the app's session, its address, the frame, the
 * output and the address for phones, and sends the page one message whenever the sum of them changes.
 */
import * as l10n from '@vscode/l10n';
import type { App } from '../sessions/apps';
import type { Clock } from '../sessions/clock';
import type { DevServers } from '../sessions/devServers';
import { DisposableStore, type Disposable } from '../sessions/event';
import type { ToFrame } from '../sessions/gatewayProtocol';
import { isBusy, type AppActionId } from '../sessions/appActions';
import { previewPage, type PreviewPage } from '../sessions/presenter';
import { truthNotice, type PreviewNotice } from '../sessions/previewSentences';
import { withIssue, type PreviewTruth } from '../sessions/previewTruth';
import type { SessionSnapshot } from '../sessions/protocol';
import type { PhoneCard } from './phoneCard';
import type { PreviewAddress } from './previewAddress';
import { PreviewCompileError, type CompileErrorPorts, type FilePlace } from './previewCompileError';
import { PreviewFrame } from './previewFrame';
import { parseFromPage, type FromPage, type PageView, type SavedApp, type ToPage } from './previewMessages';
import { OutputTail } from './previewOutput';
import { PhoneCards } from './previewPhone';

const OUTPUT_LINES = 20;
/** Of a page that hears nothing, twice a second; then it is made anew. */
const MAX_KNOCKS = 8;
/** How long a page may take until it says something, in milliseconds; the second one twice as long, and so on. */
const SILENT_PAGE_MS = 5000;
const MAX_SILENT_PAGE_MS = 60_000;

/** What a preview needs of its panel and of the rest of the window. */
export interface PreviewModelPorts {
  readonly servers: Pick<DevServers, 'apps' | 'session' | 'connection' | 'lastOutput' | 'compileIssues'>;
  readonly clock: Clock;
  readonly appFile: CompileErrorPorts['appFile'];
  isTrusted(): boolean;
  isVisible(): boolean;
  resolveAddress(session: SessionSnapshot): Promise<PreviewAddress>;
  phoneCard(port: number): Promise<PhoneCard | undefined>;
  hasWebBuild(folder: string): Promise<boolean>;
  setTitle(title: string): void;
  /** Gives the panel its page anew, which may then frame this origin and no other, and tells this number when it listens. */
  load(frameOrigin: string | undefined, loading: number): void;
  post(message: ToPage): void;
  remember(view: PageView): void;
  /** Does an action of the page; those on addresses get the app's path. */
  run(action: AppActionId, app: App, path: string): void;
  copy(text: string): void;
  openFile(app: App, place: FilePlace): void;
  /** Opens a page of another site in a browser; the editor asks a person first whether that site is trusted. */
  openUrl(url: string): void;
  /** What is true of the preview is another than before. */
  onTruth(): void;
  onError(error: unknown): void;
}

export class PreviewModel implements Disposable {
  readonly #store = new DisposableStore();
  readonly #saved: SavedApp;
  readonly #ports: PreviewModelPorts;
  readonly #frame: PreviewFrame;
  readonly #output: OutputTail;
  readonly #phone: PhoneCards;
  readonly #compileError: PreviewCompileError;
  #view: PageView;
  #isLoaded = false;
  /** Of the page that was loaded last. */
  #loading = 0;
  #frameOrigin: string | undefined;
  /** The page that listens; undefined until one does. */
  #listener: string | undefined;
  /** How often it has said so: it does until it is heard. */
  #knocks = 0;
  /** Until the page that was loaded last says something. */
  #silence: Disposable | undefined;
  #silenceMs = SILENT_PAGE_MS;
  /** Nothing came of it: after a reload of the window the editor sometimes brings a page that never begins. */
  #isSilent = false;
  #address: PreviewAddress | undefined;
  /** What an address was asked for last, and what the one that is known was asked for. */
  #askedFor = '';
  #resolvedFor = '';
  /** Number of the last question for an address: only its answer counts. */
  #asking = 0;
  /** Whether an app has a web build beside its phones; looked at once. */
  #webBuild: { readonly appKey: string; readonly has: boolean } | undefined;
  #sent = '';
  #toldTruth = '';

  constructor(saved: SavedApp, view: PageView, ports: PreviewModelPorts) {
    this.#saved = saved;
    this.#view = view;
    this.#ports = ports;
    const show = (): void => this.#show();
    const onError = (error: unknown): void => ports.onError(error);
    this.#frame = this.#store.add(new PreviewFrame(view.path, ports.clock, show));
    this.#output = this.#store.add(new OutputTail(ports.clock, show, onError));
    const { clock, appFile, servers } = ports;
    this.#compileError = this.#store.add(
      new PreviewCompileError({ clock, appFile, compileIssues: (app) => servers.compileIssues(app) }, show, onError),
    );
    this.#phone = new PhoneCards((port) => ports.phoneCard(port), show, onError);
  }

  get app(): App | undefined {
    const { apps } = this.#ports.servers;
    // The key changes when the folder was made anew (a rebuilt container): then the name decides.
    return apps.find((app) => app.key === this.#saved.key) ?? apps.find((app) => app.name === this.#saved.name);
  }

  /** What is true of the app in the frame; undefined while there is none. */
  get truth(): PreviewTruth | undefined {
    const { truth } = this.#frame;
    const { issue } = this.#compileError;
    return truth && issue ? withIssue(truth, issue) : truth;
  }

  /** The settings that decide the address may have changed. */
  forgetAddress(): void {
    this.#askedFor = '';
    this.update();
  }

  /** Something outside changed: looks at all of it, and shows what is new. */
  update(): void {
    if (this.#store.isDisposed) return;
    const { app } = this;
    const session = this.#session(app);
    this.#ports.setTitle(l10n.t('Preview: {0}', app?.label ?? this.#saved.name));
    this.#refreshWebBuild(app);
    this.#refreshAddress(session);
    const page = this.#page(app);
    if (page.kind !== 'app') this.#frame.hide();
    else if (this.#address !== undefined && this.#resolvedFor === this.#askedFor)
      this.#frame.show(this.#address, session?.pid ?? session?.listenerPid);
    this.#refreshPhone(page, session);
    this.#refreshOutput(app, page);
    this.#refreshPage();
    this.#show();
  }

  /** A message of the page. */
  receive(value: unknown): void {
    if (this.#store.isDisposed) return;
    const message = parseFromPage(value);
    if (message === undefined) this.#ports.onError(new Error('the preview page sent something that is no message'));
    else this.#do(message);
  }

  dispose(): void {
    this.#silence?.dispose();
    this.#store.dispose();
  }

  #do(message: FromPage): void {
    const { app } = this;
    switch (message.type) {
      case 'ready':
        // One that the editor still shows: of two pages in short order it may hold the second back for ever.
        if (message.loading !== this.#loading) return;
        // The editor makes the page anew when the panel moves to another window: its frame begins anew with it.
        if (this.#listener !== undefined && this.#listener !== message.page) this.#frame.hide();
        this.#knocks = this.#listener === message.page ? this.#knocks + 1 : 1;
        this.#silence?.dispose();
        this.#isSilent = false;
        this.#silenceMs = SILENT_PAGE_MS;
        this.#listener = message.page;
        this.#sent = '';
        // The editor may keep what it should hear for a page that never comes.
        if (this.#knocks > MAX_KNOCKS) this.#isLoaded = false;
        this.update();
        return;
      case 'run':
        if (app !== undefined) this.#ports.run(message.action, app, this.#frame.path);
        return;
      case 'go':
        this.#tell(this.#frame.go(message.path));
        return;
      case 'open':
        if (app !== undefined && message.load === this.#frame.place?.load)
          this.#ports.run('openInBrowser', app, message.path);
        return;
      case 'openUrl':
        if (message.load === this.#frame.place?.load) this.#ports.openUrl(message.url);
        return;
      case 'back':
      case 'forward':
        this.#tell(this.#frame.step(message.type));
        return;
      case 'reload':
        this.#reload();
        return;
      case 'width':
        this.#see({ width: message.width, isLandscape: message.isLandscape });
        return;
      case 'face':
        // A web build is there to be seen as on a phone.
        this.#see({ face: message.face, ...(message.face === 'web' ? { width: 'phone' } : {}) });
        return;
      case 'openFile':
        this.#openFile(app);
        return;
      case 'copyPhoneUrl':
        if (this.#phone.card !== undefined) this.#ports.copy(this.#phone.card.url);
        return;
      case 'frameLoaded':
        this.#frame.loaded(message.load);
        return;
      case 'frame':
        // One that is not understood is an app's or a newer gateway's, and no news.
        if (message.report !== undefined) this.#frame.heard(message.load, message.report, message.times);
        return;
    }
  }

  /** The page says only that it was pressed: which file it is, is known here. */
  #openFile(app: App | undefined): void {
    const { file, line, column } = this.#compileError.issue ?? {};
    if (app !== undefined && file !== undefined) this.#ports.openFile(app, { file, line, column });
  }

  #reload(): void {
    // What failed before may work now, and a gateway that was lost may be back at another port: it is asked for again.
    const isWell = this.#address?.via === 'gateway' && this.truth?.kind === 'alive';
    if (this.#address?.via !== 'template' && !isWell) this.#askedFor = '';
    this.#tell(this.#frame.reload());
    this.update();
  }

  #tell(command: ToFrame | undefined): void {
    const load = this.#frame.place?.load;
    if (command !== undefined && load !== undefined) this.#ports.post({ type: 'tell', load, command });
    this.#show();
  }

  #see(part: Partial<PageView>): void {
    this.#view = { ...this.#view, ...part };
    this.#ports.remember(this.#view);
    this.update();
  }

  #session(app: App | undefined): SessionSnapshot | undefined {
    return app === undefined ? undefined : this.#ports.servers.session(app);
  }

  #page(app: App | undefined): PreviewPage {
    if (app === undefined)
      return {
        kind: 'stopped',
        sentence: l10n.t('There is no app "{0}" in this workspace.', this.#saved.name),
        warning: undefined,
        showsOutput: false,
        actions: [],
      };
    const showsWebBuild = this.#hasWebBuild(app) && this.#view.face === 'web';
    return previewPage(
      { app, session: this.#session(app) },
      { connection: this.#ports.servers.connection, trusted: this.#ports.isTrusted(), showsWebBuild },
    );
  }

  #hasWebBuild(app: App | undefined): boolean {
    return app !== undefined && this.#webBuild?.appKey === app.key && this.#webBuild.has;
  }

  #refreshWebBuild(app: App | undefined): void {
    if (app?.type !== 'mobile' || this.#webBuild?.appKey === app.key) return;
    const appKey = app.key;
    this.#webBuild = { appKey, has: false };
    this.#ports.hasWebBuild(app.folder).then(
      (has) => {
        if (this.#webBuild?.appKey === appKey) this.#webBuild = { appKey, has };
        this.update();
      },
      (error: unknown) => this.#ports.onError(error),
    );
  }

  #refreshAddress(session: SessionSnapshot | undefined): void {
    if (session === undefined || !['starting', 'running', 'unhealthy'].includes(session.state)) return;
    const { connection } = this.#ports.servers;
    // Another host has another gateway, which must be begun.
    const key = `${session.port} ${connection.kind === 'connected' ? connection.hostPid : 'none'}`;
    if (key === this.#askedFor) return;
    this.#askedFor = key;
    const asking = ++this.#asking;
    this.#ports.resolveAddress(session).then(
      (address) => {
        if (asking !== this.#asking) return;
        this.#address = address;
        this.#resolvedFor = key;
        this.update();
      },
      (error: unknown) => {
        if (asking === this.#asking) this.#askedFor = '';
        this.#ports.onError(error);
      },
    );
  }

  #refreshPhone(page: PreviewPage, session: SessionSnapshot | undefined): void {
    // A tunnel may come later than Metro itself, and go before it: each news of the session is a reason to ask again.
    if (page.kind !== 'mobile' || session === undefined) this.#phone.forget();
    else if (this.#ports.isVisible()) this.#phone.follow(session.port, `${session.port} ${session.revision}`);
  }

  #refreshOutput(app: App | undefined, page: PreviewPage): void {
    if (app === undefined || !page.showsOutput) {
      this.#output.stop();
      return;
    }
    this.#output.follow(
      () => this.#ports.servers.lastOutput(app, OUTPUT_LINES),
      () => isBusy(this.#session(app)) && this.#ports.isVisible(),
    );
  }

  #refreshPage(): void {
    const frameOrigin = this.#address?.origin;
    // One that nobody sees may take its time: the editor loads it when it is seen.
    if (this.#isSilent && this.#ports.isVisible()) {
      this.#silenceMs = Math.min(this.#silenceMs * 2, MAX_SILENT_PAGE_MS);
      this.#isLoaded = false;
    }
    if (this.#isLoaded && frameOrigin === this.#frameOrigin) return;
    this.#isLoaded = true;
    this.#isSilent = false;
    this.#frameOrigin = frameOrigin;
    this.#listener = undefined;
    this.#knocks = 0;
    this.#ports.load(frameOrigin, ++this.#loading);
    this.#silence?.dispose();
    this.#silence = this.#ports.clock.after(this.#silenceMs, () => {
      this.#isSilent = true;
      this.#refreshPage();
    });
  }

  #show(): void {
    if (this.#store.isDisposed) return;
    this.#compileError.follow(this.app, this.#frame.truth);
    this.#noteTruth();
    if (this.#frame.path !== this.#view.path) {
      this.#view = { ...this.#view, path: this.#frame.path };
      this.#ports.remember(this.#view);
    }
    if (this.#listener === undefined) return;
    const message = this.#message();
    const fingerprint = JSON.stringify(message);
    if (fingerprint === this.#sent) return;
    this.#sent = fingerprint;
    this.#ports.post(message);
  }

  #message(): ToPage {
    const { app } = this;
    const page = this.#page(app);
    const label = app?.label ?? this.#saved.name;
    return {
      type: 'show',
      saved: { app: app === undefined ? this.#saved : { key: app.key, name: app.name }, view: this.#view },
      label,
      page,
      lines: page.showsOutput ? this.#output.lines : [],
      place: this.#frame.place,
      truth: this.truth?.kind,
      notices: this.#notices(label, page),
      phone: page.kind === 'mobile' ? this.#phone.card : undefined,
      hasFaces: this.#hasWebBuild(app) && (page.kind === 'mobile' || page.kind === 'app'),
    };
  }

  /** What the server's state has to say comes first: it may be the cause of the rest. */
  #notices(label: string, { kind, warning }: PreviewPage): readonly PreviewNotice[] {
    if (kind !== 'app') return [];
    const { truth } = this;
    const ofPage = truth && this.#address && truthNotice(truth, label, this.#address);
    return [
      ...(warning === undefined ? [] : [{ severity: 'warning' as const, text: warning, action: undefined }]),
      ...(ofPage === undefined ? [] : [ofPage]),
    ];
  }

  #noteTruth(): void {
    const told = JSON.stringify(this.truth ?? null);
    if (told === this.#toldTruth) return;
    this.#toldTruth = told;
    this.#ports.onTruth();
  }
}
