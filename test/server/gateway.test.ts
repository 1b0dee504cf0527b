import { once } from 'node:events';
import { createServer, IncomingMessage } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import { type Configuration, Hocuspocus } from '@hocuspocus/server';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Entrance } from '../../server/entrance.ts';
import { errors } from '../../server/errors.ts';
import { Excess } from '../../server/excess.ts';
import { Gateway, type GatewayOptions } from '../../server/gateway.ts';
import { HeadCount } from '../../server/head-count.ts';
import { RoomTypes } from '../../server/room-types.ts';
import type { ConnectionContext } from '../../server/session.ts';
import { until } from '../helpers/until.ts';
import { Visitor, type VisitorOptions } from './visitor.ts';

interface Options {
  readonly gateway?: Partial<GatewayOptions>;
  readonly hocuspocus?: Partial<Configuration<ConnectionContext>>;
}

/** A gateway on a port of its own, and whoever comes to its door. */
async function openGateway(options: Options = {}) {
  const logged: string[] = [];
  const note = (fields: Record<string, unknown>, message: string) => {
    logged.push(JSON.stringify({ ...fields, message }));
  };
  const hocuspocus = new Hocuspocus<ConnectionContext>({ quiet: true, ...options.hocuspocus });
  const gateway = new Gateway({
    traffic: { count: () => undefined },
    allowTokenInQuery: false,
    hocuspocus,
    roomTypes: new RoomTypes([
      { name: 'record', hasIds: true, accessTo: async () => 'edit', extensions: [] },
    ]),
    presence: { take: () => false, leave: () => undefined },
    straightEdits: { take: () => false },
    path: '/realtime',
    maxFrameBytes: 1_000_000,
    entrance: new Entrance({ allowedOrigins: [], trustedProxies: [] }),
    visitors: new HeadCount(),
    maxSockets: 1_000,
    maxSocketsPerAddress: 100,
    authenticationMs: 60_000,
    maxBytesBeforeAuthentication: 65_536,
    maxBytesBeforeAuthenticationInAll: 1_000_000,
    messagesPerSecond: 100,
    excess: new Excess(100_000),
    maxDocumentsPerSocket: 20,
    maxBufferedBytes: 1_600_000,
    pingEveryMs: 60_000,
    whenDurable: (_documentName, then) => then(),
    log: { debug: note, info: note, warn: note, error: note },
    ...options.gateway,
  });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  gateway.attach(server);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/realtime`;

  onTestFinished(async () => {
    gateway.close();
    gateway.terminate();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const knock = (how?: VisitorOptions, at = url) => new Visitor(at, how);
  return { gateway, server, hocuspocus, port, url, logged, knock };
}

describe('the path', () => {
  it.each(['', '?', '?version=1'])(
    '[G1] takes a WebSocket, with or without a query: "/realtime%s"',
    async (query) => {
      const { url, knock } = await openGateway();
      const visitor = knock({}, url + query);
      await visitor.entered();
    },
  );

  it.each(['/', '/realtime/', '/realtimes', '/%72ealtime'])(
    '[G1] answers 404 elsewhere: %s',
    async (path) => {
      const { port, knock } = await openGateway();
      const visitor = knock({}, `http://127.0.0.1:${port}${path}`);
      expect(await until('the upgrade is refused', () => visitor.refusedWith)).toBe(404);
    },
  );

  it('[G1] [G6] leaves a path to whoever took it, but lets no page of another host in there either', async () => {
    const { gateway, port, knock } = await openGateway();
    gateway.delegate('/socket.io/', (_request, stream) => void stream.end('HTTP/1.1 418 Taken\r\n\r\n'));
    const at = `http://127.0.0.1:${port}/socket.io/?EIO=4`;
    const refusal = (how?: VisitorOptions) => {
      const visitor = knock(how, at);
      return until('the upgrade is answered', () => visitor.refusedWith);
    };
    expect(await refusal()).toBe(418);
    expect(await refusal({ headers: { origin: 'https://evil.example' } })).toBe(403);
    gateway.close();
    expect(await refusal()).toBe(503);
  });

  it('[G1] outlives a peer that is gone before it is its turn', async () => {
    const { server, knock } = await openGateway();
    // As after a reset: it has no address any more.
    const gone = new Socket();
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const request = Object.assign(new IncomingMessage(gone), { url: '/realtime', method: 'GET', headers });
    server.emit('upgrade', request, gone, Buffer.alloc(0));
    expect(gone.destroyed).toBe(true);
    await knock().entered();
  });

  it('[G1] keeps no connection open whose upgrade was refused', async () => {
    const { server, port } = await openGateway();
    const stubborn = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void stubborn.destroy());
    stubborn.on('error', () => undefined).resume();
    stubborn.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(stubborn, 'data');
    await until('the server has let go', async () => {
      const count = await new Promise((resolve) =>
        server.getConnections((_error, number) => resolve(number)),
      );
      return count === 0;
    });
  });
});

