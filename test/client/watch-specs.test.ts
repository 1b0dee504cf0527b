/**
 * The client that watches specs, against a whole server, over a line that breaks.
 */
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket as WsWebSocket } from 'ws';
import {
  type ConnectionState,
  type SpecMetadata,
  type WatchSpecsOptions,
  watchSpecs,
} from '../../client/index.ts';
import { type SpecEvent, specEvent } from '../../extensions/spec-updates/events.ts';
import { SpecFeed } from '../../extensions/spec-updates/feed.ts';
import { errors } from '../../server/errors.ts';
import { heardIn, state } from '../extensions/spec-updates/states.ts';
import { openTcpLine } from '../helpers/tcp-line.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let feed: SpecFeed;
let townHall: TownHall;
beforeEach(async () => {
  feed = new SpecFeed({ historySize: 10_000 });
  townHall = await TownHall.open({ specs: feed, settings: { 'limits.ping_seconds': 1 } });
});
afterEach(() => townHall.close());

/** WebSockets that can be blocked, as a proxy does. */
function blockable() {
  const door = { isBlocked: false, isSilent: false };
  class BlockableWebSocket extends globalThis.WebSocket {
    constructor(url: string | URL) {
      if (door.isBlocked) throw new Error('blocked');
      // An address where nobody answers: the handshake never ends.
      super(door.isSilent ? 'ws://192.0.2.1' : url);
    }
  }
  return { door, WebSocket: BlockableWebSocket as typeof globalThis.WebSocket };
}

async function tcpLine() {
  const line = await openTcpLine(townHall.url);
  onTestFinished(() => line.close());
  return line;
}

function watch(token: WatchSpecsOptions['token'], options: Partial<WatchSpecsOptions> = {}) {
  const events: SpecEvent[] = [];
  const resets: SpecMetadata[][] = [];
  const states: ConnectionState[] = [];
  const watching = watchSpecs({
    url: townHall.url,
    token,
    patienceMs: 2_000,
    probeEveryMs: 100,
    backoff: { minMs: 20, maxMs: 200 },
    onEvent: (event) => void events.push(specEvent.parse(event)),
    onReset: (specs) => void resets.push(specs),
    onState: (now) => void states.push(now),
    ...options,
  });
  onTestFinished(() => watching.close());
  return {
    watching,
    events,
    resets,
    states,
    get heard() {
      return events.flatMap(heardIn);
    },
    async live(transport: string) {
      await until(`events come by ${transport}`, () => {
        const { state: now } = watching;
        return now.is === 'live' && now.transport === transport;
      });
    },
    async hears(what: string) {
      await until(`"${what}" is told`, () => this.heard.includes(what));
    },
  };
}

const created = (count: number) => Array.from({ length: count }, (_, index) => `spec.created E${index}`);

