import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type Configuration, Hocuspocus } from '@hocuspocus/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { errors } from '../../server/errors.ts';
import { Gateway, type GatewayOptions } from '../../server/gateway.ts';
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
    hocuspocus,
    path: '/realtime',
    maxFrameBytes: 1_000_000,
    maxSocketsPerAddress: 100,
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
    for (let count = 0; count < 300; count += 1) greedy.askForAll('record:a');
    await until('the gateway has cut the peer off', () => gateway.socketCount === 0);
    greedy.ws.resume();
    await greedy.sentAway();
  });
});

describe('an address', () => {
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
