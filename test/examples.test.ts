/**
 * The examples of docs/ run, and do what they say.
 */
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { passOnRealtime } from '../docs/examples/behind-fastify.ts';
import { consultationRooms } from '../docs/examples/consultation-room.ts';
import { QuietRecords } from '../docs/examples/quiet-record.ts';
import { printSpecs } from '../docs/examples/spec-terminal.ts';
import { createReceiver, type RealtimeEvent } from '../docs/examples/webhook-receiver.ts';
import { SpecFeed } from '../extensions/spec-updates/feed.ts';
import { CoreIdentity } from '../server/civicpress/module/identity.ts';
import { loadConfig } from '../server/config.ts';
import { openWebhooks } from '../server/webhooks/open.ts';
import { signatureOf } from '../server/webhooks/post.ts';
import { state } from './extensions/spec-updates/states.ts';
import { Admin } from './helpers/admin.ts';
import { CityHall } from './helpers/city-hall.ts';
import { Clerk } from './helpers/clerk.ts';
import { RecordedLog } from './helpers/recorded-log.ts';
import { TownHall } from './helpers/town-hall.ts';
import { until } from './helpers/until.ts';

const secret = 'a secret of at least thirty-two characters';
let townHall: TownHall | undefined;
afterEach(() => townHall?.close());

