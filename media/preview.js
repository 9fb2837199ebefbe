// @ts-check
/**
 * The preview's page: a toolbar, a frame with the app, and a page that says where the server is while there is none.
 * It decides nothing: it shows what the extension sends, and sends on what a person does and what the frame's page
 * reports. All values reach the page as text or attributes, never as HTML; so do its own words, in the editor's language.
 *
 * @typedef {import('../src/providers/previewMessages').ToPage} ToPage
 * @typedef {import('../src/providers/previewMessages').ShowMessage} ShowMessage
 * @typedef {import('../src/providers/previewMessages').TellMessage} TellMessage
 * @typedef {import('../src/providers/previewMessages').FromPage} FromPage
 * @typedef {import('../src/providers/previewMessages').SavedState} SavedState
 * @typedef {import('../src/providers/previewMessages').FramePost} FramePost
 * @typedef {import('../src/providers/previewWords').PageWord} PageWord
 * @typedef {{ postMessage(message: FromPage | FramePost): void, setState(state: SavedState): void }} Editor
 */
(function () {
  'use strict';

  /** Between two tries to be heard by the editor. */
  const READY_INTERVAL_MS = 500;
  /** Reports of the frame are sent on at most so often, and of each kind only the last. */
  const REPORT_INTERVAL_MS = 50;
  /** Between two windows that the app gets: nobody asks for them faster. */
  const OPEN_INTERVAL_MS = 1000;
  /** Of a text that the frame sends; the extension cuts it again to what it shows. */
  const REPORT_CHARS = 4000;
  /** The same as PREVIEW_MARK of gatewayProtocol.ts; a test compares them. */
  const MARK = 'cheatcode.preview.1';
  /** Reports and their fields: all that is sent on of a message of the frame. */
  const REPORTS = new Set(['page', 'liveness', 'hotReload', 'error', 'request', 'overlay', 'shell']);
  const FIELDS = [
    ...['mark', 'type', 'path', 'title', 'canGoBack', 'canGoForward', 'state', 'detail', 'message', 'source'],
    ...['url', 'status', 'text'],
  ];
  /** Light modules around a QR code, without which phones do not find it. */
  const QUIET_ZONE = 4;
  const SVG = 'http://www.w3.org/2000/svg';

  // @ts-expect-error the editor puts it there
  const editor = /** @type {Editor} */ (acquireVsCodeApi());
  /** On the desktop, but for a Mac, where arrows with Alt move the cursor word by word. */
  const isDesktop = location.protocol === 'vscode-webview:' && !navigator.platform.startsWith('Mac');
  /** Tells this page from the one that the editor makes of the same panel after a move to another window. */
  const page = Math.random().toString(36).slice(2);
  /** @type {ShowMessage | undefined} */
  let shown;
  /** The load that the frame was made for; 0 while there is no frame. */
  let framedLoad = 0;
  /** Where the address field was set last: what differs from it was typed. */
  let addressShown = '';
  /**
   * Reports that wait, the last of each kind.
   * @type {Map<string, { data: Record<string, unknown>, times: number }>}
   */
  const reports = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let reporting;
  /** When reports were sent last, and when a window was asked for last, by `performance.now()`. */
  let reportedAt = -Infinity;
  let openedAt = -Infinity;
  /** The last line of output stays in sight, until somebody scrolls away from it. */
  let isAtEnd = true;

  const words = /** @type {Readonly<Record<PageWord, string>>} */ (JSON.parse(document.body.dataset['words'] ?? '{}'));
  for (const [place, put] of /** @type {const} */ ([
    [
      'data-label',
      (/** @type {Element} */ element, /** @type {string} */ word) => element.setAttribute('aria-label', word),
    ],
    ['data-title', (/** @type {Element} */ element, /** @type {string} */ word) => element.setAttribute('title', word)],
    ['data-text', (/** @type {Element} */ element, /** @type {string} */ word) => (element.textContent = word)],
  ]))
    for (const element of document.querySelectorAll(`[${place}]`))
      put(element, words[/** @type {PageWord} */ (element.getAttribute(place))]);
  const address = /** @type {HTMLInputElement} */ (byId('address'));
  const viewport = byId('viewport');
  const output = byId('output');

  for (const type of /** @type {const} */ (['back', 'forward', 'reload', 'copyPhoneUrl'])) onPress(type, { type });
  for (const action of /** @type {const} */ (['openInBrowser', 'copyUrl'])) onPress(action, { type: 'run', action });
  onPress('facePhone', { type: 'face', face: 'phone' });
  onPress('faceWeb', { type: 'face', face: 'web' });
  for (const bar of document.querySelectorAll('[role=toolbar]')) rove(/** @type {HTMLElement} */ (bar));
  for (const width of /** @type {const} */ (['phone', 'tablet', 'full']))
    byId(width).addEventListener('click', () => setWidth({ width }));
  byId('rotate').addEventListener('click', () => {
    if (isEnabled(byId('rotate'))) setWidth({ isLandscape: shown?.saved.view?.isLandscape !== true });
  });
  address.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') address.value = addressShown;
    if (event.key !== 'Enter') return;
    editor.postMessage({ type: 'go', path: address.value });
    // From now on it follows the app again.
    addressShown = address.value;
  });
  // On the document, so that the editor, which listens at the window, does not get what was done here.
  document.addEventListener('keydown', (event) => {
    if (!doShortcut(event, event.target === address)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  window.addEventListener('message', (event) => {
    const frame = currentFrame();
    if (frame !== null && event.source === frame.contentWindow) {
      if (event.origin === shown?.place?.origin) hear(event.data);
    } else if (isFromEditor(event)) receive(event.data);
  });
  output.addEventListener('scroll', () => {
    isAtEnd = output.scrollHeight - output.clientHeight - output.scrollTop <= 1;
  });
  // Lines that wrap anew move the end.
  new ResizeObserver(scrollToEnd).observe(output);
  // The timers of a hidden tab are late, up to a minute.
  document.addEventListener('visibilitychange', sendReports);
  // Again until it is heard: right after a reload of the window the first one may meet nobody.
  const loading = Number(document.body.dataset['loading']);
  const knocking = setInterval(() => editor.postMessage({ type: 'ready', page, loading }), READY_INTERVAL_MS);
  editor.postMessage({ type: 'ready', page, loading });

  /**
   * Whether a message comes from the editor's page right around this one. The origin alone does not tell: behind a path
   * proxy the app has it too. The editor hides that page (`window.parent` is this very window, in VS Code 1.99 nothing at
   * all), but only a page that holds us has us among its frames.
   *
   * @param {MessageEvent} event
   * @returns {boolean}
   */
  function isFromEditor(event) {
    const from = /** @type {Window | null} */ (event.source);
    for (let n = 0; from !== null && n < from.length; n++) if (from[n] === window) return true;
    return false;
  }

  /** @param {unknown} data from the editor, which is the extension */
  function receive(data) {
    const message = /** @type {Partial<ToPage> | null} */ (data);
    if (message?.type === 'tell') tell(/** @type {TellMessage} */ (message));
    if (message?.type !== 'show') return;
    clearInterval(knocking);
    const before = JSON.stringify(shown?.saved);
    shown = /** @type {ShowMessage} */ (message);
    if (JSON.stringify(shown.saved) !== before) editor.setState(shown.saved);
    show(shown);
  }

  /** @param {TellMessage} message */
  function tell({ load, command }) {
    const origin = shown?.place?.origin;
    if (load === framedLoad && origin !== undefined) currentFrame()?.contentWindow?.postMessage(command, origin);
  }

  /** @param {unknown} data from the frame, which holds code that is not ours */
  function hear(data) {
    const message = /** @type {Record<string, unknown> | null} */ (typeof data === 'object' ? data : null);
    if (message?.['mark'] !== MARK) return;
    const { type } = message;
    if (type === 'key') press(message);
    if (type === 'open') openPage(message);
    if (typeof type !== 'string' || !REPORTS.has(type)) return;
    /** @type {Record<string, unknown>} */
    const cut = {};
    for (const field of FIELDS) {
      const value = message[field];
      if (typeof value === 'string') cut[field] = value.slice(0, REPORT_CHARS);
      else if (typeof value === 'number' || typeof value === 'boolean') cut[field] = value;
    }
    // A new document begins: what still waits of the old one is no news, and only the shell outlives it.
    const isBeginning = type === 'liveness' && cut['state'] === 'loading';
    if (isBeginning) for (const kind of [...reports.keys()]) if (kind !== 'shell') reports.delete(kind);
    // A kind of its own: without it the extension would take what follows for the old document's.
    const kind = isBeginning ? 'loading' : type;
    const times = (reports.get(kind)?.times ?? 0) + 1;
    // Out and in again: those of different kinds are sent in the order of their last.
    reports.delete(kind);
    reports.set(kind, { data: cut, times });
    if (isBeginning && performance.now() - reportedAt >= REPORT_INTERVAL_MS) sendReports();
    else reporting ??= setTimeout(sendReports, REPORT_INTERVAL_MS);
  }

  function sendReports() {
    clearTimeout(reporting);
    reporting = undefined;
    if (reports.size > 0) reportedAt = performance.now();
    const load = framedLoad;
    for (const { data, times } of reports.values()) editor.postMessage({ type: 'frame', load, times, data });
    reports.clear();
  }

  /**
   * The app wants a window of its own for one of its pages, or for one of another site. Only right after a person did
   * something in the frame, and one at a time: a page must not open windows by itself.
   *
   * @param {Record<string, unknown>} message
   */
  function openPage({ path, url }) {
    const wanted = path ?? url;
    if (typeof wanted !== 'string' || wanted.length > REPORT_CHARS || framedLoad === 0) return;
    if (document.activeElement !== currentFrame() || navigator.userActivation?.isActive !== true) return;
    if (performance.now() - openedAt < OPEN_INTERVAL_MS) return;
    openedAt = performance.now();
    if (wanted === path) editor.postMessage({ type: 'open', load: framedLoad, path: wanted });
    else editor.postMessage({ type: 'openUrl', load: framedLoad, url: wanted });
  }

  /**
   * A key that the app left to the editor is pressed here once more, where the editor listens. Only right after a person did
   * something in the frame: a page must not work the editor by itself.
   *
   * @param {Record<string, unknown>} message
   */
  function press(message) {
    const { key, code, keyCode } = message;
    if (typeof key !== 'string' || typeof code !== 'string' || typeof keyCode !== 'number') return;
    if (document.activeElement !== currentFrame()) return;
    const isCommand = message['ctrlKey'] === true || message['altKey'] === true || message['metaKey'] === true;
    if (key === 'Escape') {
      // Browsers do not count Escape as something that a person did.
    } else if ((!isCommand && !/^F([1-9]|1[0-2])$/.test(key)) || navigator.userActivation?.isActive === false) return;
    // Browsers go back and forward by it themselves, whoever has the focus; the desktop's windows do not.
    if (/^Arrow(Left|Right)$/.test(key) && message['altKey'] === true && !isDesktop) return;
    const event = new KeyboardEvent('keydown', {
      key,
      code,
      ctrlKey: message['ctrlKey'] === true,
      altKey: message['altKey'] === true,
      metaKey: message['metaKey'] === true,
      shiftKey: message['shiftKey'] === true,
      bubbles: true,
      cancelable: true,
    });
    // The editor finds its shortcuts by it, and the constructor does not take it everywhere.
    Object.defineProperty(event, 'keyCode', { get: () => keyCode });
    if (!doShortcut(event, false)) window.dispatchEvent(event);
  }

  /**
   * Does what the keys of browsers do: back, forward, reload. False if the event is none of them.
   *
   * @param {KeyboardEvent} event
   * @param {boolean} isTyping arrows move the cursor
   * @returns {boolean}
   */
  function doShortcut({ key, altKey, ctrlKey, metaKey, shiftKey }, isTyping) {
    if (shiftKey) return false;
    const isAlt = altKey && !ctrlKey && !metaKey;
    const isCtrl = !altKey && ctrlKey !== metaKey;
    const isPlain = !altKey && !ctrlKey && !metaKey;
    if (isAlt && !isTyping && key === 'ArrowLeft') byId('back').click();
    else if (isAlt && !isTyping && key === 'ArrowRight') byId('forward').click();
    else if ((isPlain && key === 'F5') || (isCtrl && key.toLowerCase() === 'r')) byId('reload').click();
    else return false;
    return true;
  }

  /**
   * @param {PageWord} word
   * @param {string} about
   */
  function say(word, about) {
    return words[word].replace('{0}', () => about);
  }

  /** @param {ShowMessage} message */
  function show({ page: status, lines, label, place, truth, notices, saved, phone, hasFaces }) {
    const isApp = status.kind === 'app';
    const isMobile = status.kind === 'mobile';
    byId('status').hidden = isApp;
    viewport.hidden = !isApp;
    document.body.dataset['kind'] = status.kind;
    document.body.dataset['truth'] = truth ?? '';
    enable('back', isApp && place?.canGoBack === true);
    enable('forward', isApp && place?.canGoForward === true);
    enable('reload', isApp);
    enable('openInBrowser', isApp || isMobile);
    enable('copyUrl', isApp || isMobile);
    address.disabled = isMobile;
    showAddress(saved.view?.path ?? '/');
    showWidth(saved.view?.width ?? 'full', saved.view?.isLandscape === true);
    byId('faces').hidden = !hasFaces;
    toggle('facePhone', !isApp);
    toggle('faceWeb', isApp);
    setText('sentence', status.sentence);
    setText('hint', isMobile && phone === undefined ? words.lookingForPhone : '');
    showPhone(phone);
    showActions(status.actions);
    showOutput(lines.join('\n').replace(/\n+$/, ''));
    viewport.setAttribute('aria-label', say('previewOf', label));
    showFrame(place, label);
    showNotices(notices);
  }

  /** @param {string} text */
  function showOutput(text) {
    output.hidden = text === '';
    if (output.textContent === text) return;
    if (output.textContent === '') isAtEnd = true;
    output.textContent = text;
    scrollToEnd();
  }

  function scrollToEnd() {
    if (isAtEnd) output.scrollTop = output.scrollHeight;
  }

  /** @param {string} path */
  function showAddress(path) {
    const isTyped = document.activeElement === address && address.value !== addressShown;
    addressShown = path;
    if (!isTyped) address.value = path;
  }

  /** @param {ShowMessage['page']['actions']} actions */
  function showActions(actions) {
    // Made anew only when they differ, so that the focus stays where it is.
    if (isShown('actions', actions)) return;
    byId('actions').replaceChildren(
      ...actions.map(({ id, label }, index) =>
        button(label, index === 0 ? 'primary' : 'secondary', { type: 'run', action: id }),
      ),
    );
  }

  /** @param {ShowMessage['notices']} notices */
  function showNotices(notices) {
    if (isShown('notices', notices)) return;
    byId('notices').replaceChildren(
      ...notices.map(({ severity, text, action }) => {
        const line = document.createElement('p');
        line.className = 'notice';
        line.dataset['severity'] = severity;
        const words = document.createElement('span');
        words.textContent = text;
        line.append(words);
        if (action?.id === 'reload') line.append(button(action.label, 'link', { type: 'reload' }));
        else if (action?.id === 'openFile') line.append(button(action.label, 'link', { type: 'openFile' }));
        else if (action !== undefined) line.append(button(action.label, 'link', { type: 'run', action: action.id }));
        return line;
      }),
    );
  }

  /** @param {ShowMessage['phone']} phone */
  function showPhone(phone) {
    byId('card').hidden = phone === undefined;
    if (phone === undefined || isShown('card', phone)) return;
    setText('phoneUrl', phone.url);
    // Names of settings stand between backticks.
    byId('phoneSentence').replaceChildren(
      ...phone.sentence.split('`').map((part, index) => {
        if (index % 2 === 0) return part;
        const name = document.createElement('code');
        name.textContent = part;
        return name;
      }),
    );
    byId('code').replaceChildren(...(phone.qr === undefined ? [] : [drawCode(phone.qr, phone.url)]));
  }

  /**
   * @param {{ readonly size: number, readonly path: string }} qr
   * @param {string} url
   */
  function drawCode({ size, path }, url) {
    const svg = document.createElementNS(SVG, 'svg');
    const side = size + 2 * QUIET_ZONE;
    svg.setAttribute('viewBox', `${-QUIET_ZONE} ${-QUIET_ZONE} ${side} ${side}`);
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', say('qrCode', url));
    // Black on white in every theme: many phones do not read an inverted code.
    const light = document.createElementNS(SVG, 'rect');
    for (const [name, value] of Object.entries({ x: -QUIET_ZONE, y: -QUIET_ZONE, width: side, height: side }))
      light.setAttribute(name, String(value));
    light.setAttribute('fill', '#fff');
    const dark = document.createElementNS(SVG, 'path');
    dark.setAttribute('d', path);
    dark.setAttribute('fill', '#000');
    dark.setAttribute('shape-rendering', 'crispEdges');
    svg.append(light, dark);
    return svg;
  }

  /**
   * Puts the app into a frame, once per load.
   *
   * @param {ShowMessage['place']} place
   * @param {string} label
   */
  function showFrame(place, label) {
    if (place?.load === framedLoad) return;
    // What the old frame's page reported last is not the new one's.
    sendReports();
    framedLoad = place?.load ?? 0;
    if (place === undefined) {
      viewport.replaceChildren();
      return;
    }
    // A frame of its own for each load: a new address in an old frame would grow the editor's history.
    const frame = document.createElement('iframe');
    frame.title = say('previewOf', label);
    frame.setAttribute(
      'sandbox',
      'allow-scripts allow-same-origin allow-forms allow-modals allow-popups allow-downloads allow-pointer-lock',
    );
    frame.allow = 'clipboard-read; clipboard-write; fullscreen; local-network-access';
    frame.src = place.url;
    const { load } = place;
    frame.addEventListener('load', () => {
      sendReports();
      editor.postMessage({ type: 'frameLoaded', load });
    });
    viewport.replaceChildren(frame);
  }

  function currentFrame() {
    return viewport.querySelector('iframe');
  }

  /** @param {{ width?: 'phone' | 'tablet' | 'full', isLandscape?: boolean }} change */
  function setWidth(change) {
    const { width = 'full', isLandscape = false } = shown?.saved.view ?? {};
    editor.postMessage({ type: 'width', width, isLandscape, ...change });
  }

  /**
   * @param {string} width
   * @param {boolean} isLandscape
   */
  function showWidth(width, isLandscape) {
    viewport.dataset['width'] = width;
    viewport.dataset['landscape'] = String(isLandscape);
    for (const choice of ['phone', 'tablet', 'full']) toggle(choice, choice === width);
    toggle('rotate', isLandscape);
    enable('rotate', width !== 'full');
  }

  /**
   * Not `disabled`, which would take the focus away from somebody who goes back to the first page by the keyboard.
   *
   * @param {string} id
   * @param {boolean} isPossible
   */
  function enable(id, isPossible) {
    byId(id).setAttribute('aria-disabled', String(!isPossible));
  }

  /** @param {HTMLElement} element */
  function isEnabled(element) {
    return element.getAttribute('aria-disabled') !== 'true';
  }

  /**
   * @param {string} id
   * @param {boolean} isPressed
   */
  function toggle(id, isPressed) {
    byId(id).setAttribute('aria-pressed', String(isPressed));
  }

  /**
   * @param {string} id
   * @param {FromPage} message
   */
  function onPress(id, message) {
    const element = byId(id);
    element.addEventListener('click', () => {
      if (isEnabled(element)) editor.postMessage(message);
    });
  }

  /**
   * One stop of the Tab key in each toolbar, and the arrows between its buttons, as the role promises (ARIA Authoring
   * Practices, "Toolbar"). The address is in none of them, for there the arrows move the cursor.
   *
   * @param {HTMLElement} bar
   */
  function rove(bar) {
    const buttons = [...bar.querySelectorAll('button')];
    /** @param {EventTarget | null | undefined} stop */
    const stopAt = (stop) => {
      for (const one of buttons) one.tabIndex = one === stop ? 0 : -1;
    };
    stopAt(buttons[0]);
    bar.addEventListener('focusin', ({ target }) => stopAt(target));
    bar.addEventListener('keydown', (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const at = buttons.findIndex((one) => one === document.activeElement);
      const last = buttons.length - 1;
      const next = new Map([
        ['ArrowLeft', at === 0 ? last : at - 1],
        ['ArrowRight', at === last ? 0 : at + 1],
        ['Home', 0],
        ['End', last],
      ]).get(event.key);
      if (at < 0 || next === undefined) return;
      event.preventDefault();
      // The editor listens at the window.
      event.stopPropagation();
      buttons[next]?.focus();
    });
  }

  /**
   * @param {string} label
   * @param {string} className
   * @param {FromPage} message
   */
  function button(label, className, message) {
    const made = document.createElement('button');
    made.textContent = label;
    made.className = className;
    made.addEventListener('click', () => editor.postMessage(message));
    return made;
  }

  /**
   * Whether an element shows this value already; notes that it will.
   *
   * @param {string} id
   * @param {unknown} value
   * @returns {boolean}
   */
  function isShown(id, value) {
    const wanted = JSON.stringify(value);
    const { dataset } = byId(id);
    if (dataset['shown'] === wanted) return true;
    dataset['shown'] = wanted;
    return false;
  }

  /**
   * @param {string} id
   * @param {string} text
   */
  function setText(id, text) {
    const element = byId(id);
    // A live region reads out what is set, changed or not.
    if (element.textContent !== text) element.textContent = text;
    element.hidden = text === '';
  }

  /**
   * @param {string} id
   * @returns {HTMLElement}
   */
  function byId(id) {
    const element = document.getElementById(id);
    if (element === null) throw new Error(`no element ${id}`);
    return element;
  }
})();
