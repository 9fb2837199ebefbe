import assert from 'node:assert/strict';
import path from 'node:path';
import { declaredSettings } from '../../src/sessions/declaredSettings';
import { chooseApp, type AppChoice } from '../../src/cli/chooseApp';
import { CommandError } from '../../src/cli/commandError';
import { nodeCheck } from '../../src/cli/doctor';
import { findWorkspace } from '../../src/cli/findWorkspace';
import { entryReport } from '../../src/cli/fleet';
import { openerOf } from '../../src/cli/openUrl';
import { toCommandError } from '../../src/cli/runCommandLine';
import { environmentSource, problemSentence, variableOf } from '../../src/cli/settingValues';
import { looksLikeSandbox } from '../../src/cli/surroundings';
import { DevServerError } from '../../src/sessions/errors';
import { readSettings } from '../../src/providers/settingsReader';
import { contributes } from '../../package.json';
import { aMobileApp, anApp, aSession } from './samples';
import { tempFolders, writeTree } from './support/tempFolders';

const ends =
  (exit: string, code: string, message = /./) =>
  (error: unknown) =>
    error instanceof CommandError && error.exit === exit && error.code === code && message.test(error.message);

describe('the app that is meant', () => {
  const [web, mobile] = [anApp(), aMobileApp()];
  const choose = (of: Partial<AppChoice>) =>
    chooseApp({
      name: undefined,
      apps: [web, mobile],
      sessions: [],
      preference: 'byItself',
      workspace: '/w',
      byItself: () => [web],
      ...of,
    });

  it('is named by its name, its type or its session', () => {
    for (const name of ['cheatcode-mobile', 'mobile', 'dev_server_mobile']) assert.equal(choose({ name }), mobile);
    const namedWeb = aMobileApp({ name: 'web' });
    assert.equal(choose({ name: 'web', apps: [web, namedWeb] }), namedWeb, 'a name counts more than a type');
  });

  it('is the one that would start by itself, or for what runs the only one that does', () => {
    assert.equal(choose({}), web);
    const sessions = [aSession({ appKey: mobile.key }), aSession({ appKey: web.key, state: 'stopped' })];
    assert.equal(choose({ sessions }), web);
    assert.equal(choose({ sessions, preference: 'running' }), mobile);
    assert.equal(choose({ preference: 'running' }), web);
    assert.equal(choose({ apps: [mobile], byItself: () => [] }), mobile);
  });

  it('is asked for where it is unclear, with the candidates', () => {
    const named = /cheatcode-app \(web\), cheatcode-mobile \(mobile\)/;
    assert.throws(() => choose({ byItself: () => [web, mobile] }), ends('usage', 'unclearApp', named));
    assert.throws(() => choose({ byItself: () => [] }), ends('usage', 'unclearApp', named));
    const sessions = [aSession({ appKey: mobile.key }), aSession({ appKey: web.key })];
    assert.throws(() => choose({ sessions, preference: 'running' }), ends('usage', 'unclearApp', named));
    const other = anApp({ key: '1:9:x', name: 'x' });
    assert.throws(() => choose({ name: 'web', apps: [web, other] }), ends('usage', 'unclearApp'));
  });

  it('is told to be missing, with those that are there', () => {
    assert.throws(() => choose({ name: 'shop' }), ends('notFound', 'noSuchApp', /there is cheatcode-app/));
    assert.throws(() => choose({ apps: [], byItself: () => [] }), ends('notFound', 'noSuchApp'));
  });
});

describe('the workspace that is meant', () => {
  const makeFolder = tempFolders();

  it('is the nearest folder above that is one, or the one that is named', async () => {
    const root = makeFolder();
    writeTree(root, {
      'ws/cheatcode-app/package.json': { name: 'x', scripts: { dev: 'next dev' } },
      'ws/notes/today/a.txt': 'x',
      'ws/cheatcode-app/src/a.txt': 'x',
    });
    const at = (...names: string[]) => path.join(root, ...names);
    assert.equal(await findWorkspace(undefined, () => at('ws', 'notes', 'today')), at('ws'));
    assert.equal(await findWorkspace(undefined, () => at('ws', 'cheatcode-app', 'src')), at('ws', 'cheatcode-app'));
    assert.equal(await findWorkspace('../ws', () => at('ws')), at('ws'));
    await assert.rejects(
      findWorkspace(at('ws', 'notes'), () => at('ws')),
      ends('notFound', 'noWorkspace', /no cheatcode workspace: /),
    );
    await assert.rejects(
      findWorkspace(at('nowhere'), () => at('ws')),
      ends('notFound', 'noWorkspace', /no folder/),
    );
    const gone = () => {
      throw new Error('ENOENT');
    };
    await assert.rejects(findWorkspace(undefined, gone), ends('notFound', 'noWorkspace'));
    assert.equal(await findWorkspace(at('ws'), gone), at('ws'));
  });
});