describe('a frame', () => {
  it('[G2] closes its socket with 1009 when it is too large', async () => {
    const { knock } = await openGateway({ gateway: { maxFrameBytes: 1_024 } });
    const visitor = await knock().entered();
    visitor.ws.send(new Uint8Array(1_025));
    expect(await visitor.sentAway()).toMatchObject({ code: 1009 });
  });

  it('[G2] closes its socket with 1003 when it is text', async () => {
    const { knock } = await openGateway();
    const visitor = await knock().entered();
    visitor.ws.send('hello');
    expect(await visitor.sentAway()).toMatchObject({ code: 1003 });
  });

  it('closes its socket with 1007 when it holds no document name', async () => {
    const { knock } = await openGateway();
    const visitor = await knock().entered();
    visitor.ws.send(new Uint8Array([0xff, 0xff, 0xff]));
    expect(await visitor.sentAway()).toMatchObject({ code: 1007 });
  });

  const name = 'record:a';
  it.each([
    ['a question as an edit', [name.length, ...Buffer.from(name), 0, 0x80, 0, 2, 1, 0]],
    [
      'a token as nothing',
      [name.length | 0x80, 0x80, 0, ...Buffer.from(name), 2, 0, 1, 97, ...Buffer.alloc(20_000)],
    ],
  ])('[R6] [G9] closes its socket with 1007 when it is written so as to count %s', async (_what, bytes) => {
    const { knock } = await openGateway();
    const visitor = await knock().entered();
    visitor.ws.send(Uint8Array.from(bytes));
    expect(await visitor.sentAway()).toMatchObject({ code: 1007 });
  });

  it('[G2] is not read for long behind the closing of its socket', async () => {
    const { knock } = await openGateway({
      gateway: { maxBytesBeforeAuthentication: 1e9, maxBytesBeforeAuthenticationInAll: 1e9 },
    });
    const visitor = await knock().entered();
    const { _socket: stream } = visitor.ws as unknown as { _socket: Socket };
    visitor.ws.send('hello');
    // As a peer that never answers to it.
    stream.removeAllListeners('data');
    const frames = Buffer.alloc(70_000, Buffer.from([0x82, 0x81, 0, 0, 0, 0, 0]));
    for (let sent = 0; sent < 5_000_000 && !stream.destroyed; sent += frames.byteLength) {
      await new Promise((resolve) => stream.write(frames, resolve));
    }
    await until('it is ended', () => stream.destroyed);
  });

  it('[G5] is not compressed, even for a client that offers it', async () => {
    const { knock } = await openGateway();
    const visitor = await knock().entered();
    expect(visitor.ws.extensions).toBe('');
  });
});

describe('a peer', () => {
  it('[G3] is closed when it answers no ping', async () => {
    const { gateway, knock } = await openGateway({ gateway: { pingEveryMs: 30 } });
    const dead = await knock({ autoPong: false }).entered();
    expect(await dead.sentAway()).toMatchObject({ code: 1006 });
    await until('the gateway has forgotten it', () => gateway.socketCount === 0);
  });

  it('[G3] stays when it is quiet but answers, longer than Hocuspocus waits for a word', async () => {
    const { hocuspocus, knock } = await openGateway({
      gateway: { pingEveryMs: 200 },
      hocuspocus: { timeout: 800 },
    });
    const quiet = await knock().entered();
    quiet.authenticate('record:a');
    await until('the document is open', () => hocuspocus.documents.has('record:a'));
    quiet.pings = 0;
    await until('many pings have come', () => quiet.pings > 8);
    expect(quiet.closed).toBeUndefined();
  });

  it('[G3] stays when the clock is set to another time', async () => {
    const { hocuspocus, knock } = await openGateway({
      gateway: { pingEveryMs: 200 },
      hocuspocus: { timeout: 30 },
    });
    const quiet = await knock().entered();
    quiet.authenticate('record:a');
    await until('the document is open', () => hocuspocus.documents.has('record:a'));
    const now = Date.now;
    onTestFinished(() => void vi.restoreAllMocks());
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
    quiet.pings = 0;
    await until('some pings have come', () => quiet.pings > 2);
    expect(quiet.closed).toBeUndefined();
  });

  it('that reads nothing is cut off before what waits for it fills the memory', async () => {
    const { gateway, hocuspocus, knock } = await openGateway({
      gateway: { maxFrameBytes: 400_000 },
      hocuspocus: {
        onLoadDocument: async ({ document }) => document.getText('text').insert(0, 'x'.repeat(300_000)),
      },
    });
    const greedy = await knock().entered();
    greedy.authenticate('record:a');
    await until('the document is open', () => hocuspocus.documents.has('record:a'));
    greedy.ws.pause();
    for (let count = 0; count < 300; count += 1) greedy.askForAll('record:a', count);
    await until('the gateway has cut the peer off', () => gateway.socketCount === 0);
    greedy.ws.resume();
    await greedy.sentAway();
  });
});

