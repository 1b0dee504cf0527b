/**
 * Spec updates on Socket.IO, with its own client, by WebSocket and by polling.
 */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type SpecEvent, specEvent } from '../../../extensions/spec-updates/events.ts';
import type { Subscriptions } from '../../../extensions/spec-updates/watch.ts';
import { type ErrorCode, errors } from '../../../server/errors.ts';
import { until } from '../../helpers/until.ts';
import { type Newsroom, openNewsroom } from './newsroom.ts';
import { gone, heardIn, state } from './states.ts';

type ClientOptions = Partial<ManagerOptions & SocketOptions>;

/** A dashboard on Socket.IO. */
class Dashboard {
  readonly socket: Socket;
  readonly events: SpecEvent[] = [];
  readonly refusals: unknown[] = [];
  readonly errors: { message: string; data?: unknown }[] = [];
  lost = 0;

  constructor({ url }: Newsroom, token: unknown = 'alice', options: ClientOptions = {}) {
    this.socket = io(`${url}/specs`, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 20,
      reconnectionDelayMax: 50,
      ...options,
    });
    this.socket.onAny((event, data) => {
      if (event === 'refused') this.refusals.push(data);
      else if (event.startsWith('spec')) this.events.push(specEvent.parse({ event, data }));
    });
    this.socket.on('connect_error', (error) => void this.errors.push(error));
    this.socket.on('disconnect', () => {
      this.lost += 1;
    });
    onTestFinished(() => void this.socket.disconnect());
  }

  get heard(): string[] {
    return this.events.flatMap(heardIn);
  }

  async connected(): Promise<this> {
    await until('the dashboard is connected', () => this.socket.connected);
    return this;
  }

  ask(message: string, data?: unknown): Promise<Subscriptions & { error?: { code: ErrorCode } }> {
    return this.socket.emitWithAck(message, data);
  }

  async hears(what: string): Promise<void> {
    await until(`"${what}" is told`, () => this.heard.includes(what));
  }

  /** Breaks the connection below, as a network does. */
  break(): void {
    this.socket.io.engine.close();
  }
}

const rooms = (newsroom: Newsroom) => newsroom.feed.statistics.subscriptions;

describe.each([['websocket'], ['polling']])('by %s', (transport) => {
  const by = { transports: [transport] };

  it('[U27] a dashboard subscribes, is told, and unsubscribes', async () => {
    const newsroom = await openNewsroom();
    const { feed } = newsroom;
    const dashboard = await new Dashboard(newsroom, 'alice', by).connected();
    feed.publish([state('E13')]);
    const { subscriptions, eventId } = await dashboard.ask('subscribe', { specIds: ['E13', 'E14-*'] });
    expect(subscriptions).toEqual([{ specIds: ['E13', 'E14-*'] }]);
    expect(eventId).toBe(feed.current().eventId);

    feed.publish([state('E13', { status: 'done' }), state('E14-F01'), state('E15')]);
    feed.publish([gone('E13')]);
    await dashboard.hears('spec.deleted E13');
    expect(dashboard.heard).toEqual(['spec.updated E13', 'spec.created E14-F01', 'spec.deleted E13']);

    expect((await dashboard.ask('unsubscribe', { specIds: ['E14-*'] })).subscriptions).toEqual([
      { specIds: ['E13'] },
    ]);
    feed.publish([state('E14-F01', { status: 'done' })]);
    feed.publish([state('E13')]);
    await dashboard.hears('spec.created E13');
    expect(dashboard.heard).toHaveLength(4);
    expect(feed.statistics.toJSON()).toMatchObject({ connections: { 'socket.io': 1 } });
  });

  it('[U27] is for those alone who may see the specs', async () => {
    const newsroom = await openNewsroom();
    for (const [token, code] of [
      [undefined, 'not-authenticated'],
      [{ $ne: '' }, 'not-authenticated'],
      ['nobody', 'not-authenticated'],
      ['mallory', 'no-such-record'],
    ] as const) {
      const { errors: told, socket } = new Dashboard(newsroom, token ?? null, by);
      const refusal = await until('it is refused', () => told[0]);
      expect(refusal.message).toBe(errors[code].reason);
      expect(refusal.data).toMatchObject({ code });
      socket.disconnect();
    }
    await until('everybody is gone', () => newsroom.visitors.total === 0);
  });

  it('[U24] [U27] counts among the connections of an address and of a user', async () => {
    const newsroom = await openNewsroom({ watchers: { maxVisitorsPerAddress: 3, maxWatchersPerUser: 1 } });
    await new Dashboard(newsroom, 'alice', by).connected();
    const second = new Dashboard(newsroom, 'alice', by);
    await until('the second is refused', () => second.errors[0]);
    expect(second.errors[0]?.data).toMatchObject({ code: 'too-many-connections' });
    second.socket.disconnect();
    const bob = await new Dashboard(newsroom, 'bob', by).connected();
    await until('the second is gone', () => newsroom.visitors.total === 2);
    const leave = newsroom.visitors.enter('127.0.0.1');
    const third = new Dashboard(newsroom, 'carol', by);
    await until('the third is refused', () => third.errors.length > 0);
    third.socket.disconnect();
    leave();
    bob.socket.disconnect();
    await until('there is room again', () => newsroom.visitors.total === 1);
  });
});

