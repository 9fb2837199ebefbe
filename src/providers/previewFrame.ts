/**
 * The one frame of a preview panel, as the panel knows it: which address it was made for, where the app in it is, what can
 * be asked of it, and how alive it is. It makes a new load only where nothing else helps, for that loses what the app holds.
 */
import type { Clock } from '../sessions/clock';
import type { Disposable } from '../sessions/event';
import { PREVIEW_MARK, type ToFrame } from '../sessions/gatewayProtocol';
import {
  afterEvent,
  newFrame,
  ofNewDocument,
  truthOf,
  type FrameEvent,
  type FrameFacts,
  type FrameReport,
  type PreviewTruth,
} from '../sessions/previewTruth';
import { frameUrl, type PreviewAddress } from './previewAddress';

/** What the panel's page needs to show the frame and the controls around it. */
export interface FramePlace {
  readonly url: string;
  readonly origin: string;
  /** Another one asks for another frame. */
  readonly load: number;
  readonly canGoBack: boolean;
  readonly canGoForward: boolean;
}

/** How long a page that is loaded may say nothing, in milliseconds. */
export const SILENT_AFTER_MS = 15_000;
/** The browser's word for "loaded" is the shell's only there: the app in it may still be compiled for the first time. */
export const SILENT_IN_SHELL_AFTER_MS = 60_000;

export class PreviewFrame implements Disposable {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  /** Runs while a loaded page has said nothing. */
  #silence: Disposable | undefined;
  #path: string;
  #address: PreviewAddress | undefined;
  #server: number | undefined;
  /** What the current load was made with. */
  #made: Pick<FramePlace, 'url' | 'origin'> | undefined;
  #load = 0;
  #facts: FrameFacts = newFrame;
  /** A document has begun to report since the browser last said that it loaded one. */
  #spokeSinceLoad = false;
  #canGoBack = false;
  #canGoForward = false;
  /** A reload was asked of the page, and nothing has come of it yet. */
  #isAsked = false;

  /** `onChange` is called after each change that no call of the owner made. */
  constructor(path: string, clock: Clock, onChange: () => void) {
    this.#path = path;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Path, query and hash: where the app is, or will begin. */
  get path(): string {
    return this.#path;
  }

  /** Undefined while there is no frame. */
  get place(): FramePlace | undefined {
    if (this.#made === undefined) return undefined;
    return {
      ...this.#made,
      load: this.#load,
      canGoBack: this.#canGoBack,
      canGoForward: this.#canGoForward,
    };
  }

  /** Undefined while there is no frame. */
  get truth(): PreviewTruth | undefined {
    return this.#made && truthOf(this.#facts);
  }

  /**
   * The app is to be shown by this address. `server` names the process that answers there, where it is known: another one
   * makes another frame, but a first name for one that was unknown does not.
   */
  show(address: PreviewAddress, server: number | undefined): void {
    const isSame =
      this.#made !== undefined &&
      this.#address?.root === address.root &&
      this.#address.via === address.via &&
      (this.#server === undefined || this.#server === server);
    this.#address = address;
    this.#server = server;
    if (!isSame) this.#renew();
  }

  /** There is nothing to frame: the next `show` makes a new frame. */
  hide(): void {
    this.#made = undefined;
    this.#forget();
  }

  /** Goes to a path: by a command for the page that lives in the frame, which is returned, else by a new frame. */
  go(path: string): ToFrame | undefined {
    this.#path = path;
    if (this.#isHeard) return { mark: PREVIEW_MARK, type: 'go', path };
    if (this.#made !== undefined) this.#renew();
    return undefined;
  }

  /** As `go`. One that the page did not answer is followed by a new frame when it is asked for again. */
  reload(): ToFrame | undefined {
    if (this.#isHeard && !this.#isAsked) {
      this.#isAsked = true;
      return { mark: PREVIEW_MARK, type: 'reload' };
    }
    if (this.#made !== undefined) this.#renew();
    return undefined;
  }

  /** The command that goes one page back or forward, undefined where there is none. */
  step(type: 'back' | 'forward'): ToFrame | undefined {
    const can = type === 'back' ? this.#canGoBack : this.#canGoForward;
    return can ? { mark: PREVIEW_MARK, type } : undefined;
  }

  /** The browser has loaded a document into the frame. */
  loaded(load: number): void {
    if (load !== this.#load || this.#made === undefined) return;
    const isHeard = this.#spokeSinceLoad;
    this.#spokeSinceLoad = false;
    // Another document, and one that does not speak: what the last one said is no longer true.
    if (!isHeard && this.#isHeard) this.#forgetDocument();
    this.#note({ type: 'frameLoaded' });
    if (!isHeard) this.#waitForWord();
    this.#onChange();
  }

  /** A report of the page in the frame; one of an earlier frame is not listened to. */
  heard(load: number, report: FrameReport, times: number): void {
    if (load !== this.#load || this.#made === undefined) return;
    if (report.type !== 'shell') {
      this.#isAsked = false;
      this.#silence?.dispose();
    }
    if (report.type === 'liveness' && report.state === 'loading') this.#spokeSinceLoad = true;
    if (report.type === 'page') {
      this.#path = report.path;
      this.#canGoBack = report.canGoBack;
      this.#canGoForward = report.canGoForward;
    } else this.#note(report, times);
    this.#onChange();
  }

  dispose(): void {
    this.#silence?.dispose();
  }

  /** The head script of the document in the frame is there to be spoken to, and nothing is wrong with a shell between. */
  get #isHeard(): boolean {
    const { liveness, shell } = this.#facts;
    return liveness !== undefined && shell !== 'noWorker' && shell !== 'noGateway';
  }

  #renew(): void {
    if (this.#address === undefined) return;
    this.#forget();
    this.#load++;
    this.#made = { url: frameUrl(this.#address, this.#path), origin: this.#address.origin };
  }

  #forget(): void {
    this.#silence?.dispose();
    this.#facts = newFrame;
    this.#spokeSinceLoad = false;
    this.#forgetHistory();
  }

  #forgetDocument(): void {
    this.#facts = ofNewDocument(this.#facts);
    this.#forgetHistory();
  }

  #forgetHistory(): void {
    this.#isAsked = false;
    this.#canGoBack = false;
    this.#canGoForward = false;
  }

  #waitForWord(): void {
    this.#silence?.dispose();
    const isInShell = this.#address?.via === 'gateway' && this.#address.isPathProxied;
    this.#silence = this.#clock.after(
      isInShell ? SILENT_IN_SHELL_AFTER_MS : SILENT_AFTER_MS,
      () => {
        this.#note({ type: 'silence' });
        this.#onChange();
      },
      { background: true },
    );
  }

  #note(event: FrameEvent, times = 1): void {
    this.#facts = afterEvent(this.#facts, event, times);
  }
}
