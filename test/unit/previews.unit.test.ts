import assert from 'node:assert/strict';
import type { PageView, SavedApp } from '../../src/providers/previewMessages';
import { FIRST_VIEW, rememberedView, rememberView, type Memory } from '../../src/providers/previewParts';
import {
  Previews,
  type PanelListener,
  type PreviewPanelPlace,
  type PreviewViewPlace,
  type ViewListener,
} from '../../src/providers/previews';
import type { App } from '../../src/sessions/apps';
import type { PreviewTruth } from '../../src/sessions/previewTruth';
import { aMobileApp, anApp } from './samples';

class Memo implements Memory {
  readonly values = new Map<string, unknown>();
  get(key: string): unknown {
    return this.values.get(key);
  }
  update(key: string, value: unknown): Promise<void> {
    this.values.set(key, value);
    return Promise.resolve();
  }
}

const alive: PreviewTruth = { kind: 'alive' };

/** Panels that say what was asked of them. */
class FakePanels implements PreviewPanelPlace {
  readonly apps = new Set<App>();
  activeApp: App | undefined;
  constructor(
    readonly said: string[],
    readonly listener: PanelListener,
  ) {}
  has(app: App): boolean {
    return this.apps.has(app);
  }
  truth(app: App): PreviewTruth | undefined {
    return this.has(app) ? alive : undefined;
  }
  open(app: App, view?: PageView): void {
    this.said.push(`panel of ${app.label} at ${view?.path ?? 'its start'}`);
    this.apps.add(app);
    this.listener.onPanels();
  }
  openSideBySide(apps: readonly App[]): void {
    this.said.push(`side by side: ${apps.map(({ label }) => label).join(', ')}`);
  }
  close(app: App): void {
    if (!this.apps.delete(app)) return;
    this.said.push(`no panel of ${app.label}`);
    this.listener.onPanels();
  }
  update(app?: App): void {
    this.said.push(`panels updated for ${app?.label ?? 'all'}`);
  }
  forgetAddresses(): void {
    this.said.push('panels forget');
  }
  dispose(): void {
    this.said.push('panels disposed');
  }
}

class FakeView implements PreviewViewPlace {
  app: App | undefined;
  constructor(
    readonly said: string[],
    readonly listener: ViewListener,
  ) {}
  get truth(): PreviewTruth | undefined {
    return this.app && alive;
  }
  has(app: App): boolean {
    return this.app === app;
  }
  open(app: App): void {
    this.said.push(`view of ${app.label}`);
    this.app = app;
    this.listener.onChange();
  }
  reveal(): void {
    this.said.push('view revealed');
  }
  release(saved: SavedApp): void {
    if (this.app?.key !== saved.key) return;
    this.said.push('view released');
    this.app = undefined;
  }
  update(app?: App): void {
    const likely = this.app ?? this.listener.likelyApp();
    const where = likely && this.listener.isInPanel(likely) ? 'a panel' : 'no panel';
    this.said.push(`view updated for ${app?.label ?? 'all'}: ${likely?.label} in ${where}`);
  }
  forgetAddresses(): void {
    this.said.push('view forgets');
  }
  dispose(): void {
    this.said.push('view disposed');
  }
}

describe('the previews of a window', () => {
  const web = anApp();
  const mobile = aMobileApp();
  let apps: readonly App[];
  let said: string[];
  let memory: Memo;
  let panels: FakePanels;
  let view: FakeView;
  let previews: Previews;
  let changes: number;
  beforeEach(() => {
    apps = [web, mobile];
    said = [];
    memory = new Memo();
    changes = 0;
    previews = new Previews({
      memory,
      apps: () => apps,
      likelyApp: (among) => among[0],
      createPanels: (listener) => (panels = new FakePanels(said, listener)),
      createView: (listener) => (view = new FakeView(said, listener)),
    });
    previews.onDidChange(() => (changes += 1));
  });
  /** What was said since the last call. */
  const news = (): string[] => said.splice(0);

  it('are panels, if nothing else was asked for', () => {
    previews.open(web);
    assert.deepEqual(news(), ['panel of Web at its start', 'view updated for all: Mobile in no panel']);
    assert.equal(previews.appInView, undefined);
    assert.equal(changes, 1);
  });

  it('are shown where they are', () => {
    previews.openInView(web);
    news();
    previews.open(web);
    assert.deepEqual(news(), ['view revealed']);
    previews.open(mobile);
    assert.equal(news()[0], 'panel of Mobile at its start');
  });

  it('move into the view, which takes the app before the panel goes', () => {
    previews.open(web);
    news();
    previews.openInView(web);
    assert.deepEqual(news(), ['view of Web', 'no panel of Web', 'view updated for all: Web in no panel']);
    assert.equal(previews.appInView, web);
  });

  it('move into an editor with the page that they show', () => {
    previews.openInView(web);
    rememberView(memory, web, { ...FIRST_VIEW, path: '/about' });
    news();
    previews.moveToEditor();
    assert.deepEqual(news(), ['view released', 'panel of Web at /about', 'view updated for all: Mobile in no panel']);
    previews.moveToEditor();
    assert.deepEqual(news(), [], 'there is nothing in the view any more');
  });

  it('are not taken from their panel by a view that nobody asked anything of', () => {
    apps = [web];
    previews.open(web);
    assert.equal(news().at(-1), 'view updated for all: Web in a panel');
    previews.open(mobile);
    apps = [web, mobile];
    news();
    view.update();
    assert.deepEqual(news(), ['view updated for all: Web in a panel']);
  });

  it('that come back in a panel are that panel’s', () => {
    previews.openInView(web);
    news();
    panels.listener.onRestored({ key: mobile.key, name: mobile.name });
    assert.deepEqual(news(), []);
    panels.listener.onRestored({ key: web.key, name: web.name });
    assert.deepEqual(news(), ['view released']);
  });

  it('are side by side without moving the one in the view', () => {
    previews.openSideBySide([web, mobile]);
    assert.deepEqual(news(), ['side by side: Web, Mobile']);
    previews.openInView(mobile);
    news();
    previews.openSideBySide([web, mobile]);
    assert.deepEqual(news(), ['side by side: Web', 'view revealed']);
  });

  it('tell what is true of an app from where it is shown', () => {
    assert.equal(previews.truth(web), undefined);
    previews.open(web);
    previews.openInView(mobile);
    assert.deepEqual([previews.truth(web), previews.truth(mobile)], [alive, alive]);
    const before = changes;
    panels.listener.onTruth();
    view.listener.onChange();
    assert.equal(changes, before + 2);
  });

  it('hear of changes wherever they are, and go together', () => {
    previews.update(web);
    previews.forgetAddresses();
    previews.dispose();
    assert.deepEqual(news().sort(), [
      'panels disposed',
      'panels forget',
      'panels updated for Web',
      'view disposed',
      'view forgets',
      'view updated for Web: Web in no panel',
    ]);
  });
});

describe('what is kept of a preview', () => {
  it('is found by the name of the app, in whichever folder it is now', () => {
    const memory = new Memo();
    const view: PageView = { path: '/a?b#c', width: 'phone', isLandscape: true, face: 'web' };
    rememberView(memory, { key: '1', name: 'web' }, view);
    assert.deepEqual(rememberedView(memory, { key: '2', name: 'web' }), view);
    assert.equal(rememberedView(memory, { key: '1', name: 'other' }), undefined);
  });
});
