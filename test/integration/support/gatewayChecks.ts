/** What a living app can do, each with the sample's pages and as a person would see it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { GATEWAY_PATH, type FromFrame } from '../../../src/sessions/gatewayProtocol';
import { EditedFile } from './edits';
import type { Preview } from './gatewayPreview';
import type { Row } from './gatewayRows';
import { eventually } from './workbench';

interface Subject {
  readonly preview: Preview;
  readonly row: Pick<Row, 'way'>;
  /** Of the app. */
  readonly folder: string;
  /** Of the app's own server, without a gateway. */
  readonly upstreamUrl: string;
}

export interface Check {
  /** A sentence about the app. */
  readonly title: string;
  /** Default: all rows. */
  readonly isFor?: (row: Row) => boolean;
  readonly run: (subject: Subject) => Promise<void>;
}

const isApp = ({ router }: Row) => router === 'app';
const isPanel = ({ way }: Row) => way === 'panel';

/** In the order in which they run; each begins at an address of its own. */
export const checks: readonly Check[] = [
  {
    title: 'is hydrated, and clicks count',
    run: async ({ preview }) => {
      await preview.open('/');
      await preview.isAlive(120_000); // It is compiled for the first time.
      // After that some versions load the page once more by themselves, and what was clicked before is forgotten.
      await eventually('a click to count', async () => {
        await preview.click('#counter');
        return Number(await preview.app.locator('#counter').innerText()) > 0;
      });
      await preview.isAt('/');
    },
  },
  {
    title: 'tells the panel that it is hydrated, and that its hot reload is connected',
    isFor: isPanel,
    run: async ({ preview }) => {
      const isTold = (what: string, fits: (message: FromFrame) => boolean) =>
        eventually(what, async () => (await preview.messages()).some(fits), 30_000);
      await preview.openAlive('/');
      await isTold('word that it is hydrated', (one) => one.type === 'liveness' && one.state === 'hydrated');
      await isTold('word of the hot reload', (one) => one.type === 'hotReload' && one.state === 'connected');
    },
  },
  {
    title: 'keeps its state over an edit',
    run: async ({ preview, folder }) => {
      const edited = await EditedFile.at(path.join(folder, 'components', 'Edited.js'));
      await preview.openAlive('/');
      await preview.isHotReloadConnected();
      try {
        await edited.untilShown(() => preview.app.locator('#edited').innerText({ timeout: 5000 }));
        await preview.click('#counter');
        await preview.click('#counter');
        await preview.says('#counter', '2');
        await edited.say('after');
        await preview.says('#edited', 'after');
        assert.equal(await preview.app.locator('#counter').innerText(), '2');
      } finally {
        await edited.restore();
      }
      await preview.says('#edited', 'before');
    },
  },
  {
    title: 'navigates softly, and back',
    run: async ({ preview }) => {
      await preview.openAlive('/');
      await preview.mark();
      await preview.click('#soft');
      await preview.isAt('/about?from=soft');
      await preview.says('#pathname', '/about');
      await preview.says('#location', preview.full('/about?from=soft'));
      await preview.back();
      await preview.isAt('/');
      await preview.isAlive();
      assert.ok(await preview.isMarked(), 'the document was loaded anew');
      assert.ok(await preview.app.locator('#home').isVisible());
    },
  },
  {
    title: 'navigates hard, and back',
    run: async ({ preview }) => {
      await preview.openAlive('/');
      await preview.mark();
      await preview.click('#hard');
      await preview.isAt('/about?from=hard');
      await preview.isAlive();
      assert.ok(!(await preview.isMarked()), 'the document was not loaded anew');
      await preview.says('#pathname', '/about');
      await preview.says('#location', preview.full('/about?from=hard'));
      await preview.back();
      await preview.isAt('/');
      await preview.says('#home', 'Home');
      await preview.isAlive();
      await preview.click('#soft');
      await preview.isAt('/about?from=soft');
    },
  },
  {
    title: 'goes back over soft and hard steps in turn, and forward again',
    run: async ({ preview }) => {
      await preview.openAlive('/');
      await preview.click('#soft');
      await preview.isAt('/about?from=soft');
      await preview.click('#back');
      await preview.isAt('/');
      await preview.isAlive();
      await preview.click('#hard');
      await preview.isAt('/about?from=hard');
      await preview.isAlive();
      for (const path of ['/', '/about?from=soft', '/']) {
        await preview.back();
        await preview.isAt(path);
        await preview.says('h1', path === '/' ? 'Home' : 'About');
        await preview.isAlive();
      }
      await preview.forward();
      await preview.isAt('/about?from=soft');
      await preview.says('h1', 'About');
    },
  },
  {
    title: 'can load itself anew',
    run: async ({ preview }) => {
      await preview.openAlive('/reload');
      await preview.click('#counter');
      await preview.says('#counter', '1');
      await preview.click('#reload');
      await preview.says('#counter', '0');
      await preview.isAlive();
      await preview.isAt('/reload');
    },
  },
  {
    title: 'is at its path again after F5',
    run: async ({ preview }) => {
      await preview.openAlive('/about?from=f5#part');
      await preview.isAt('/about?from=f5#part');
      await preview.mark();
      await preview.page.reload({ waitUntil: 'commit' });
      await eventually('another document', async () => !(await preview.isMarked()));
      await preview.isAlive();
      await preview.isAt('/about?from=f5#part');
      await preview.says('#location', preview.full('/about?from=f5#part'));
    },
  },
  {
    title: 'goes where the panel sends it, and loads anew when the panel says so',
    isFor: isPanel,
    run: async ({ preview }) => {
      await preview.openAlive('/');
      await preview.send({ type: 'go', path: preview.full('/about?from=panel') });
      await preview.isAt('/about?from=panel');
      await preview.isAlive();
      await preview.mark();
      await preview.send({ type: 'reload' });
      await eventually('another document', async () => !(await preview.isMarked()));
      await preview.isAt('/about?from=panel');
      await preview.isAlive();
    },
  },
  {
    title: 'posts a form, and follows the redirect that answers it',
    run: async ({ preview }) => {
      await preview.openAlive('/form');
      await preview.app.locator('#plain [name=name]').fill('Ada');
      await preview.click('#plain button');
      await preview.isAt('/done?name=Ada');
      await preview.says('#name', 'Ada');
      await preview.isAlive();
    },
  },
  {
    title: 'runs a server action',
    isFor: isApp,
    run: async ({ preview }) => {
      await preview.openAlive('/form');
      await preview.mark();
      await preview.app.locator('#action [name=name]').fill('Grace');
      await preview.click('#action button');
      await preview.isAt('/done?name=Grace');
      await preview.says('#name', 'Grace');
      assert.ok(await preview.isMarked(), 'the form was posted without the framework');
    },
  },
  {
    title: 'shows the first part of a stream before there is a second one',
    run: async ({ preview, upstreamUrl }) => {
      const key = Math.random().toString(36).slice(2);
      await preview.open(`/stream?key=${key}`);
      await preview.says('#waiting', 'waiting');
      assert.equal(await preview.app.locator('#second').count(), 0);
      assert.ok((await fetch(`${upstreamUrl}/api/open?key=${key}`)).ok);
      await preview.says('#second', 'second');
      await eventually('its place to be taken', async () => (await preview.app.locator('#waiting').count()) === 0);
    },
  },
  {
    title: 'keeps the cookies that the server and the page set',
    run: async ({ preview }) => {
      await preview.open('/cookie');
      await preview.says('#own', 'yes');
      await preview.says('#seen', 'none');
      await preview.click('#set');
      await preview.says('#seen', 'yes');
      await preview.isAt('/cookie');
    },
  },
  {
    title: 'follows redirects, from a link and from nothing',
    run: async ({ preview }) => {
      await preview.openAlive('/');
      await preview.click('#redirected');
      await preview.isAt('/about?from=redirect');
      await preview.isAlive();
      await preview.openAlive('/redirect');
      await preview.isAt('/about?from=redirect');
    },
  },
  {
    title: 'gets the events of a stream that stays open',
    run: async ({ preview }) => {
      await preview.open('/events');
      await preview.says('#events', 'one two three');
    },
  },
  {
    title: 'shows its images and its font',
    run: async ({ preview }) => {
      await preview.openAlive('/');
      for (const image of ['#plain-image', '#next-image'])
        await eventually(image, () => preview.inApp<boolean>(`document.querySelector('${image}').naturalWidth === 16`));
      await eventually('the font', () =>
        preview.inApp<boolean>(
          `[...document.fonts].some(({ family, status }) => family === 'Sample' && status === 'loaded')`,
        ),
      );
    },
  },
  {
    title: 'has source maps',
    // The other bundler writes them into the scripts.
    isFor: ({ bundler }) => bundler === 'turbopack',
    run: async ({ preview }) => {
      await preview.openAlive('/');
      const maps = await preview.inApp<readonly { readonly status: number; readonly isMap: boolean }[]>(`(async () => {
        const scripts = [...document.scripts].filter(({ src }) => src.includes('/_next/static/chunks/'));
        const maps = await Promise.all(scripts.map(async ({ src }) => {
          const name = /\\/\\/# sourceMappingURL=(?!data:)(\\S+)\\s*$/.exec(await (await fetch(src)).text())?.[1];
          if (name === undefined) return undefined;
          const answer = await fetch(new URL(name, src));
          return { status: answer.status, isMap: (await answer.text()).includes('"version"') };
        }));
        return maps.filter((map) => map !== undefined);
      })()`);
      assert.ok(maps.length > 0, 'no script names a source map');
      assert.deepEqual(
        maps.filter(({ status, isMap }) => status !== 200 || !isMap),
        [],
      );
    },
  },
  {
    title: 'opens another tab at an address that lives on its own',
    // A webview may not open windows.
    isFor: (row) => !isPanel(row),
    run: async ({ preview, row }) => {
      await preview.openAlive('/');
      const opened = preview.context.waitForEvent('page', { timeout: 30_000 });
      await preview.click('#blank');
      const page = await opened;
      const isShell = row.way === 'tab';
      await page.waitForURL(preview.address('/about?from=blank'), { timeout: 30_000, waitUntil: 'commit' });
      assert.equal(page.url().includes(GATEWAY_PATH), isShell);
      const app = isShell ? page.frameLocator('iframe') : page;
      await eventually(
        'the page in the other tab to be hydrated',
        async () => (await app.locator('#counter').getAttribute('data-alive', { timeout: 5000 })) === 'true',
      );
      await page.close();
    },
  },
  {
    title: 'tells the panel which page it wanted to open in another tab',
    // A webview may not open windows.
    isFor: isPanel,
    run: async ({ preview }) => {
      await preview.openAlive('/');
      await preview.click('#blank');
      const wanted = preview.full('/about?from=blank');
      await eventually(
        `word of ${wanted}`,
        async () =>
          (await preview.messages()).some((one) => one.type === 'open' && 'path' in one && one.path === wanted),
        30_000,
      );
      await preview.isAt('/');
    },
  },
  {
    title: 'asked for nothing that was not there, nothing of the editor, and threw nothing',
    run: ({ preview }) => {
      const { failures, astray, errors } = preview;
      assert.deepEqual({ failures, astray, errors }, { failures: [], astray: [], errors: [] });
      return Promise.resolve();
    },
  },
];
