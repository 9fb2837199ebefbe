import assert from 'node:assert/strict';
import { cardOf } from '../../src/providers/phoneCard';
import type { PreviewAddress } from '../../src/providers/previewAddress';
import { ASK_AFTER_MS, type FilePlace } from '../../src/providers/previewCompileError';
import type { PageView, ShowMessage, ToPage } from '../../src/providers/previewMessages';
import { PreviewModel } from '../../src/providers/previewModel';
import type { App } from '../../src/sessions/apps';
import { PREVIEW_MARK, type FromFrame } from '../../src/sessions/gatewayProtocol';
import type { PhoneAddress } from '../../src/sessions/phoneAddress';
import type { CompileIssues, SessionSnapshot } from '../../src/sessions/protocol';
import { aMobileApp, anApp, aSession } from './samples';
import { FakeClock, settle } from './support/fakeClock';

const mark = PREVIEW_MARK;
const FIRST: PageView = { path: '/', width: 'full', isLandscape: false, face: 'phone' };
const address: PreviewAddress = {
  root: 'http://localhost:4000/',
  origin: 'http://localhost:4000',
  isPathProxied: false,
  via: 'gateway',
  appId: 'a',
};

/** A panel with everything around it, as far as the model sees it. */
class Stage {
  readonly clock = new FakeClock();
  readonly messages: ToPage[] = [];
  readonly loads: (string | undefined)[] = [];
  readonly errors: unknown[] = [];
  readonly runs: string[] = [];
  readonly copied: string[] = [];
  readonly remembered: PageView[] = [];
  readonly asked: number[] = [];
  readonly opened: FilePlace[] = [];
  /** What the server says of code that does not compile, and how often it was asked. */
  compile: CompileIssues = { issues: [], unknown: 'notSupported' };
  compileAsked = 0;
  truths = 0;
  reads = 0;
  lines: readonly string[] = ['a', 'b'];
  hostPid = 1;
  isVisible = true;
  address: PreviewAddress | Error = address;
  phone: PhoneAddress | undefined;
  webBuild = false;
  /** The number of the page that the editor was given last. */
  loading = 0;
  readonly model: PreviewModel;

  constructor(
    readonly app: App | undefined,
    public session: SessionSnapshot | undefined,
    view = FIRST,
  ) {
    const stage = (): Stage => this;
    this.model = new PreviewModel({ key: 'old', name: (app ?? anApp()).name }, view, {
      servers: {
        get apps() {
          return app === undefined ? [] : [app];
        },
        session: () => this.session,
        get connection() {
          return { kind: 'connected', hostPid: stage().hostPid, hostVersion: '1' } as const;
        },
        compileIssues: () => {
          this.compileAsked++;
          return Promise.resolve(this.compile);
        },
        lastOutput: () => {
          this.reads++;
          return Promise.resolve(this.lines);
        },
      },
      clock: this.clock,
      // Of all names only these are files of the app.
      appFile: (_folder, told) => Promise.resolve(/(?:app|lib)\/\w+\.js$/.exec(told)?.[0]),
      openFile: (_app, place) => this.opened.push(place),
      isTrusted: () => true,
      isVisible: () => this.isVisible,
      resolveAddress: (session) => {
        this.asked.push(session.port);
        return this.address instanceof Error ? Promise.reject(this.address) : Promise.resolve(this.address);
      },
      phoneCard: () => Promise.resolve(this.phone && cardOf(this.phone)),
      hasWebBuild: () => Promise.resolve(this.webBuild),
      setTitle: () => undefined,
      load: (origin, loading) => {
        this.loads.push(origin);
        this.loading = loading;
      },
      post: (message) => this.messages.push(message),
      remember: (next) => this.remembered.push(next),
      run: (action, of, path) => this.runs.push(`${action} ${of.name} ${path}`),
      openUrl: (url) => this.runs.push(url),
      copy: (text) => this.copied.push(text),
      onTruth: () => this.truths++,
      onError: (error) => this.errors.push(error),
    });
  }

  async begin(): Promise<this> {
    this.model.update();
    await settle();
    this.ready('p1');
    await settle();
    return this;
  }