describe('an error that nobody foresaw', () => {
  it('[G17] ends the socket whose message it was, and no other', async () => {
    const take = (_socket: unknown, frame: Uint8Array) => {
      if (frame.at(-1) === 13) throw new TypeError('not foreseen');
      return true;
    };
    const { knock, logged } = await openGateway({ gateway: { straightEdits: { take } } });
    const unlucky = await knock().entered();
    const other = await knock().entered();
    unlucky.ws.send(Uint8Array.of(1, 13));
    other.ws.send(Uint8Array.of(1, 12));
    const { closeCode, reason } = errors.internal;
    expect(await unlucky.sentAway()).toEqual({ code: closeCode, reason });
    expect(other.isOpen).toBe(true);
    expect(logged.filter((line) => line.includes('TypeError: not foreseen'))).toHaveLength(1);
  });

  it('[G17] ends the upgrade whose it was', async () => {
    const entrance = new Entrance({ allowedOrigins: [], trustedProxies: [] });
    entrance.isAllowed = ({ url }) => {
      if (url?.endsWith('?bad')) throw new TypeError('not foreseen');
      return true;
    };
    const { url, knock } = await openGateway({ gateway: { entrance } });
    await knock({}, `${url}?bad`).sentAway();
    await knock().entered();
  });
});

describe('a page', () => {
  it.each([
    'https://evil.example',
    'http://127.0.0.1.evil.example',
    'http://127.0.0.1:1',
    'null',
    'nonsense',
  ])('[G6] of another host is answered 403: %s', async (origin) => {
    const { knock } = await openGateway();
    const visitor = knock({ headers: { origin } });
    expect(await until('the upgrade is refused', () => visitor.refusedWith)).toBe(403);
  });

  it.each(['ftp:', 'chrome-extension:', 'custom:'])(
    '[G6] of no host at all is answered 403: %s',
    async (scheme) => {
      const { knock, port } = await openGateway();
      const visitor = knock({ headers: { origin: `${scheme}//127.0.0.1:${port}` } });
      expect(await until('the upgrade is refused', () => visitor.refusedWith)).toBe(403);
    },
  );

  it('[G6] of this host may connect, and one that is configured', async () => {
    const entrance = new Entrance({ allowedOrigins: ['https://records.example.org/'], trustedProxies: [] });
    const { knock, port } = await openGateway({ gateway: { entrance } });
    await knock({ headers: { origin: `http://127.0.0.1:${port}` } }).entered();
    await knock({ headers: { origin: 'https://records.example.org' } }).entered();
  });
});