describe('rooms', () => {
  it('[U27] are one for each spec: dashboards of the same spec share it, and it goes with the last', async () => {
    const newsroom = await openNewsroom();
    const dashboards = [new Dashboard(newsroom), new Dashboard(newsroom), new Dashboard(newsroom)];
    for (const dashboard of dashboards) {
      await dashboard.connected();
      await dashboard.ask('subscribe', { specIds: ['E13'] });
      await dashboard.ask('subscribe', { specIds: ['E13'] });
    }
    expect(rooms(newsroom)).toBe(1);
    newsroom.feed.publish([state('E13')]);
    for (const dashboard of dashboards) {
      await dashboard.hears('spec.created E13');
      expect(dashboard.events).toHaveLength(1);
    }
    await dashboards[0]?.ask('subscribe', { specIds: ['E14'] });
    expect(rooms(newsroom)).toBe(2);
    await dashboards[0]?.ask('unsubscribe');
    expect((await dashboards[0]?.ask('subscriptions'))?.subscriptions).toEqual([]);
    for (const { socket } of dashboards.slice(1)) socket.disconnect();
    await until('no room is left', () => rooms(newsroom) === 0);
  });

  it('[U27] answer what is no subscription with an error, and the one that is there stays', async () => {
    const newsroom = await openNewsroom();
    const dashboard = await new Dashboard(newsroom).connected();
    await dashboard.ask('subscribe', { specIds: ['E13'] });
    for (const [message, data] of [
      ['subscribe', { specIds: ['../etc'] }],
      ['subscribe', 'E13'],
      ['explode', {}],
    ] as const) {
      expect((await dashboard.ask(message, data)).error).toMatchObject({ code: 'invalid-subscription' });
    }
    dashboard.socket.emit('subscribe', 7);
    await until('it is told without an acknowledgement', () => dashboard.refusals.length === 1);
    newsroom.feed.publish([state('E13')]);
    await dashboard.hears('spec.created E13');
  });
});

describe('who comes back', () => {
  it('[U28] is recovered: misses nothing and hears nothing twice, in 30 broken connections', async () => {
    const newsroom = await openNewsroom();
    const dashboard = await new Dashboard(newsroom).connected();
    await dashboard.ask('subscribe', { specIds: ['E13-*'] });
    newsroom.feed.publish([state('E13-0')]);
    await dashboard.hears('spec.created E13-0');
    for (let round = 1; round <= 30; round += 1) {
      dashboard.break();
      newsroom.feed.publish([state(`E13-${round}`), state(`E14-${round}`)]);
      await dashboard.hears(`spec.created E13-${round}`);
      await dashboard.connected();
      expect(dashboard.socket.recovered).toBe(true);
    }
    expect(dashboard.heard).toEqual(Array.from({ length: 31 }, (_, round) => `spec.created E13-${round}`));
    expect(newsroom.feed.statistics.toJSON()).toMatchObject({ connections: { 'socket.io': 1 } });
  });

  it('[U28] is told everything when that is too long ago', async () => {
    const newsroom = await openNewsroom({ feed: { historySize: 2 } });
    const dashboard = await new Dashboard(newsroom).connected();
    await dashboard.ask('subscribe', {});
    newsroom.feed.publish([state('A')]);
    await dashboard.hears('spec.created A');
    dashboard.break();
    for (const id of ['B', 'C', 'D']) newsroom.feed.publish([state(id)]);
    await dashboard.hears('reset A,B,C,D');
  });

  it('[U28] is asked for its token again, and hears nothing before', async () => {
    const newsroom = await openNewsroom();
    const dashboard = await new Dashboard(newsroom).connected();
    await dashboard.ask('subscribe', {});
    newsroom.feed.publish([state('A')]);
    await dashboard.hears('spec.created A');
    newsroom.rights.set('alice', 'unknown');
    dashboard.break();
    newsroom.feed.publish([state('B')]);
    await until('it is refused', () => dashboard.errors.length > 0);
    expect(dashboard.heard).toEqual(['spec.created A']);
  });

  it('[U28] does not get what somebody else watched, and cannot take it over with their session', async () => {
    const newsroom = await openNewsroom();
    const alice = await new Dashboard(newsroom, 'alice', { reconnection: false }).connected();
    await alice.ask('subscribe', {});
    newsroom.feed.publish([state('A')]);
    await alice.hears('spec.created A');
    const { _pid: pid, _lastOffset: offset } = alice.socket as unknown as {
      _pid: string;
      _lastOffset: string;
    };
    expect(offset).toBe(newsroom.feed.current().eventId);
    alice.break();
    await until('she is gone', () => newsroom.visitors.total === 0);
    newsroom.feed.publish([state('B')]);

    const bob = new Dashboard(newsroom, 'bob', { auth: { token: 'bob', pid, offset }, reconnection: false });
    const refusal = await until('he is refused', () => bob.errors[0]);
    expect(refusal.data).toMatchObject({ code: 'not-authenticated' });
    expect(bob.heard).toEqual([]);
  });

  it('[U2] [U28] may say where to go on', async () => {
    const newsroom = await openNewsroom();
    const { eventId } = newsroom.feed.current();
    newsroom.feed.publish([state('A')]);
    const dashboard = await new Dashboard(newsroom).connected();
    await dashboard.ask('subscribe', { from: eventId });
    expect(dashboard.heard).toEqual(['spec.created A']);
  });
});