  /** A page says that it listens: by default of the loading that was last. */
  ready(page: string, loading = this.loading): void {
    this.model.receive({ type: 'ready', page, loading });
  }

  async change(session: Partial<SessionSnapshot> | undefined): Promise<void> {
    this.session = session && this.session && { ...this.session, ...session };
    this.model.update();
    await settle();
  }

  report(report: Omit<FromFrame, 'mark'> & Record<string, unknown>): void {
    const load = this.shown.place?.load ?? 0;
    this.model.receive({ type: 'frame', load, times: 1, data: { mark, ...report } });
  }

  /** Of the frame, while there is one. */
  get url(): string | undefined {
    return this.shown.place?.url;
  }

  get shown(): ShowMessage {
    const last = this.messages.filter((message): message is ShowMessage => message.type === 'show').at(-1);
    assert.ok(last, 'nothing was shown');
    return last;
  }
}

describe('the model of a preview', () => {
  it('frames the app at its address once the page listens', async () => {
    const stage = await new Stage(anApp(), aSession({ pid: 7 })).begin();
    assert.deepEqual(stage.loads, [undefined, address.origin]);
    assert.equal(stage.shown.page.kind, 'app');
    assert.equal(stage.url, 'http://localhost:4000/');
    assert.deepEqual(stage.shown.saved.app, { key: anApp().key, name: anApp().name });
    assert.equal(stage.shown.truth, 'loading');
    assert.deepEqual(stage.errors, []);
  });

  it('gets its page anew when nothing comes of it, and then has twice the time', async () => {
    const stage = new Stage(anApp(), aSession());
    stage.model.update();
    await settle();
    const before = stage.loads.length;
    await stage.clock.advance(4999);
    assert.equal(stage.loads.length, before);
    await stage.clock.advance(1);
    assert.equal(stage.loads.length, before + 1);
    await stage.clock.advance(9999);
    assert.equal(stage.loads.length, before + 1);
    await stage.clock.advance(1);
    assert.equal(stage.loads.length, before + 2);
    stage.ready('p1');
    await stage.clock.advance(100_000);
    assert.equal(stage.loads.length, before + 2, 'one that was heard stays');
    assert.equal(stage.clock.pending, 0);
  });

  it('does not get it anew while nobody sees it, but then', async () => {
    const stage = new Stage(anApp(), aSession());
    stage.isVisible = false;
    stage.model.update();
    await settle();
    const before = stage.loads.length;
    await stage.clock.advance(100_000);
    assert.equal(stage.loads.length, before);
    stage.isVisible = true;
    stage.model.update();
    assert.equal(stage.loads.length, before + 1);
    stage.model.dispose();
    assert.equal(stage.clock.pending, 0);
  });

  it('gets its page anew when that one says for seconds that it hears nothing', async () => {
    const stage = await new Stage(anApp(), aSession()).begin();
    const before = stage.loads.length;
    for (let knock = 1; knock < 8; knock++) stage.ready('p1');
    assert.equal(stage.loads.length, before);
    stage.ready('p1');
    assert.equal(stage.loads.length, before + 1);
    stage.ready('p1');
    assert.equal(stage.loads.length, before + 1, 'and then there is time again');
    stage.ready('p2');
    assert.equal(stage.shown.label, anApp().label);
  });

  it('waits for the page that it loaded last, whatever the one before still says', async () => {
    const stage = new Stage(anApp(), aSession());
    stage.model.update();
    const old = stage.loading;
    await settle();
    assert.ok(stage.loading > old, 'its address has come, and with it another page');
    const before = stage.loads.length;
    stage.ready('p1', old);
    await stage.clock.advance(4999);
    assert.equal(stage.loads.length, before);
    await stage.clock.advance(1);
    assert.equal(stage.loads.length, before + 1, 'nothing was heard of the new one');
    stage.ready('p2');
    assert.equal(stage.shown.label, anApp().label);
    await stage.clock.advance(100_000);
    assert.equal(stage.loads.length, before + 1);
  });

  it('shows nothing new when nothing is new', async () => {
    const stage = await new Stage(anApp(), aSession({ pid: 7 })).begin();
    const { length } = stage.messages;
    await stage.change({ revision: 2 });
    await stage.change({ revision: 3 });
    assert.equal(stage.messages.length, length);
  });

  it('makes another frame when the server returns, at the path where the app was, which is remembered', async () => {
    const stage = await new Stage(anApp(), aSession({ pid: 7 })).begin();
    stage.report({ type: 'page', path: '/about', title: '', canGoBack: true, canGoForward: false });
    assert.equal(stage.shown.saved.view?.path, '/about');
    assert.equal(stage.remembered.at(-1)?.path, '/about');
    await stage.change({ state: 'failed', reason: { code: 'crashLoop' } });
    assert.equal(stage.shown.page.kind, 'failed');
    assert.equal(stage.url, undefined);
    assert.deepEqual(stage.shown.lines, ['a', 'b']);
    await stage.change({ state: 'running', reason: { code: 'answered' }, pid: 8 });
    assert.equal(stage.url, 'http://localhost:4000/about');
    assert.equal(stage.shown.place?.load, 2);
  });

  it('reads the output of a failed server once, and of a starting one again and again while it is in sight', async () => {
    const stage = await new Stage(anApp(), aSession({ state: 'failed', reason: { code: 'crashLoop' } })).begin();
    const { reads } = stage;
    await stage.clock.advance(10_000);
    assert.equal(stage.reads, reads);
    await stage.change({ state: 'starting', reason: { code: 'requested' } });
    await stage.clock.advance(5000);
    assert.ok(stage.reads >= reads + 5 && stage.reads <= reads + 7, `${stage.reads - reads} reads`);
    stage.isVisible = false;
    await stage.clock.advance(1000);
    const hidden = stage.reads;
    await stage.clock.advance(10_000);
    assert.equal(stage.reads, hidden);
    assert.equal(stage.clock.pending, 0);
  });

  it('shows the last lines of a server that fails between two looks', async () => {
    const stage = await new Stage(anApp(), aSession({ state: 'starting' })).begin();
    stage.lines = ['the reason'];
    await stage.change({ state: 'failed', reason: { code: 'crashLoop' } });
    assert.deepEqual(stage.shown.lines, ['the reason']);
  });

  it('says what is true of the page, above the frame and to the window', async () => {
    const stage = await new Stage(anApp(), aSession({ pid: 7 })).begin();
    const before = stage.truths;
    stage.report({ type: 'liveness', state: 'loading' });
    assert.equal(stage.truths, before);
    stage.report({ type: 'liveness', state: 'notHydrated', detail: 'Why.' });
    assert.equal(stage.truths, before + 1);
    assert.equal(stage.model.truth?.kind, 'notHydrated');
    assert.match(stage.shown.notices[0]?.text ?? '', /not hydrated: Why\./);
    stage.report({ type: 'liveness', state: 'hydrated' });
    assert.deepEqual(stage.shown.notices, []);
    assert.equal(stage.shown.truth, 'alive');
  });

  it('has the trouble of the server before that of the page', async () => {
    const stage = await new Stage(anApp(), aSession({ pid: 7 })).begin();
    stage.report({ type: 'overlay', text: 'Syntax error' });
    await stage.change({ state: 'unhealthy', reason: { code: 'noAnswer' } });
    assert.equal(stage.shown.notices.length, 2);
    assert.match(stage.shown.notices[1]?.text ?? '', /Syntax error/);
    assert.equal(stage.shown.place?.load, 1);
  });

  it('speaks to the page in the frame of this load', async () => {
    const stage = await new Stage(anApp(), aSession({ pid: 7 })).begin();
    stage.report({ type: 'liveness', state: 'loading' });
    stage.report({ type: 'page', path: '/b', title: '', canGoBack: true, canGoForward: false });
    for (const message of [{ type: 'back' }, { type: 'forward' }, { type: 'go', path: 'c' }, { type: 'reload' }])
      stage.model.receive(message);
    assert.deepEqual(
      stage.messages.filter((message) => message.type === 'tell'),
      [
        { type: 'tell', load: 1, command: { mark, type: 'back' } },
        { type: 'tell', load: 1, command: { mark, type: 'go', path: '/c' } },
        { type: 'tell', load: 1, command: { mark, type: 'reload' } },
      ],
    );
  });

  it('asks for the address again after a reload that the gateway was missing for, and with another host', async () => {
    const stage = new Stage(anApp(), aSession({ pid: 7 }));
    stage.address = { ...address, root: 'http://localhost:3000/', origin: 'http://localhost:3000', via: 'direct' };
    await stage.begin();
    assert.equal(stage.asked.length, 1);
    stage.address = address;
    stage.model.receive({ type: 'reload' });
    await settle();
    stage.ready('p2');
    assert.equal(stage.asked.length, 2);
    assert.equal(stage.url, address.root);
    stage.hostPid = 2;
    await stage.change({});
    assert.equal(stage.asked.length, 3);
    assert.equal(stage.loads.at(-1), address.origin);
  });

  it('tries an address that could not be had again with the next news, and tells the log', async () => {
    const stage = new Stage(anApp(), aSession({ pid: 7 }));
    stage.address = new Error('no');
    await stage.begin();
    assert.ok(stage.errors.length >= 1);
    assert.equal(stage.url, undefined);
    stage.address = address;
    await stage.change({});
    stage.ready('p2');
    assert.equal(stage.url, address.root);
  });

  it('begins the frame anew for a page that the editor made anew, and not for one that only asks again', async () => {
    const stage = await new Stage(anApp(), aSession({ pid: 7 })).begin();
    stage.ready('p1');
    assert.equal(stage.shown.place?.load, 1);
    stage.ready('p2');
    assert.equal(stage.shown.place?.load, 2);
  });

  it('keeps what a person chose', async () => {
    const stage = await new Stage(anApp(), aSession(), { ...FIRST, path: '/kept', width: 'tablet' }).begin();
    assert.equal(stage.url, 'http://localhost:4000/kept');
    stage.model.receive({ type: 'width', width: 'phone', isLandscape: true });
    assert.deepEqual(stage.shown.saved.view, { path: '/kept', width: 'phone', isLandscape: true, face: 'phone' });
    assert.deepEqual(stage.remembered.at(-1), stage.shown.saved.view);
    assert.equal(stage.shown.place?.load, 1);
  });

  it('does actions for its app with the path where the app is', async () => {
    const stage = await new Stage(anApp(), aSession()).begin();
    stage.report({ type: 'page', path: '/x', title: '', canGoBack: false, canGoForward: false });
    stage.model.receive({ type: 'run', action: 'copyUrl' });
    assert.deepEqual(stage.runs, ['copyUrl cheatcode-app /x']);
  });

  it('opens the path of the app that wants a window, unless its frame is gone', async () => {
    const stage = await new Stage(anApp(), aSession({ pid: 7 })).begin();
    stage.model.receive({ type: 'open', load: 1, path: '/help' });
    stage.model.receive({ type: 'openUrl', load: 1, url: 'https://example.com/' });
    await stage.change({ pid: 8 });
    stage.model.receive({ type: 'open', load: 1, path: '/late' });
    stage.model.receive({ type: 'openUrl', load: 1, url: 'https://example.com/late' });
    assert.deepEqual(stage.runs, ['openInBrowser cheatcode-app /help', 'https://example.com/']);
  });

  it('logs what is no message of the page, and is not troubled by what an app says', async () => {
    const stage = await new Stage(anApp(), aSession()).begin();
    stage.model.receive({ type: 'nonsense' });
    assert.equal(stage.errors.length, 1);
    stage.report({ type: 'liveness', state: 'immortal' });
    assert.equal(stage.errors.length, 1);
    assert.equal(stage.shown.truth, 'loading');
  });

  it('says so when its app is no longer there', async () => {
    const stage = await new Stage(undefined, undefined).begin();
    assert.equal(stage.shown.page.kind, 'stopped');
    assert.match(stage.shown.page.sentence, /no app "cheatcode-app"/);
  });

  it('does nothing after its end', async () => {
    const stage = await new Stage(anApp(), aSession({ pid: 7 })).begin();
    const { length } = stage.messages;
    stage.model.dispose();
    await stage.change({ state: 'failed', reason: { code: 'crashLoop' } });
    stage.model.receive({ type: 'frameLoaded', load: 1 });
    assert.equal(stage.messages.length, length);
    assert.equal(stage.clock.pending, 0);
  });
});

