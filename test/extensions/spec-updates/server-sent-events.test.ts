/**
 * Spec updates as server-sent events, as they stand on the wire of a real server.
 */
import { EventSource } from 'eventsource';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ErrorCode, errors } from '../../../server/errors.ts';
import { until } from '../../helpers/until.ts';
import { type Newsroom, openNewsroom } from './newsroom.ts';
import { gone, state } from './states.ts';
import { type ReaderOptions, StreamReader } from './stream-reader.ts';

function read({ url }: Newsroom, query = '', options: ReaderOptions = { token: 'alice' }): StreamReader {
  const reader = new StreamReader(`${url}/api/events/specs${query}`, options);
  onTestFinished(() => reader.leave());
  return reader;
}

async function expectRefusal(reader: StreamReader, code: ErrorCode): Promise<void> {
  const { reason: message, statusCode } = errors[code];
  expect(await reader.answered()).toBe(statusCode);
  await reader.over();
  expect(JSON.parse(reader.text)).toMatchObject({ error: { code, message, statusCode } });
}

const ticketFor = async ({ url }: Newsroom, token: string) => {
  const response = await fetch(`${url}/api/events/ticket`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  return (await response.json()) as { ticket: string; expiresInSeconds: number };
};

describe('a stream', () => {
  it('[U20] begins with everything that there is, goes on with what changes, and names where it stands', async () => {
    const newsroom = await openNewsroom();
    const { feed } = newsroom;
    feed.publish([state('E13', { status: 'draft' })]);
    const reader = await read(newsroom).began();
    feed.publish([state('E13', { status: 'done' })]);
    feed.publish([state('E14'), state('E15')]);
    feed.publish([gone('E14')]);
    await reader.hears('spec.deleted E14');

    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const [reset, updated, batch] = reader.events;
    expect(reset).toMatchObject({ event: 'specs.reset', data: { specs: [{ id: 'E13', status: 'draft' }] } });
    expect(updated).toMatchObject({ event: 'spec.updated', data: { id: 'E13', changes: ['status'] } });
    expect(batch?.event).toBe('specs.batch');
    expect(reader.events.map(({ id }) => id)).toEqual(reader.events.map(({ data }) => data.eventId));
    expect(reader.lastId).toBe(feed.current().eventId);
    expect(reader.retries).toEqual([1_000]);
  });

  it('[U20] [U3] tells what was asked for', async () => {
    const newsroom = await openNewsroom();
    const { feed } = newsroom;
    const children = await read(newsroom, '?specIds=E13&includeChildren=true&events=spec.updated').began();
    const wanted = await read(newsroom, '?specIds=E14,E15-*&status=In+progress,done').began();
    feed.publish([state('E13'), state('E13-F01', { parent: 'E13' }), state('E15-F01', { status: 'DONE' })]);
    feed.publish([state('E13-F01', { parent: 'E13', status: 'done' }), state('E14', { status: 'done' })]);
    feed.publish([state('E13', { title: 'The end' })]);
    await children.hears('spec.updated E13');
    expect(children.heard).toEqual(['spec.updated E13-F01', 'spec.updated E13']);
    expect(wanted.heard).toEqual(['spec.created E15-F01', 'spec.created E14']);
  });

  it('[U20] [U4] keeps to the pace that it was asked for', async () => {
    const newsroom = await openNewsroom();
    const slow = await read(newsroom, '?maxPerSecond=1').began();
    for (let count = 0; count < 50; count += 1) newsroom.feed.publish([state('E13', { title: `${count}` })]);
    newsroom.feed.publish([gone('E13')]);
    await slow.hears('spec.deleted E13');
    expect(slow.events.length).toBeLessThan(10);
  });

  it.each([
    ['?specIds=../../etc', 'specIds'],
    ['?events=spec.exploded', 'events'],
    ['?includeChildren=perhaps', 'includeChildren'],
    ['?maxPerSecond=-1', 'maxPerSecond'],
    ['?colour=red', 'colour'],
  ])('[U20] says what is wrong with "%s"', async (query, name) => {
    const reader = read(await openNewsroom(), query);
    expect(await reader.answered()).toBe(400);
    await reader.over();
    expect(JSON.parse(reader.text).error).toMatchObject({ code: 'bad-request' });
    expect(reader.text).toContain(name);
  });

  it('[U20] is for those alone who may see the specs', async () => {
    const newsroom = await openNewsroom();
    newsroom.rights.set('unlucky', 'unanswered');
    await expectRefusal(read(newsroom, '', {}), 'not-authenticated');
    await expectRefusal(read(newsroom, '', { token: 'nobody' }), 'not-authenticated');
    await expectRefusal(read(newsroom, '', { token: 'mallory' }), 'no-such-record');
    await expectRefusal(read(newsroom, '', { token: 'unlucky' }), 'civicpress-unavailable');
    await until('everybody is gone', () => newsroom.visitors.total === 0);
  });

  it('[U20] shows a sign of life while nothing happens', async () => {
    const reader = await read(await openNewsroom({ keepAliveMs: 20 })).began();
    await until('comments come', () => reader.comments > 2);
  });
});

describe('who comes back', () => {
  it('[U21] misses nothing, in 50 reconnections', async () => {
    const newsroom = await openNewsroom();
    const { feed } = newsroom;
    let lastId = (await read(newsroom).began()).lastId as string;
    const heard: string[] = [];
    for (let round = 0; round < 50; round += 1) {
      feed.publish([state(`missed-${round}`)]);
      const headers = { 'last-event-id': lastId };
      const reader = read(newsroom, '', { token: 'alice', headers });
      await reader.hears(`spec.created missed-${round}`);
      feed.publish([state(`live-${round}`)]);
      await reader.hears(`spec.created live-${round}`);
      reader.leave();
      heard.push(...reader.heard);
      lastId = reader.lastId as string;
    }
    const rounds = Array.from({ length: 50 }, (_, round) => round);
    expect(heard).toEqual(
      rounds.flatMap((round) => [`spec.created missed-${round}`, `spec.created live-${round}`]),
    );
  });

  it('[U21] may name its place in the address, and is told everything when that is too long ago', async () => {
    const newsroom = await openNewsroom({ feed: { historySize: 2 } });
    const { feed } = newsroom;
    feed.publish([state('A')]);
    const lastId = feed.current().eventId;
    feed.publish([state('B')]);
    const inTime = read(newsroom, `?lastEventId=${lastId}`);
    await inTime.hears('spec.created B');
    expect(inTime.events).toHaveLength(1);

    feed.publish([state('C')]);
    feed.publish([state('D')]);
    for (const place of [lastId, 'another-life:1', 'nonsense']) {
      const late = await read(newsroom, `?lastEventId=${place}`).began();
      expect(late.events[0]).toMatchObject({ event: 'specs.reset', id: feed.current().eventId });
    }
  });
});

describe('a ticket', () => {
  it('[U22] lets an EventSource in, which can send no header', async () => {
    const newsroom = await openNewsroom();
    const { ticket, expiresInSeconds } = await ticketFor(newsroom, 'alice');
    expect(expiresInSeconds).toBe(30);
    const source = new EventSource(`${newsroom.url}/api/events/specs?ticket=${ticket}`);
    onTestFinished(() => source.close());
    const told: string[] = [];
    source.addEventListener('spec.created', ({ data }) => told.push(JSON.parse(data).id));
    await until('it is open', () => source.readyState === EventSource.OPEN);
    newsroom.feed.publish([state('E13')]);
    await until('it is told', () => told.includes('E13'));
  });

  it('[U22] opens one stream, once and in time', async () => {
    const newsroom = await openNewsroom({ ticketLifetimeMs: 200 });
    const { ticket } = await ticketFor(newsroom, 'alice');
    await read(newsroom, `?ticket=${ticket}`, {}).began();
    await expectRefusal(read(newsroom, `?ticket=${ticket}`, {}), 'not-authenticated');
    await expectRefusal(read(newsroom, '?ticket=guessed', {}), 'not-authenticated');

    const { ticket: old } = await ticketFor(newsroom, 'alice');
    const expired = performance.now() + 250;
    await until('it is too old', () => performance.now() > expired);
    await expectRefusal(read(newsroom, `?ticket=${old}`, {}), 'not-authenticated');
  });

  it('[U22] is for those who may see the specs, and there are only so many of them', async () => {
    const newsroom = await openNewsroom();
    expect(await ticketFor(newsroom, 'mallory')).toMatchObject({ error: { code: 'no-such-record' } });
    expect(await ticketFor(newsroom, 'nobody')).toMatchObject({ error: { code: 'not-authenticated' } });

    const { ticket: first } = await ticketFor(newsroom, 'alice');
    for (let count = 0; count < 10; count += 1) await ticketFor(newsroom, 'alice');
    await expectRefusal(read(newsroom, `?ticket=${first}`, {}), 'not-authenticated');

    for (let user = 0; user < 99; user += 1) {
      newsroom.rights.set(`user-${user}`, 'read');
      for (let count = 0; count < 10; count += 1) await ticketFor(newsroom, `user-${user}`);
    }
    expect(await ticketFor(newsroom, 'bob')).toMatchObject({ error: { code: 'too-many-connections' } });
  });

  it('[U22] is needed in an address: a token there is refused, and said nowhere', async () => {
    const newsroom = await openNewsroom();
    const reader = read(newsroom, '?token=alice-secret', {});
    expect(await reader.answered()).toBe(400);
    await reader.over();
    expect(reader.text + JSON.stringify(newsroom.log.lines)).not.toContain('secret');
  });
});

describe('limits', () => {
  const titled = (megabytes: number) => ({ title: 'x'.repeat(megabytes * 1_000_000) });

  it('[U23] cut off a reader that does not keep up; the others hear everything', async () => {
    const newsroom = await openNewsroom({ maxBufferedBytes: 100_000 });
    const { feed } = newsroom;
    const [stalled, well] = [await read(newsroom).began(), await read(newsroom).began()];
    stalled.stall();
    for (let count = 0; feed.statistics.cutOff === 0 && count < 60; count += 1) {
      feed.publish([state(`E${count}`, titled(1))]);
      await well.hears(`spec.created E${count}`);
    }
    expect(feed.statistics.cutOff).toBe(1);
    await until('its place is free', () => newsroom.visitors.total === 1);
    feed.publish([state('last')]);
    await well.hears('spec.created last');
  });

  it('[U23] cut off a reader that takes nothing at all between two signs of life', async () => {
    const newsroom = await openNewsroom({ maxBufferedBytes: 100_000_000, keepAliveMs: 200 });
    const stalled = await read(newsroom).began();
    stalled.stall();
    for (let count = 0; count < 20; count += 1) newsroom.feed.publish([state(`E${count}`, titled(1))]);
    await until('its place is free', () => newsroom.visitors.total === 0);
  });

  it('[U24] [G4] hold for streams and sockets together: by address, by user, and in all', async () => {
    const byAddress = await openNewsroom({ watchers: { maxVisitorsPerAddress: 2 } });
    const leaveGateway = byAddress.visitors.enter('127.0.0.1');
    await read(byAddress).began();
    await expectRefusal(read(byAddress), 'too-many-connections');
    leaveGateway();
    await read(byAddress).began();

    const byUser = await openNewsroom({ watchers: { maxWatchersPerUser: 1 } });
    const first = await read(byUser).began();
    await expectRefusal(read(byUser), 'too-many-connections');
    await read(byUser, '', { token: 'bob' }).began();
    first.leave();
    await until('a place is free', () => byUser.visitors.total === 1);
    await read(byUser).began();

    const inAll = await openNewsroom({ watchers: { maxVisitors: 1 } });
    await read(inAll).began();
    await expectRefusal(read(inAll, '', { token: 'bob' }), 'too-many-connections');
  });

  it('[U24] leave nothing behind of 1,000 who are refused', async () => {
    const newsroom = await openNewsroom({ watchers: { maxVisitorsPerAddress: 20 } });
    for (let count = 0; count < 20; count += 1) await read(newsroom).began();
    for (let round = 0; round < 20; round += 1) {
      const refused = Array.from({ length: 50 }, () => read(newsroom));
      for (const reader of refused) expect(await reader.answered()).toBe(429);
    }
    await until('only those within the limit are there', () => newsroom.visitors.total === 20);
    expect(newsroom.feed.statistics.toJSON()).toMatchObject({ connections: { sse: 20 }, subscriptions: 20 });
  });

  it('[U24] [G6] keep pages of other hosts out, unless they are named', async () => {
    const friend = 'https://dashboards.example.org';
    const newsroom = await openNewsroom({ allowedOrigins: [friend] });
    const from = (origin: string) => read(newsroom, '', { token: 'alice', headers: { origin } });
    await expectRefusal(from('https://evil.example'), 'foreign-page');
    const welcome = await from(friend).began();
    expect(welcome.headers['access-control-allow-origin']).toBe(friend);

    const asked = await fetch(`${newsroom.url}/api/events/specs`, {
      method: 'OPTIONS',
      headers: { origin: friend, 'access-control-request-headers': 'authorization' },
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-headers')).toContain('authorization');
  });
});

describe('the end', () => {
  it('[U25] comes with a reason for whoever may no longer watch; without an answer they stay', async () => {
    const newsroom = await openNewsroom({ watchers: { recheckMs: 50 } });
    const [alice, bob] = [await read(newsroom).began(), await read(newsroom, '', { token: 'bob' }).began()];
    newsroom.rights.set('bob', 'unanswered');
    newsroom.rights.set('alice', 'unknown');
    await alice.over();
    const { reason: message, statusCode } = errors['not-authenticated'];
    expect(alice.events.at(-1)).toMatchObject({
      event: 'refused',
      data: { code: 'not-authenticated', message, statusCode },
    });
    newsroom.feed.publish([state('E13')]);
    await bob.hears('spec.created E13');
    expect(alice.events.map(({ event }) => event)).toEqual(['specs.reset', 'refused']);
  });

  it('[U26] of the server tells every reader when to come back', async () => {
    const newsroom = await openNewsroom();
    const readers = [await read(newsroom).began(), await read(newsroom).began()];
    newsroom.watchers.close();
    newsroom.streams.close();
    for (const reader of readers) {
      await reader.over();
      expect(reader.retries).toHaveLength(2);
    }
    await expectRefusal(read(newsroom), 'shutting-down');
  });
});