describe('the address of a client', () => {
  const forwarded = { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' };
  const addressBehind = async (trustedProxies: string[]) => {
    const entrance = new Entrance({ allowedOrigins: [], trustedProxies });
    const addresses: string[] = [];
    const { knock } = await openGateway({
      gateway: { entrance },
      hocuspocus: { onConnect: async ({ context }) => void addresses.push(context.socket.address) },
    });
    (await knock({ headers: forwarded }).entered()).authenticate('record:a');
    return until('the server has seen it', () => addresses[0]);
  };

  it('[G7] is that of the socket, whatever a header says', async () => {
    expect(await addressBehind([])).toBe('127.0.0.1');
  });

  it('[G7] is the nearest one that is no configured proxy', async () => {
    expect(await addressBehind(['127.0.0.1'])).toBe('198.51.100.7');
    expect(await addressBehind(['127.0.0.0/8', '198.51.100.0/24'])).toBe('203.0.113.9');
  });
});

describe('a stranger', () => {
  const isAway = async (visitor: Visitor) => (await visitor.sentAway()).code;

  it('[G8] is sent away when nobody has signed in in time; who has, stays', async () => {
    const { hocuspocus, knock } = await openGateway({
      gateway: { authenticationMs: 300 },
      hocuspocus: {
        onAuthenticate: async ({ context }) => {
          context.socket.isAuthenticated = true;
        },
      },
    });
    const [stranger, known] = [await knock().entered(), await knock().entered()];
    known.authenticate('record:a');
    expect(await isAway(stranger)).toBe(errors['authentication-late'].closeCode);
    expect(known.isOpen).toBe(true);
    expect(hocuspocus.documents.has('record:a')).toBe(true);
  });

  it('[G8] may send little, alone and together with others', async () => {
    const { gateway, knock } = await openGateway({
      gateway: { maxBytesBeforeAuthentication: 2_000, maxBytesBeforeAuthenticationInAll: 5_000 },
    });
    const tooMuch = errors['too-much-unauthenticated'].closeCode;
    const loud = await knock().entered();
    loud.ws.send(frameOf(2_100));
    expect(await isAway(loud)).toBe(tooMuch);

    const many = await Promise.all([1, 2, 3].map(() => knock().entered()));
    for (const visitor of many) visitor.ws.send(frameOf(1_900));
    await until('one of them is sent away', () => many.some(({ closed }) => closed?.code === tooMuch));
    await until('the others stay', () => gateway.socketCount === 2);
  });

  it('[G8] may send little, also of a frame that never ends', async () => {
    const { gateway, knock } = await openGateway();
    const slow = await knock().entered();
    // A masked binary frame of 900,000 bytes begins.
    const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x0d, 0xbb, 0xa0, 0, 0, 0, 0]);
    const { _socket: stream } = slow.ws as unknown as { _socket: Socket };
    stream.write(Buffer.concat([header, Buffer.alloc(100_000)]));
    expect(await isAway(slow)).toBe(errors['too-much-unauthenticated'].closeCode);
    await until('the gateway has forgotten it', () => gateway.socketCount === 0);
  });

  it('[G4] finds no place when all are taken', async () => {
    const { knock } = await openGateway({ gateway: { maxSockets: 1 } });
    await knock().entered();
    const visitor = knock();
    expect(await until('the upgrade is refused', () => visitor.refusedWith)).toBe(503);
  });
});

/** A frame of this size for a document. */
function frameOf(bytes: number): Uint8Array {
  const frame = new Uint8Array(bytes);
  frame.set([8, ...Buffer.from('record:a'), 5]);
  return frame;
}

describe('an address', () => {
  it('[G4] counts those with whom an address came in by another way', async () => {
    const visitors = new HeadCount();
    const leave = visitors.enter('127.0.0.1');
    const { knock } = await openGateway({ gateway: { visitors, maxSocketsPerAddress: 1 } });
    const refused = knock();
    expect((await refused.sentAway()).code).toBe(4029);
    leave();
    await until('the refused one is gone', () => visitors.total === 0);
    await knock().entered();
  });

  it('[G4] has so many sockets and no more, and gets a place back when one of them leaves', async () => {
    const { knock } = await openGateway({ gateway: { maxSocketsPerAddress: 2 } });
    const [first] = [await knock().entered(), await knock().entered()];
    const { closeCode: code, reason } = errors['too-many-connections'];
    expect(await knock().sentAway()).toEqual({ code, reason });
    expect(code).toBe(4029);

    first.ws.close();
    await first.sentAway();
    await until('somebody is let in again', async () => {
      const visitor = await knock().entered();
      visitor.ws.ping();
      await Promise.race([once(visitor.ws, 'pong'), once(visitor.ws, 'close')]);
      return visitor.isOpen;
    });
  });
});

describe('a token in the query', () => {
  it('reaches neither Hocuspocus nor the log', async () => {
    const seen: unknown[] = [];
    const { url, logged, knock } = await openGateway({
      gateway: { maxFrameBytes: 1_024 },
      hocuspocus: {
        onConnect: async ({ request, requestHeaders, requestParameters }) => {
          seen.push(request.url, [...requestHeaders], [...requestParameters]);
        },
      },
    });
    const visitor = await knock({}, `${url}?token=s3cret`).entered();
    visitor.authenticate('record:a', 'another');
    await until('Hocuspocus has seen the request', () => seen.length > 0);
    visitor.ws.send(new Uint8Array(2_000));
    await visitor.sentAway();
    expect(seen).toEqual(['/', [], []]);
    expect(logged.join()).toContain('socket error');
    expect(logged.join()).not.toContain('s3cret');
  });
});

describe('a closed gateway', () => {
  it('tells who is inside to come back, and lets nobody in', async () => {
    const { gateway, knock } = await openGateway();
    const inside = await knock().entered();
    gateway.close();
    const { closeCode: code, reason } = errors['shutting-down'];
    expect(await inside.sentAway()).toEqual({ code, reason });
    const outside = knock();
    expect(await until('the upgrade is refused', () => outside.refusedWith)).toBe(503);
  });
});
