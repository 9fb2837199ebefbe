import assert from 'node:assert/strict';
import { DevServerError } from '../../src/sessions/errors';
import {
  ConfirmationNeededError,
  replaceHost,
  restartServer,
  stopOther,
  stopServer,
  type PersonsWordPorts,
  type Question,
} from '../../src/sessions/personsWord';
import type { ForeignTarget, NamedProcess, SessionSnapshot } from '../../src/sessions/protocol';
import { anApp, aSession } from './samples';

const next: NamedProcess = { pid: 10, startTicks: '1', command: 'node next dev', uid: 1000 };
const server: NamedProcess = { pid: 11, startTicks: '2', command: 'next-server (v16)', uid: 1000 };

/** A host that ends what it runs only when exactly that was agreed to. */
class FakeServers {
  readonly ended: (readonly NamedProcess[])[] = [];
  readonly looks: ForeignTarget[] = [];
  readonly questions: Question[] = [];
  answer = true;

  constructor(
    readonly snapshot: SessionSnapshot,
    public running: readonly NamedProcess[],
  ) {}

  ports(): PersonsWordPorts {
    const end = (confirmed: readonly NamedProcess[] | undefined): Promise<SessionSnapshot> => {
      const agreed = this.running.every(({ pid }) => confirmed?.some((one) => one.pid === pid));
      if (!agreed) return Promise.reject(new ConfirmationNeededError(this.running));
      this.ended.push(confirmed ?? []);
      this.running = [];
      return Promise.resolve(this.snapshot);
    };
    return {
      servers: {
        session: () => this.snapshot,
        stop: (_, confirmed) => end(confirmed),
        restart: (_, how) => end(how?.confirmed),
        foreignProcesses: (_, target) => {
          this.looks.push(target);
          return Promise.resolve(this.running);
        },
        endForeign: (_, __, confirmed) => end(confirmed),
      },
      ask: (question) => {
        this.questions.push(question);
        return Promise.resolve(this.answer);
      },
      ownUid: 1000,
    };
  }
}

describe("a person's word", () => {
  it('is not asked for to stop a server of ours', async () => {
    const servers = new FakeServers(aSession(), []);
    await stopServer(anApp(), servers.ports());
    assert.deepEqual(servers.questions, []);
    assert.deepEqual(servers.ended, [[]]);
  });

  it('hears of every process of an adopted server, and only then the host is told', async () => {
    const servers = new FakeServers(aSession({ adopted: true }), [next, server]);
    await stopServer(anApp(), servers.ports());
    assert.deepEqual(servers.looks, ['adopted']);
    const [question] = servers.questions;
    assert.equal(question?.title, 'Stop Web?');
    assert.match(question.detail, /started outside Cheatcode/);
    assert.match(question.detail, /pid 10: node next dev\npid 11: next-server \(v16\)/);
    assert.deepEqual(servers.ended, [[next, server]]);
  });

  it('that is no ends nothing', async () => {
    const servers = new FakeServers(aSession({ adopted: true }), [server]);
    servers.answer = false;
    await stopServer(anApp(), servers.ports());
    await restartServer(anApp(), servers.ports());
    assert.deepEqual(servers.ended, []);
  });

  it('is asked for when the server was adopted while the window thought it ours', async () => {
    const servers = new FakeServers(aSession(), [server]);
    await stopServer(anApp(), servers.ports());
    assert.equal(servers.questions.length, 1);
    assert.deepEqual(servers.ended, [[server]]);
  });

  it('for a restart says in which terminal the server starts again', async () => {
    const servers = new FakeServers(aSession({ adopted: true }), [server]);
    await restartServer(anApp(), servers.ports());
    const [question] = servers.questions;
    assert.equal(question?.title, 'Restart Web in a Cheatcode terminal?');
    assert.match(question.detail, /starts in the terminal dev_server_web/);
    assert.equal(question.button, 'Restart');
    assert.deepEqual(servers.ended, [[server]]);
  });

  it('is asked for again when other processes would be ended, at most three times', async () => {
    const servers = new FakeServers(aSession({ adopted: true }), [next]);
    const ports = servers.ports();
    let pid = 100;
    const asking: PersonsWordPorts = {
      ...ports,
      ask: async (question) => {
        const agreed = await ports.ask(question);
        if (servers.questions.length < 2) servers.running = [next, { ...server, pid: ++pid }];
        return agreed;
      },
    };
    await stopServer(anApp(), asking);
    assert.equal(servers.questions.length, 2);
    assert.match(servers.questions[1]?.detail ?? '', /Other processes than before/);
    assert.match(servers.questions[1]?.detail ?? '', /pid 101/);
    assert.deepEqual(servers.ended, [[next, { ...server, pid: 101 }]]);

    const restless: PersonsWordPorts = {
      ...ports,
      ask: async (question) => {
        const agreed = await ports.ask(question);
        servers.running = [{ ...server, pid: ++pid }];
        return agreed;
      },
    };
    servers.questions.length = 0;
    servers.running = [server];
    await assert.rejects(
      stopServer(anApp(), restless),
      (error) => error instanceof DevServerError && error.code === 'foreignChanging',
    );
    assert.equal(servers.questions.length, 3);
    assert.equal(servers.ended.length, 1);
  });

  it('can not be given for what nobody sees; the host hears that a stop was wished for, and nothing else', async () => {
    const servers = new FakeServers(aSession({ adopted: true }), []);
    const isHidden = (error: unknown) => error instanceof DevServerError && error.code === 'foreignHidden';
    await assert.rejects(stopServer(anApp(), servers.ports()), isHidden);
    assert.deepEqual(servers.questions, []);
    assert.deepEqual(servers.ended, [[]]);
    await assert.rejects(restartServer(anApp(), servers.ports()), isHidden);
    assert.equal(servers.ended.length, 1);
  });

  it('for the holder of a port names the port, and for a second server that the first goes on', async () => {
    const root: NamedProcess = { pid: 9, startTicks: '3', command: 'ruby app.rb', uid: 0 };
    const blocked = aSession({ state: 'blocked', reason: { code: 'portTaken', facts: { port: 3000, pid: 9 } } });
    const holder = new FakeServers(blocked, [root]);
    await stopOther(anApp(), holder.ports());
    assert.deepEqual(holder.looks, ['portHolder']);
    assert.equal(holder.questions[0]?.title, 'Stop what holds port 3000?');
    assert.match(holder.questions[0]?.detail ?? '', /pid 9 \(uid 0\): ruby app\.rb/);
    assert.deepEqual(holder.ended, [[root]]);

    const running = aSession({ secondServers: [{ port: 3001, pid: 11, command: 'next-server' }] });
    const second = new FakeServers(running, [server]);
    await stopOther(anApp(), second.ports());
    assert.deepEqual(second.looks, ['secondServer']);
    assert.match(second.questions[0]?.detail ?? '', /port 3001.*The other one goes on/);
  });

  it('is asked for before a session host is replaced', async () => {
    const of = async (why: 'hung' | 'older', agreed: boolean) => {
      let replaced = 0;
      let asked = '';
      await replaceHost({
        servers: {
          hostReplacement: why,
          replaceHost: () => {
            replaced++;
            return Promise.resolve();
          },
        },
        ask: ({ detail }) => {
          asked = detail;
          return Promise.resolve(agreed);
        },
      });
      return { replaced, asked };
    };
    assert.equal((await of('hung', false)).replaced, 0);
    assert.equal((await of('hung', true)).replaced, 1);
    assert.match((await of('hung', true)).asked, /does not answer.*all dev servers/);
    assert.match((await of('older', true)).asked, /older than the extension/);
  });
});