describe('the settings of the command line', () => {
  const read = (env: Readonly<Record<string, string>>) =>
    readSettings(environmentSource(env, declaredSettings(contributes)), env);

  it('are the defaults of the manifest', () => {
    const { settings, problems } = read({});
    assert.deepEqual(problems, []);
    const defaults = declaredSettings(contributes);
    assert.equal(settings.healthIntervalSeconds, defaults['cheatcode.healthIntervalSeconds']?.default);
    assert.equal(settings.autoStart, defaults['cheatcode.autoStart']?.default);
    assert.equal(settings.redis, undefined);
  });

  it('come from the environment, each under its own name', () => {
    const { settings, problems } = read({
      CHEATCODE_WEB_PORT: '4000',
      CHEATCODE_WEB_COMMAND: 'npm run serve',
      CHEATCODE_MEMORY_LIMIT_MB: 'null',
      CHEATCODE_HEALTH_INTERVAL_SECONDS: '2.5',
      CHEATCODE_PORT_CONFLICT: '',
      CHEATCODE_SANDBOX_ID: 'box',
      CHEATCODE_REDIS_URL: 'redis://:secret@r',
      CHEATCODE_REDIS_REQUIRED: '1',
      CHEATCODE_REDIS_CA_FILE: '/ca.pem',
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      [settings.web.port, settings.web.command, settings.memoryLimitMb],
      [4000, 'npm run serve', undefined],
    );
    assert.deepEqual([settings.healthIntervalSeconds, settings.portConflict], [2.5, 'ask']);
    assert.equal(settings.sandboxId, 'box');
    assert.deepEqual(settings.redis, { url: 'redis://:secret@r', required: true, caFile: '/ca.pem' });
  });

  it('are named where they can not be used, and the default is taken', () => {
    const { settings, problems } = read({ CHEATCODE_WEB_PORT: 'soon', CHEATCODE_LAST_WINDOW: 'never' });
    assert.deepEqual([settings.web.port, settings.lastWindow], [undefined, 'auto']);
    assert.deepEqual(problems.map(problemSentence), [
      'CHEATCODE_WEB_PORT is "soon" but must be a whole number from 1 to 65535, or null. Its default is used.',
      'CHEATCODE_LAST_WINDOW is "never" but must be one of auto, keep, stop. Its default is used.',
    ]);
  });

  it('take a flag as true or false, also whether Redis is required, and name what is neither', () => {
    const required = (text: string) => {
      const { settings, problems } = read({ CHEATCODE_REDIS_URL: 'redis://r', CHEATCODE_REDIS_REQUIRED: text });
      return [settings.redis?.required, ...problems.map(problemSentence)];
    };
    for (const text of ['1', 'true', ' true ']) assert.deepEqual(required(text), [true], text);
    for (const text of ['0', 'false', '', ' ']) assert.deepEqual(required(text), [false], text);
    for (const text of ['yes', 'TRUE', '2'])
      assert.deepEqual(required(text), [
        false,
        `CHEATCODE_REDIS_REQUIRED is "${text}" but must be true or false. Its default is used.`,
      ]);
    const other = read({ CHEATCODE_OFFER_MCP_SERVER: 'true', CHEATCODE_TERMINAL_ATTACH_AUTOMATICALLY: '0' });
    assert.deepEqual([other.settings.offerMcpServer, other.settings.terminal.attachAutomatically], [true, false]);
    assert.deepEqual(other.problems, []);
  });

  it('have names that are made of the settings\u2019 own', () => {
    assert.equal(variableOf('redis.caFile'), 'CHEATCODE_REDIS_CA_FILE');
    const names = Object.keys(declaredSettings(contributes)).map((key) => variableOf(key.slice('cheatcode.'.length)));
    assert.equal(new Set(names).size, names.length);
  });
});

describe('where the command line runs', () => {
  const nothing = () => false;
  it('is a sandbox unless it looks like a desktop', () => {
    assert.equal(looksLikeSandbox({ DISPLAY: ':0' }, 'linux', nothing), false);
    assert.equal(looksLikeSandbox({ WAYLAND_DISPLAY: 'w' }, 'linux', nothing), false);
    assert.equal(looksLikeSandbox({}, 'linux', nothing), true);
    assert.equal(
      looksLikeSandbox({ DISPLAY: ':0' }, 'linux', (file) => file === '/.dockerenv'),
      true,
    );
    assert.equal(looksLikeSandbox({ DISPLAY: ':0', CODE_SERVER_SESSION_SOCKET: 's' }, 'linux', nothing), true);
    assert.equal(looksLikeSandbox({}, 'darwin', nothing), false);
    assert.equal(looksLikeSandbox({ SSH_CONNECTION: 'x' }, 'darwin', nothing), true);
  });

  it('decides what opens a URL', () => {
    assert.deepEqual(openerOf({ BROWSER: '/vscode/browser.sh' }, 'linux'), ['/vscode/browser.sh']);
    assert.deepEqual(openerOf({ DISPLAY: ':0' }, 'linux'), ['xdg-open']);
    assert.equal(openerOf({}, 'linux'), undefined);
    assert.deepEqual(openerOf({}, 'darwin'), ['open']);
  });

  it('needs a Node that is new enough', () => {
    assert.equal(nodeCheck('20.1.0').result, 'ok');
    assert.equal(nodeCheck('18.20.0').result, 'fail');
  });
});

describe('an entry of the registry', () => {
  const fields = {
    machine: 'm1',
    machineName: 'box-7',
    session: 'dev_server_web',
    app: 'shop',
    type: 'web',
    folder: '/w/shop',
    state: 'running',
    port: '3000',
    url: 'http://localhost:3000',
    pid: '4711',
    since: '2026-01-02T03:04:05.000Z',
    adopted: '0',
  };

  it('is shown as an app on its machine', () => {
    const report = entryReport('box', fields);
    assert.deepEqual(
      [report?.session, report?.port, report?.pid, report?.machine, report?.sandbox, report?.since],
      ['dev_server_web', 3000, 4711, 'box-7', 'box', fields.since],
    );
    assert.equal(report?.sentence, 'shop is running on box-7.');
  });

  it('is passed over where it is none, and has nulls for what it lacks', () => {
    assert.equal(entryReport('box', {}), undefined);
    assert.equal(entryReport('box', { ...fields, state: 'dancing' }), undefined);
    const report = entryReport('box', { session: 'dev_server_web', state: 'running' });
    assert.deepEqual([report?.url, report?.port, report?.pid, report?.since], [null, null, null, null]);
  });
});

describe('how an error ends the command line', () => {
  const end = (error: unknown) => {
    const { exit, code } = toCommandError(error);
    return [exit, code];
  };
  it('is told by an exit code and a code', () => {
    assert.deepEqual(end(new DevServerError('workspaceUntrusted')), ['nothingRuns', 'noHost']);
    assert.deepEqual(end(new DevServerError('foreignHidden')), ['needsPerson', 'foreignHidden']);
    assert.deepEqual(end(new DevServerError('stateFolderUnusable')), ['failed', 'stateFolderUnusable']);
    assert.deepEqual(end(new Error('odd')), ['failed', 'unexpected']);
    assert.deepEqual(end(new DevServerError('hostHangs', { pid: 5, seconds: 10 })), ['needsPerson', 'hostHangs']);
    assert.deepEqual(end(new DevServerError('hostNotReplaced')), ['needsPerson', 'hostNotReplaced']);
    assert.match(
      toCommandError(new DevServerError('hostHangs')).message,
      /^The session host does not .*--replace-host/,
    );
    assert.match(
      toCommandError(new DevServerError('versionMismatch', { host: 'newer' })).message,
      /update cheatcode-dev/,
    );
  });
});