async function listen(onEvent: (event: RealtimeEvent) => Promise<void>): Promise<string> {
  const server = createReceiver(secret, onEvent).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

it('[H3] the receiver of webhooks believes what is signed and fresh, once', async () => {
  const heard: RealtimeEvent[] = [];
  let isBusy = true;
  const url = await listen(async (event) => {
    if (isBusy) throw new Error('the database is busy');
    heard.push(event);
  });
  const body = JSON.stringify({ id: 'one', event: 'realtime:room:created', data: {} });
  const now = String(Math.floor(Date.now() / 1_000));
  const sent = async (timestamp: string, signature: string, text = body) =>
    (
      await fetch(url, {
        method: 'POST',
        body: text,
        headers: { 'x-civicpress-timestamp': timestamp, 'x-civicpress-signature': signature },
      })
    ).status;
  const signed = (timestamp: string, text = body) => `sha256=${signatureOf(secret, timestamp, text)}`;

  expect(await sent(now, signed(now))).toBe(500);
  isBusy = false;
  expect(await sent(now, signed(now))).toBe(204);
  expect(await sent(now, signed(now))).toBe(204);
  expect(heard.map(({ id }) => id)).toEqual(['one']);

  expect(await sent(now, 'sha256=00')).toBe(401);
  expect(await sent(now, `sha256=${signatureOf('another secret', now, body)}`)).toBe(401);
  expect(await sent(now, signed(now), body.replace('one', 'two'))).toBe(401);
  const old = String(Number(now) - 600);
  expect(await sent(old, signed(old))).toBe(401);
  expect(await sent(now, signed(old))).toBe(401);
  expect(await sent('soon', signed('soon'))).toBe(401);
  expect(heard).toHaveLength(1);
});

it('[H3] the workflow tells the clerk when a record was left alone for a while, and by whom it was edited', async () => {
  const told: unknown[] = [];
  const quiet = new QuietRecords({
    quietMs: 300,
    snapshotMs: 100,
    tellClerk: (recordId, authors) => void told.push([recordId, authors]),
  });
  const heard: RealtimeEvent[] = [];
  const url = await listen(async (event) => {
    heard.push(event);
    await quiet.hear(event);
  });
  const config = loadConfig('', {
    REALTIME_WEBHOOKS_URLS: url,
    REALTIME_WEBHOOKS_SECRET: secret,
    REALTIME_WEBHOOKS_PRIVATE_HOSTS: '127.0.0.1',
  });
  const webhooks = await openWebhooks(config, `${await mkdtempOf()}/webhooks.sqlite`, new RecordedLog());
  if (!webhooks) throw new Error('webhooks are configured');
  onTestFinished(() => webhooks.stop());

  townHall = await TownHall.open({ events: webhooks, settings: { 'snapshots.max_updates': 1 } });
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  alice.type('Noise', '!');
  await alice.saved();
  bob.type('Bylaw', '!');
  await until('the clerk is told', () => told.length > 0);
  const [[recordId, authors]] = told as [[string, string[]]];
  expect(recordId).toBe('noise-bylaw');
  expect(authors.toSorted()).toEqual(['alice', 'bob']);
  // A snapshot without an edit is none.
  await new Admin(townHall.url, 'noise-bylaw', await townHall.tokenOf('alice')).snapshot();
  expect(told).toHaveLength(1);
  expect(heard.map(({ event }) => event)).toContain('realtime:client:connected');
});

it('[R7] a consultation is a room of its own type: kept in a file, written by those who are invited', async () => {
  const folder = await mkdtempOf();
  const hallWith = (files: string) =>
    CityHall.open({
      settings: { rooms: { cleanup_timeout: 0 } },
      prepare: ({ roomManager, auth, recordManager, database }) => {
        const identity = new CoreIdentity({ auth, recordManager, database });
        const invited = async (id: string) => (id === 'park' ? ['1'] : null);
        roomManager.registerRoomType(consultationRooms({ folder: files, identity, invited }));
      },
    });
  let hall = await hallWith(folder);
  const alice = await (await hall.joinDocument('consultation:park', 'alice', 'public')).synced();
  const bob = await (await hall.joinDocument('consultation:park', 'bob', 'public')).synced();
  expect([alice.scope, bob.scope]).toEqual(['read-write', 'readonly']);
  alice.document.getText('answer').insert(0, 'Benches, please.');
  await until('bob sees it', () => bob.document.getText('answer').toString() === 'Benches, please.');
  expect(await (await hall.joinDocument('consultation:pool')).refused()).toMatch(/you may not see it/);
  await hall.close();
  expect(await readdir(folder)).toEqual(['park.yjs']);

  hall = await hallWith(folder);
  const again = await (await hall.joinDocument('consultation:park', 'alice')).synced();
  expect(again.document.getText('answer').toString()).toBe('Benches, please.');
  await hall.close();

  await writeFile(`${folder}/park.yjs`, 'not a document');
  hall = await hallWith(folder);
  expect(await (await hall.joinDocument('consultation:park', 'alice')).refused()).toMatch(
    /could not be opened/,
  );
  await hall.close();
  expect(await readFile(`${folder}/park.yjs`, 'utf8')).toBe('not a document');
});

async function mkdtempOf(): Promise<string> {
  const folder = await mkdtemp('/tmp/webhooks-example-');
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

it('[U30] the terminal prints what happens to specs', async () => {
  const specs = new SpecFeed();
  specs.publish([state('E13'), state('E14')]);
  townHall = await TownHall.open({ specs });
  const printed: string[] = [];
  const watch = printSpecs(townHall.url, await townHall.tokenOf('alice'), (line) => void printed.push(line));
  onTestFinished(() => watch.close());
  await until('it is live', () => printed.includes('live by websocket'));
  specs.publish([state('E13-F01', { parent: 'E13' })]);
  specs.publish([state('E13', { status: 'done' }), state('E13-F01', { parent: 'E13', status: 'done' })]);
  await until('all is printed', () => printed.includes('spec.updated E13-F01'));
  expect(printed.filter((line) => !line.startsWith('live'))).toEqual([
    '1 specs',
    'spec.created E13-F01',
    'spec.updated E13',
    'spec.updated E13-F01',
  ]);
});

it('[G7] a Fastify of somebody else passes editors on, each with their own address', async () => {
  townHall = await TownHall.open({
    settings: { 'security.trusted_proxies': '127.0.0.1', 'rate_limiting.connections_per_ip': 1 },
  });
  const app = fastify();
  onTestFinished(() => app.close());
  passOnRealtime(app, new URL(townHall.url));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });

  const comeFrom = (localAddress: string, path = '/realtime') => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, { localAddress });
    onTestFinished(() => socket.terminate());
    socket.on('error', () => undefined);
    return socket;
  };
  const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.on('close', resolve));
  const [one, other] = [comeFrom('127.0.0.2'), comeFrom('127.0.0.3')];
  await Promise.all([once(one, 'open'), once(other, 'open')]);
  expect(await closed(comeFrom('127.0.0.2'))).toBe(4029);
  expect([one.readyState, other.readyState]).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
  expect(await closed(comeFrom('127.0.0.4', '/realtimes'))).toBe(1006);

  const token = await townHall.tokenOf('alice');
  const alice = new Clerk({ serverUrl: url, documentName: 'record:noise-bylaw', token });
  onTestFinished(() => alice.leave());
  await alice.synced();
  alice.type('Noise', '!');
  await alice.saved();
});