describe('a dashboard', () => {
  it('[U30] is told everything that there is, and then what changes, as it asked', async () => {
    feed.publish([state('E13'), state('E13-F01', { parent: 'E13' }), state('E14')]);
    const dashboard = watch(await townHall.tokenOf('alice'), { specIds: ['E13'], includeChildren: true });
    await dashboard.live('websocket');
    expect(dashboard.resets[0]?.map(({ id }) => id)).toEqual(['E13', 'E13-F01']);
    feed.publish([state('E14', { status: 'done' })]);
    feed.publish([state('E13-F01', { parent: 'E13', status: 'done' })]);
    await dashboard.hears('spec.updated E13-F01');
    expect(dashboard.heard).toEqual(['spec.updated E13-F01']);
    expect(dashboard.watching.lastEventId).toBe(feed.current().eventId);
    expect(feed.statistics.toJSON()).toMatchObject({ connections: { websocket: 1 }, subscriptions: 1 });
  });

  it.each([
    ['fail', { isBlocked: true }],
    ['hang', { isSilent: true }],
  ])('[U31] hears all by server-sent events while WebSockets %s, and goes back', async (_how, block) => {
    const { door, WebSocket } = blockable();
    Object.assign(door, block);
    const dashboard = watch(await townHall.tokenOf('alice'), { WebSocket, patienceMs: 500 });
    await dashboard.live('server-sent-events');
    feed.publish([state('E0')]);
    await dashboard.hears('spec.created E0');

    Object.assign(door, { isBlocked: false, isSilent: false });
    await dashboard.live('websocket');
    feed.publish([state('E1')]);
    await dashboard.hears('spec.created E1');
    await until('the stream is closed', () => feed.statistics.subscriptions === 1);
    expect(dashboard.heard).toEqual(created(2));
    expect(dashboard.resets).toHaveLength(1);
  });

  it('[U31] [U32] neither loses nor doubles an event in 50 broken connections and changes of transport', async () => {
    const line = await tcpLine();
    const { door, WebSocket } = blockable();
    const dashboard = watch(await townHall.tokenOf('alice'), {
      url: line.url,
      WebSocket,
      probeEveryMs: 20,
      maxPerSecond: 1_000,
    });
    let count = 0;
    const publish = () => {
      feed.publish([state(`E${count}`)]);
      count += 1;
    };
    await dashboard.live('websocket');
    for (let round = 0; round < 50; round += 1) {
      door.isBlocked = round % 10 < 2;
      publish();
      line.cut();
      publish();
      // Also while two links bring the same.
      const transport = door.isBlocked ? 'server-sent-events' : 'websocket';
      await until(`events come by ${transport}`, () => {
        publish();
        const { state: now } = dashboard.watching;
        return now.is === 'live' && now.transport === transport;
      });
      await dashboard.hears(`spec.created E${count - 1}`);
    }
    expect(dashboard.heard).toEqual(created(count));
    expect(dashboard.resets).toHaveLength(1);
  });

  it('[U31] hears nothing twice that went ahead of its turn, when the connection breaks before the turn', async () => {
    const line = await tcpLine();
    const dashboard = watch(await townHall.tokenOf('alice'), { url: line.url, maxPerSecond: 10 });
    await dashboard.live('websocket');
    const ids = Array.from({ length: 400 }, (_, index) => `E${index}`);
    for (const id of ids) feed.publish([state(id, { priority: id.endsWith('9') ? 'Critical' : null })]);
    await until('some went ahead', () => dashboard.events.some(({ data }) => data.eventId === null));
    line.cut();
    await until('all is told', () => dashboard.heard.length >= ids.length);
    feed.publish([state('last')]);
    await dashboard.hears('spec.created last');
    expect(dashboard.heard.toSorted()).toEqual([...ids, 'last'].map((id) => `spec.created ${id}`).toSorted());
    expect(dashboard.resets).toHaveLength(1);
  });

  it('[U30] works without any WebSocket, as in Node 20, and with that of another package', async () => {
    const token = await townHall.tokenOf('alice');
    const without = watch(token, { WebSocket: null });
    const withWs = watch(token, { WebSocket: WsWebSocket as unknown as typeof WebSocket });
    await withWs.live('websocket');
    await without.live('server-sent-events');
    feed.publish([state('E0')]);
    await withWs.hears('spec.created E0');
    await without.hears('spec.created E0');
  });

  it('[U32] is told everything anew when the server began anew, or what it missed is too long ago', async () => {
    const dashboard = watch(await townHall.tokenOf('alice'));
    await dashboard.live('websocket');
    feed.fill([]);
    await until('everything is told', () => dashboard.resets.length === 2);
  });

  it.each([['websocket'], ['server-sent-events']])(
    '[U32] notices that nothing comes any more by %s, but not that nothing happens, and comes back',
    async (transport) => {
      const line = await tcpLine();
      const { door, WebSocket } = blockable();
      door.isBlocked = transport !== 'websocket';
      const options = { url: line.url, WebSocket, silenceMs: 1_500, patienceMs: 1_000, probeEveryMs: 60_000 };
      const dashboard = watch(await townHall.tokenOf('alice'), options);
      await dashboard.live(transport);
      const quietSince = performance.now();
      await until('nothing happens for a while', () => performance.now() - quietSince > 3_000);
      expect(dashboard.states.filter(({ is }) => is === 'live')).toHaveLength(1);

      line.freeze();
      feed.publish([state('E0')]);
      await dashboard.hears('spec.created E0');
      expect(dashboard.states.filter(({ is }) => is === 'live')).toHaveLength(2);
    },
  );
});

describe('a token', () => {
  it('[U33] that the server refuses ends it, with the reason', async () => {
    const dashboard = watch('nobody-has-this-token');
    await until('it is refused', () => dashboard.watching.state.is === 'refused');
    expect(dashboard.watching.state).toEqual({ is: 'refused', reason: errors['not-authenticated'].reason });
    expect(feed.statistics.subscriptions).toBe(0);
  });

  it('[U25] [U33] that is revoked ends it at once, on every transport; who may stay does', async () => {
    const alice = await townHall.tokenOf('alice');
    const bob = await townHall.tokenOf('bob');
    const dashboards = [watch(alice), watch(alice, { WebSocket: null })];
    const stays = watch(bob, { WebSocket: null });
    await dashboards[0]?.live('websocket');
    await dashboards[1]?.live('server-sent-events');
    await stays.live('server-sent-events');
    await townHall.logOut(alice);
    await townHall.server.revoke({ token: alice });
    for (const { watching } of dashboards) {
      await until('it is refused', () => watching.state.is === 'refused');
    }
    await townHall.server.revoke({ token: bob });
    feed.publish([state('E0')]);
    await stays.hears('spec.created E0');
    expect(stays.states.filter(({ is }) => is === 'live')).toHaveLength(1);
    expect(dashboards.flatMap(({ heard }) => heard)).toEqual([]);
  });

  it('[U33] may be a function, and is asked for each connection', async () => {
    const line = await tcpLine();
    const alice = await townHall.tokenOf('alice');
    let asked = 0;
    const token = async () => {
      asked += 1;
      return alice;
    };
    const dashboard = watch(token, { url: line.url });
    await dashboard.live('websocket');
    line.cut();
    await until('it is asked again', () => asked === 2);
    await dashboard.live('websocket');
  });

  it('[U33] is not needed to say what is wrong with a filter', async () => {
    const dashboard = watch(await townHall.tokenOf('alice'), { specIds: ['../etc'] });
    await until('it is refused', () => dashboard.watching.state.is === 'refused');
    expect(JSON.stringify(dashboard.watching.state)).toContain('specIds');
  });
});

it('[U32] leaves nothing open behind a close', async () => {
  const dashboard = watch(await townHall.tokenOf('alice'));
  await dashboard.live('websocket');
  dashboard.watching.close();
  await until('its connection is gone', () => feed.statistics.subscriptions === 0);
  expect(dashboard.watching.state).toEqual({ is: 'closed' });
});
