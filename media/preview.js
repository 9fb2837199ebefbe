// @ts-check
/**
 * The preview's page: a toolbar, a frame with the app, and a page that says where the server is while there is none.
 * All values come by messages and reach the page as text or attributes, never as HTML.
 *
 * @typedef {import('../src/providers/previewMessages').ToPage} ToPage
 * @typedef {import('../src/providers/previewMessages').FromPage} FromPage
 * @typedef {import('../src/providers/previewMessages').SavedState} SavedState
 * @typedef {import('../src/providers/previewMessages').FrameWidth} FrameWidth
 * @typedef {import('../src/providers/previewAddress').PreviewAddress} PreviewAddress
 * @typedef {import('../src/providers/previewAddress').Route} Route
 * @typedef {{ postMessage(message: FromPage): void, setState(state: SavedState): void }} Editor
 */
(function () {
  'use strict';

  /** Between two tries to be heard by the editor. */
  const READY_INTERVAL_MS = 500;
  /** How long the browser may take to reach the server directly before the editor's address is used. */
  const DIRECT_LIMIT_MS = 3000;

  // @ts-expect-error the editor puts it there
  const editor = /** @type {Editor} */ (acquireVsCodeApi());
  let path = '/';
  /** @type {FrameWidth} */
  let width = 'full';
  /** @type {ToPage | undefined} */
  let shown;
  /** What the frame was made for; another value makes another frame. */
  let framed = '';
  /** Reloads asked for here. */
  let reloads = 0;
  /** @type {Route} */
  let route = 'external';

  const address = /** @type {HTMLInputElement} */ (byId('address'));
  const viewport = byId('viewport');
  const output = byId('output');

  byId('reload').addEventListener('click', () => {
    reloads++;
    showFrame();
  });
  byId('openInBrowser').addEventListener('click', () => editor.postMessage({ type: 'run', action: 'openInBrowser' }));
  byId('noticeOpen').addEventListener('click', () => editor.postMessage({ type: 'run', action: 'openInBrowser' }));
  byId('copyUrl').addEventListener('click', () => editor.postMessage({ type: 'run', action: 'copyUrl' }));
  for (const choice of /** @type {const} */ (['phone', 'tablet', 'full']))
    byId(choice).addEventListener('click', () => {
      width = choice;
      showWidth();
      tellView();
    });
  address.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') address.value = path;
    if (event.key !== 'Enter') return;
    path = cleanPath(address.value);
    address.value = path;
    reloads++;
    tellView();
    showFrame();
  });
  window.addEventListener('message', (event) => {
    // The frame's app can post here too, and is not listened to. Frames nested in it are not told apart yet.
    if (event.source === currentFrame()?.contentWindow) return;
    const message = /** @type {Partial<ToPage> | null} */ (event.data);
    if (message?.type !== 'show' || message.page === undefined || message.app === undefined) return;
    const isFirst = shown === undefined;
    clearInterval(knocking);
    shown = /** @type {ToPage} */ (message);
    if (isFirst) begin(shown);
    show();
  });
  // Again until it is heard: right after a reload of the window the first one may meet nobody.
  const knocking = setInterval(() => editor.postMessage({ type: 'ready' }), READY_INTERVAL_MS);
  editor.postMessage({ type: 'ready' });

  /** @param {ToPage} first */
  function begin(first) {
    ({ path, width } = first.view);
    address.value = path;
    showWidth();
    editor.setState({ app: first.app });
  }

  function show() {
    if (shown === undefined) return;
    const { page, lines, label } = shown;
    const isApp = page.kind === 'app';
    byId('status').hidden = isApp;
    viewport.hidden = !isApp;
    for (const id of ['reload', 'openInBrowser', 'copyUrl'])
      /** @type {HTMLButtonElement} */ (byId(id)).disabled = !isApp && (id === 'reload' || page.kind !== 'mobile');
    address.disabled = page.kind === 'mobile';
    document.body.dataset['kind'] = page.kind;
    setText('sentence', page.sentence);
    setText(
      'hint',
      page.kind === 'mobile' ? 'Scan the QR code in its terminal with Expo Go or a development build.' : '',
    );
    showActions();
    const text = lines.join('\n').replace(/\n+$/, '');
    output.hidden = text === '';
    if (output.textContent !== text) {
      output.textContent = text;
      output.scrollTop = output.scrollHeight;
    }
    viewport.setAttribute('aria-label', `Preview of ${label}`);
    if (isApp) showFrame();
    else dropFrame();
    showNotice();
  }

  function showActions() {
    if (shown === undefined) return;
    const actions = byId('actions');
    const wanted = shown.page.actions.map((action) => action.id).join();
    // Made anew only when they differ, so that the focus stays where it is.
    if (actions.dataset['shown'] === wanted) return;
    actions.dataset['shown'] = wanted;
    actions.replaceChildren(
      ...shown.page.actions.map(({ id, label }, index) => {
        const button = document.createElement('button');
        button.textContent = label;
        button.className = index === 0 ? 'primary' : 'secondary';
        button.addEventListener('click', () => editor.postMessage({ type: 'run', action: id }));
        return button;
      }),
    );
  }

  function showNotice() {
    const warning = shown?.page.kind === 'app' ? shown.page.warning : undefined;
    const isDead =
      shown?.page.kind === 'app' && shown.address?.isPathProxied === true && route === 'external' && framed !== '';
    const text =
      warning ??
      (isDead
        ? 'Through this path proxy the page shows but does not react yet: its scripts and styles are not found there.'
        : '');
    byId('notice').hidden = text === '';
    byId('noticeOpen').hidden = warning !== undefined;
    byId('noticeText').textContent = text;
  }

  /** Puts the app into a frame, once per address, load and reload. */
  function showFrame() {
    const target = shown?.address;
    if (shown === undefined || shown.page.kind !== 'app' || target === undefined) return;
    const wanted = JSON.stringify([target.external.root, target.direct?.root, path, shown.load, reloads]);
    if (wanted === framed) return;
    framed = wanted;
    void chooseRoute(target).then((chosen) => {
      if (framed !== wanted) return;
      route = chosen;
      makeFrame(target);
      showNotice();
      editor.postMessage({ type: 'route', route });
    });
  }

  /**
   * Whether this browser reaches the server without the editor's proxy. The answer can't be read from another origin;
   * that there is one is enough.
   *
   * @param {PreviewAddress} target
   * @returns {Promise<Route>}
   */
  async function chooseRoute(target) {
    if (target.direct === undefined) return 'external';
    try {
      await fetch(target.direct.probe, {
        mode: 'no-cors',
        cache: 'no-store',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        signal: AbortSignal.timeout(DIRECT_LIMIT_MS),
      });
      return 'direct';
    } catch {
      return 'external';
    }
  }

  /** @param {PreviewAddress} target */
  function makeFrame(target) {
    const endpoint = route === 'direct' && target.direct !== undefined ? target.direct : target.external;
    // A frame of its own for each load: a new address in an old frame would grow the editor's history.
    const frame = document.createElement('iframe');
    frame.title = `Preview of ${shown?.label ?? ''}`;
    frame.setAttribute(
      'sandbox',
      'allow-scripts allow-same-origin allow-forms allow-modals allow-popups allow-downloads allow-pointer-lock',
    );
    frame.allow = 'clipboard-read; clipboard-write; fullscreen';
    frame.src = endpoint.root + cleanPath(path).slice(1);
    viewport.replaceChildren(frame);
  }

  function dropFrame() {
    framed = '';
    viewport.replaceChildren();
  }

  function currentFrame() {
    return viewport.querySelector('iframe');
  }

  function showWidth() {
    viewport.dataset['width'] = width;
    for (const choice of ['phone', 'tablet', 'full'])
      byId(choice).setAttribute('aria-pressed', String(choice === width));
  }

  function tellView() {
    editor.postMessage({ type: 'view', view: { path, width } });
  }

  /**
   * The same rule as in previewAddress.ts: one slash in front, and of a whole address the path.
   *
   * @param {string} typed
   * @returns {string}
   */
  function cleanPath(typed) {
    const text = typed.trim();
    if (/^https?:\/\//i.test(text)) {
      try {
        const url = new URL(text);
        return cleanPath(url.pathname + url.search + url.hash);
      } catch {
        return '/';
      }
    }
    return `/${text.replace(/^[/\\]+/, '')}`;
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