describe('limits', () => {
  it('[U23] cut off who does not keep up', async () => {
    const newsroom = await openNewsroom({ maxBufferedBytes: 100_000 });
    const socket = new WebSocket(
      `${newsroom.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
    );
    onTestFinished(() => socket.terminate());
    const told: string[] = [];
    socket.on('message', (data) => void told.push(data.toString()));
    await until('it is open', () => told.some((text) => text.startsWith('0')));
    socket.send('40/specs,{"token":"alice"}');
    await until('it is let in', () => told.some((text) => text.startsWith('40/specs')));
    socket.send('42/specs,0["subscribe",{"maxPerSecond":1000}]');
    await until('it has subscribed', () => told.some((text) => text.startsWith('43/specs,0')));
    socket.pause();
    for (let count = 0; count < 20; count += 1) {
      newsroom.feed.publish([state(`E${count}`, { title: 'x'.repeat(1_000_000) })]);
    }
    await until('it is cut off', () => newsroom.feed.statistics.cutOff === 1);
    await until('its place is free', () => newsroom.visitors.total === 0);
  });

  it('[U24] [G6] keep pages of other hosts out, unless they are named', async () => {
    const friend = 'https://dashboards.example.org';
    const newsroom = await openNewsroom({ allowedOrigins: [friend] });
    const ask = (origin: string) =>
      fetch(`${newsroom.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
    expect((await ask('https://evil.example')).status).toBe(403);
    const welcome = await ask(friend);
    expect(welcome.status).toBe(200);
    expect(welcome.headers.get('access-control-allow-origin')).toBe(friend);
  });

  it('[U27] take no large messages, no flood, and nobody who does not sign in', async () => {
    const newsroom = await openNewsroom({ authenticationMs: 200 });
    const large = await new Dashboard(newsroom, 'alice', { reconnection: false }).connected();
    large.socket.emit('subscribe', { specIds: ['x'.repeat(50_000)] });
    await until('the large one is gone', () => large.lost === 1);

    const loud = await new Dashboard(newsroom, 'alice', { reconnection: false }).connected();
    for (let count = 0; count < 60; count += 1) loud.socket.emit('subscriptions');
    await until('the loud one is gone', () => loud.lost === 1);
    expect(loud.refusals).toEqual([expect.objectContaining({ code: 'too-many-messages' })]);

    const stranger = await fetch(`${newsroom.url}/socket.io/?EIO=4&transport=polling`);
    expect(stranger.status).toBe(200);
    await until('the stranger is gone', () => newsroom.visitors.total === 0);
  });

  it.each(['40/nothing,{}', '42/specs,["subscriptions"]', '3'])(
    '[U27] are cut off when they send very many packets, also before anybody has signed in: %s',
    async (packet) => {
      const newsroom = await openNewsroom({ authenticationMs: 60_000 });
      const ws = new WebSocket(`${newsroom.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
      let answers = 0;
      ws.on('error', () => undefined).on('message', () => {
        answers += 1;
      });
      await until('it is connected', () => newsroom.visitors.total === 1);
      for (let count = 0; count < 300; count += 1) ws.send(packet);
      await until('it is cut off', () => newsroom.visitors.total === 0);
      await until('it knows', () => ws.readyState === WebSocket.CLOSED);
      expect(answers).toBeLessThan(150);
    },
  );

  it('[U27] leave nothing in the namespace that every server has', async () => {
    const newsroom = await openNewsroom();
    const socket = io(newsroom.url, { transports: ['websocket'], forceNew: true, auth: { token: 'alice' } });
    onTestFinished(() => void socket.disconnect());
    const told: Error[] = [];
    socket.on('connect_error', (error) => void told.push(error));
    await until('it is refused', () => told.length > 0);
    expect(socket.connected).toBe(false);
  });

  it('[U25] send whoever may no longer watch away, with a reason', async () => {
    const newsroom = await openNewsroom({ watchers: { recheckMs: 50 } });
    const dashboard = await new Dashboard(newsroom).connected();
    newsroom.rights.set('alice', 'none');
    await until('it is told why', () => dashboard.refusals.length === 1);
    expect(dashboard.refusals[0]).toMatchObject({ code: 'no-such-record' });
    await until('it is gone', () => !dashboard.socket.connected);
  });
});
