/**
 * Which transport is used when, by a machine over links that do as they are told here.
 */
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Connection, type ConnectionState, type Transport } from '../../client/watch-specs/connection.ts';
import type { LinkEnd, LinkHandlers } from '../../client/watch-specs/link.ts';

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

interface FakeLink extends LinkHandlers {
  readonly transport: Transport;
  isClosed: boolean;
}

function openConnection() {
  const links: FakeLink[] = [];
  const states: ConnectionState[] = [];
  const heard: string[] = [];
  const open = (transport: Transport) => (handlers: LinkHandlers) => {
    const link = { ...handlers, transport, isClosed: false };
    links.push(link);
    return () => {
      link.isClosed = true;
    };
  };
  const connection = new Connection({
    open: { websocket: open('websocket'), 'server-sent-events': open('server-sent-events') },
    patienceMs: 3_000,
    probeEveryMs: 30_000,
    backoff: { minMs: 1_000, maxMs: 8_000 },
    onMessage: ({ event }) => void heard.push(event),
    onState: (state) => void states.push(state),
  });
  onTestFinished(() => connection.close());
  return {
    connection,
    links,
    states,
    heard,
    get last() {
      return links.at(-1) as FakeLink;
    },
    get open() {
      return links.filter(({ isClosed }) => !isClosed).map(({ transport }) => transport);
    },
    get transports() {
      return links.map(({ transport }) => transport);
    },
  };
}

const broken: LinkEnd = { reason: 'It broke.', isRefusal: false };
const refused: LinkEnd = { reason: 'You may not.', isRefusal: true };

/** The longest that the machine waits until it looks for a WebSocket again. */
const probeMs = 36_000;

const waitLongest = () => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(1);
  onTestFinished(() => random.mockRestore());
};

describe('the transport', () => {
  beforeEach(waitLongest);

  it('[U31] is a WebSocket when that opens', () => {
    const { connection, last, transports } = openConnection();
    last.onLive();
    expect(connection.state).toEqual({ is: 'live', transport: 'websocket' });
    vi.advanceTimersByTime(600_000);
    expect(transports).toEqual(['websocket']);
  });

  it.each([
    ['breaks', (link: FakeLink) => link.onEnd(broken)],
    ['says nothing for a few seconds', () => void vi.advanceTimersByTime(3_000)],
  ])('[U31] is a stream of events when the WebSocket %s', (_how, fail) => {
    const room = openConnection();
    fail(room.last);
    expect(room.last.transport).toBe('server-sent-events');
    room.last.onLive();
    expect(room.connection.state).toEqual({ is: 'live', transport: 'server-sent-events' });
  });

  it('[U31] goes back to the WebSocket when that can be had, and keeps the stream until then', () => {
    const room = openConnection();
    room.last.onEnd(broken);
    room.last.onLive();
    const stream = room.last;

    vi.advanceTimersByTime(probeMs);
    expect(room.transports).toEqual(['websocket', 'server-sent-events', 'websocket']);
    room.last.onEnd(broken);
    expect(stream.isClosed).toBe(false);

    vi.advanceTimersByTime(probeMs);
    expect(room.transports).toHaveLength(4);
    vi.advanceTimersByTime(3_000);
    expect(room.last.isClosed).toBe(true);
    expect(stream.isClosed).toBe(false);

    vi.advanceTimersByTime(probeMs);
    room.last.onMessage({ event: 'spec.created', data: {} });
    room.last.onLive();
    expect(stream.isClosed).toBe(true);
    expect(room.last.isClosed).toBe(false);
    expect(room.heard).toEqual(['spec.created']);
    expect(room.connection.state).toEqual({ is: 'live', transport: 'websocket' });
    vi.advanceTimersByTime(600_000);
    expect(room.transports).toHaveLength(5);
  });

  it('[U31] is tried first that was live last', () => {
    const room = openConnection();
    room.last.onEnd(broken);
    room.last.onLive();
    room.last.onEnd(broken);
    expect(room.connection.state).toEqual({ is: 'connecting', reason: 'It broke.' });
    vi.advanceTimersByTime(1_000);
    expect(room.last.transport).toBe('server-sent-events');
    room.last.onEnd(broken);
    expect(room.last.transport).toBe('websocket');
  });

  it('[U31] that is lost while another one is tried takes that one along', () => {
    const room = openConnection();
    room.last.onEnd(broken);
    room.last.onLive();
    const stream = room.last;
    vi.advanceTimersByTime(probeMs);
    const probe = room.last;
    stream.onEnd(broken);
    expect(probe.isClosed).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(room.last.transport).toBe('server-sent-events');
    expect(room.links).toHaveLength(4);
  });
});

describe('trouble', () => {
  it('[U32] is met with longer and longer pauses, and none is in step with another', () => {
    const room = openConnection();
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      room.last.onEnd(broken);
      room.last.onEnd(broken);
      const before = room.links.length;
      let pause = 0;
      while (room.links.length === before) {
        vi.advanceTimersByTime(50);
        pause += 50;
      }
      pauses.push(pause);
    }
    for (const [attempt, pause] of pauses.entries()) {
      const longest = Math.min(8_000, 1_000 * 2 ** attempt);
      expect(pause).toBeGreaterThanOrEqual(longest / 2);
      expect(pause).toBeLessThanOrEqual(longest + 50);
    }
    expect(new Set(pauses).size).toBeGreaterThan(2);
  });

  it('[U32] is over for as long as the server asks', () => {
    const room = openConnection();
    room.last.onLive();
    room.last.onEnd({ ...broken, retryAfterMs: 20_000 });
    vi.advanceTimersByTime(19_900);
    expect(room.links).toHaveLength(1);
    vi.advanceTimersByTime(200);
    expect(room.links).toHaveLength(2);
  });

  it('[U33] ends with the refusal of somebody who may not watch', () => {
    const room = openConnection();
    room.last.onEnd(broken);
    room.last.onEnd(refused);
    expect(room.connection.state).toEqual({ is: 'refused', reason: 'You may not.' });
    vi.advanceTimersByTime(600_000);
    expect(room.links).toHaveLength(2);
  });

  it('[U32] leaves nothing open behind a close', () => {
    waitLongest();
    const room = openConnection();
    room.last.onEnd(broken);
    room.last.onLive();
    vi.advanceTimersByTime(probeMs);
    expect(room.links.slice(1).every(({ isClosed }) => !isClosed)).toBe(true);
    room.connection.close();
    expect(room.links.slice(1).every(({ isClosed }) => isClosed)).toBe(true);
    vi.advanceTimersByTime(600_000);
    expect(room.links).toHaveLength(3);
    expect(room.states.at(-1)).toEqual({ is: 'closed' });
  });
});