describe('the model of a mobile preview', () => {
  const mobile = (): Stage =>
    new Stage(aMobileApp(), aSession({ type: 'mobile', appKey: aMobileApp().key, port: 8081, pid: 7 }));

  it('has the address that a phone opens, says which it is, draws it and copies it', async () => {
    const stage = mobile();
    stage.phone = { url: 'exp://192.168.1.2:8081', kind: 'lan' };
    await stage.begin();
    assert.equal(stage.shown.page.kind, 'mobile');
    assert.equal(stage.shown.phone?.url, 'exp://192.168.1.2:8081');
    assert.match(stage.shown.phone.sentence, /network/);
    assert.ok((stage.shown.phone.qr?.size ?? 0) >= 21);
    stage.model.receive({ type: 'copyPhoneUrl' });
    assert.deepEqual(stage.copied, ['exp://192.168.1.2:8081']);
    assert.equal(stage.shown.hasFaces, false);
  });

  it('asks again with each news of the session, for a tunnel comes later than its server', async () => {
    const stage = await mobile().begin();
    const url = (): string | undefined => stage.shown.phone?.url;
    assert.equal(url(), undefined);
    stage.phone = { url: 'exp://x.exp.direct', kind: 'tunnel' };
    await stage.change({});
    assert.equal(url(), undefined);
    await stage.change({ revision: 2 });
    assert.equal(url(), 'exp://x.exp.direct');
    await stage.change({ state: 'stopped', reason: { code: 'stoppedByUser' } });
    assert.equal(url(), undefined);
  });

  it('shows the address even where no code can hold it', async () => {
    const stage = mobile();
    stage.phone = { url: `exp://${'x'.repeat(3000)}`, kind: 'lan' };
    await stage.begin();
    assert.equal(stage.shown.phone?.qr, undefined);
    assert.equal(stage.shown.phone?.url.length, 3006);
    assert.deepEqual(stage.errors, []);
  });

  it('frames the web build as on a phone when that is chosen, where there is one', async () => {
    const stage = mobile();
    stage.webBuild = true;
    await stage.begin();
    assert.equal(stage.shown.page.kind, 'mobile');
    assert.equal(stage.shown.hasFaces, true);
    stage.model.receive({ type: 'face', face: 'web' });
    assert.equal(stage.shown.page.kind, 'app');
    assert.equal(stage.shown.saved.view?.width, 'phone');
    assert.equal(stage.url, 'http://localhost:4000/');
    assert.equal(stage.shown.phone, undefined);
    stage.model.receive({ type: 'face', face: 'phone' });
    assert.equal(stage.shown.page.kind, 'mobile');
    assert.equal(stage.url, undefined);
  });

  it('does not frame a web build that is not there, whatever was chosen before', async () => {
    const stage = new Stage(aMobileApp(), aSession({ type: 'mobile', appKey: aMobileApp().key, port: 8081 }), {
      ...FIRST,
      face: 'web',
    });
    await stage.begin();
    assert.equal(stage.shown.page.kind, 'mobile');
    assert.equal(stage.shown.hasFaces, false);
  });
});

describe('the model of a preview whose page shows an error', () => {
  const syntax = "Build Error\nExpected '>'\n./app/page.js (6:3)\nError: Expected '>'\n> 6 |   );";
  const showing = async (text: string, compile?: CompileIssues): Promise<Stage> => {
    const stage = await new Stage(anApp(), aSession({ pid: 7 })).begin();
    if (compile) stage.compile = compile;
    stage.report({ type: 'liveness', state: 'hydrated' });
    stage.report({ type: 'overlay', text });
    await settle();
    return stage;
  };
  const passes = async (stage: Stage): Promise<void> => {
    await stage.clock.advance(ASK_AFTER_MS);
    await settle();
  };

  it('names the place by the overlay, opens the file there, and forgets it when hot reload has healed the page', async () => {
    const stage = await showing(syntax);
    assert.deepEqual(stage.shown.notices, [
      {
        severity: 'error',
        text: "Compile error in app/page.js:6: Expected '>'.",
        action: { id: 'openFile', label: 'Open File' },
      },
    ]);
    stage.model.receive({ type: 'openFile' });
    assert.deepEqual(stage.opened, [{ file: 'app/page.js', line: 6, column: 3 }]);
    stage.report({ type: 'overlay', text: '' });
    assert.deepEqual(stage.shown.notices, []);
    assert.equal(stage.shown.truth, 'alive');
    await passes(stage);
    assert.equal(stage.compileAsked, 0, 'it was healed before the server was asked');
    stage.model.receive({ type: 'openFile' });
    assert.equal(stage.opened.length, 1);
  });

  it('asks the server once for each change, and believes it of the file that the page names', async () => {
    const stage = await showing(syntax, {
      issues: [
        { severity: 'error', message: 'another page', file: 'app/other.js', line: 1 },
        { severity: 'warning', message: 'mild', file: 'app/page.js', line: 6 },
        { severity: 'error', message: 'precise', file: 'app/page.js', line: 6, column: 4 },
      ],
    });
    await passes(stage);
    stage.model.update();
    await passes(stage);
    assert.equal(stage.compileAsked, 1);
    assert.equal(stage.shown.notices[0]?.text, 'Compile error in app/page.js:6: precise.');
    stage.report({ type: 'overlay', text: syntax.replaceAll('page', 'about') });
    stage.report({ type: 'overlay', text: syntax.replaceAll('page', 'third') });
    await passes(stage);
    assert.equal(stage.compileAsked, 2);
    assert.equal(stage.shown.notices[0]?.text, "Compile error in app/third.js:6: Expected '>'.");
  });

  it('takes any error of the server where the page names no file of the app', async () => {
    const stage = await showing("Build Error\nExpected '>'\n../../etc/passwd.txt (1:1)\nError: Expected '>'", {
      issues: [{ severity: 'error', message: 'precise', file: 'lib/a.js', line: 2 }],
    });
    assert.deepEqual(stage.shown.notices[0]?.action, { id: 'showTerminal', label: 'Show Terminal' });
    stage.model.receive({ type: 'openFile' });
    assert.deepEqual(stage.opened, []);
    await passes(stage);
    assert.equal(stage.shown.notices[0]?.text, 'Compile error in lib/a.js:2: precise.');
  });

  it('takes nothing for a compile error that was thrown, by this page or another', async () => {
    const stage = await showing("Build Error\nExpected '>'\n../../etc/passwd.txt (1:1)\nError: Expected '>'", {
      issues: [{ severity: 'error', message: 'boom', file: 'lib/a.js', line: 2, thrown: true }],
    });
    await passes(stage);
    assert.equal(stage.shown.notices[0]?.text.includes('boom'), false);
  });

  it('does not ask a compiler about what was thrown at run time', async () => {
    const stage = await showing('Runtime Error\nboom\n\napp/page.js (2:9) @ Page');
    await passes(stage);
    assert.equal(stage.compileAsked, 0);
    assert.equal(stage.shown.notices[0]?.text, 'Error in app/page.js:2: boom.');
    assert.equal(stage.shown.truth, 'compileError');
  });

  it('calls a dead page a compile error if the server failed and says so', async () => {
    const dead = { type: 'liveness', state: 'notHydrated', detail: 'scripts' } as const;
    const issues = [{ severity: 'error', message: 'precise', file: 'lib/a.js', line: 2 }] as const;
    const failing = async (status: number): Promise<Stage> => {
      const stage = await new Stage(anApp(), aSession({ pid: 7 })).begin();
      stage.compile = { issues };
      stage.report({ type: 'liveness', state: 'loading' });
      stage.report({ type: 'request', url: '/_next/a.js', status });
      stage.report(dead);
      await passes(stage);
      return stage;
    };
    assert.equal((await failing(404)).shown.truth, 'notHydrated');
    const stage = await failing(500);
    assert.equal(stage.shown.truth, 'compileError');
    assert.equal(stage.shown.notices[0]?.text, 'Compile error in lib/a.js:2: precise.');
    stage.report({ type: 'liveness', state: 'hydrated' });
    assert.deepEqual(stage.shown.notices, []);
  });
});
