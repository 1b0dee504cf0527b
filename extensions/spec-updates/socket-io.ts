/**
 * The spec feed on Socket.IO, namespace `/specs`, on the port of everything else: by WebSocket and by polling.
 *
 * The token comes with the handshake (`auth: { token }`); `subscribe`, `unsubscribe` and `subscriptions` are answered by
 * their acknowledgements; events have the names and the data that they have on every transport.
 */
import type { IncomingMessage } from 'node:http';
import { Server as EngineServer, type Socket as EngineSocket } from 'engine.io';
import type { FastifyPluginAsync } from 'fastify';
import { type ExtendedError, Server, type Socket } from 'socket.io';
import type { Entrance } from '../../server/entrance.ts';
import { asRealtimeError, RealtimeError } from '../../server/errors.ts';
import type { UpgradeHandler } from '../../server/gateway.ts';
import type { Logger } from '../../server/ports.ts';
import { TokenBucket } from '../../server/token-bucket.ts';
import type { SpecFeed } from './feed.ts';
import { SpecRooms } from './socket-io-rooms.ts';
import { SpecSessions } from './socket-io-sessions.ts';
import { Watch, type WatchedSpecs } from './watch.ts';
import type { Watchers } from './watchers.ts';

export interface SocketIoOptions {
  readonly feed: SpecFeed;
  readonly watchers: Watchers;
  readonly entrance: Entrance;
  readonly maxBufferedBytes: number;
  readonly pingEveryMs: number;
  /** How long a connection may take until somebody has signed in on it. */
  readonly authenticationMs: number;
  readonly log: Logger;
}

/** Where its requests and upgrades go. */
export const socketIoPath = '/socket.io/';

/** What clients send are subscriptions of some 100 ids. */
const maxMessageBytes = 32_768;

/** Subscriptions that one connection may change at once, and in a second for long. */
const burst = 50;
const messagesPerSecond = 5;

const tooMany = { error: new RealtimeError('too-many-messages').toJSON() };

/** Packets of any kind, also from who has not signed in; more than these subscriptions, signing in and signs of life. */
const packetBurst = 100;
const packetsPerSecond = 10;

/** Pause between two looks at who does not keep up. */
const sweepMs = 1_000;

/** What Socket.IO keeps of somebody who was cut off, and gives back when they return. */
interface SocketData {
  userId: string;
  watched: WatchedSpecs | null;
}

type SpecSocket = Socket<
  Record<never, never>,
  Record<string, (...data: unknown[]) => void>,
  Record<never, never>,
  SocketData
>;

export class SocketIo {
  readonly #options: SocketIoOptions;
  readonly #engine: EngineServer;
  readonly #server: Server;
  readonly #rooms: SpecRooms;
  /** Every connection, with what sends it away when nobody signs in on it. */
  readonly #connections = new Map<EngineSocket, NodeJS.Timeout>();
  readonly #sweeping: NodeJS.Timeout;

  constructor(options: SocketIoOptions) {
    this.#options = options;
    this.#engine = new EngineServer({
      transports: ['polling', 'websocket'],
      maxHttpBufferSize: maxMessageBytes,
      pingInterval: options.pingEveryMs,
      perMessageDeflate: false,
      httpCompression: false,
      allowRequest: (request, answer) => {
        try {
          options.watchers.checkRoom(options.entrance.addressOf(request));
          answer(null, true);
        } catch (thrown) {
          answer(asRealtimeError(thrown).reason, false);
        }
      },
    });
    this.#engine.on('connection', (socket: EngineSocket) => this.#count(socket));
    this.#engine.on('headers', allowToRead);

    this.#server = new Server({
      serveClient: false,
      connectionStateRecovery: { skipMiddlewares: false },
      adapter: SpecSessions as never,
    });
    this.#server.bind(this.#engine);
    // There is nothing in the namespace that every server has.
    this.#server.use((_socket, next) => next(refusal(new RealtimeError('not-authenticated'))));
    const specs = this.#server.of('/specs');
    this.#rooms = new SpecRooms(options.feed, specs);
    specs.use((socket, next) => {
      this.#signIn(socket as SpecSocket).then(
        () => next(),
        (thrown: unknown) => next(refusal(asRealtimeError(thrown))),
      );
    });
    specs.on('connection', (socket) => this.#serve(socket as SpecSocket));
    this.#sweeping = setInterval(() => this.#cutOffTheSlow(), sweepMs);
    this.#sweeping.unref();
  }

  /** For the gateway, which has seen where it comes from. */
  readonly upgrade: UpgradeHandler = (request, stream, head) => {
    // The types of engine.io name a part of a request that it adds itself.
    this.#engine.handleUpgrade(request as never, stream, head);
  };

  /** Polling. */
  readonly routes: FastifyPluginAsync = async (app) => {
    await app.register(async (routes) => {
      // engine.io reads the body by itself.
      routes.removeAllContentTypeParsers();
      routes.addContentTypeParser('*', (_request, _payload, done) => done(null));
      routes.route({
        method: ['GET', 'POST'],
        url: socketIoPath,
        exposeHeadRoute: false,
        handler: async (request, reply) => {
          if (!this.#options.entrance.isAllowed(request.raw)) throw new RealtimeError('foreign-page');
          reply.hijack();
          this.#engine.handleRequest(request.raw as never, reply.raw as never);
        },
      });
    });
  };

  /** Sends everybody away; their clients come back by themselves. */
  close(): void {
    clearInterval(this.#sweeping);
    this.#engine.close();
  }

  /** A connection counts from its first request on, whatever becomes of it. */
  #count(socket: EngineSocket): void {
    const { watchers, entrance, authenticationMs } = this.#options;
    let leave: () => void;
    try {
      leave = watchers.enter(entrance.addressOf(socket.request));
    } catch {
      // The last place was taken while it came in.
      return socket.close(true);
    }
    const lateness = setTimeout(() => socket.close(true), authenticationMs);
    lateness.unref();
    this.#connections.set(socket, lateness);
    const packets = new TokenBucket(packetsPerSecond, packetBurst);
    socket.on('packet', () => {
      if (!packets.take(1)) cutOff(socket);
    });
    socket.on('close', () => {
      leave();
      clearTimeout(lateness);
      this.#connections.delete(socket);
    });
  }

  /** @throws RealtimeError when they may not watch */
  async #signIn(socket: SpecSocket): Promise<void> {
    const { watchers, entrance, log } = this.#options;
    const { token } = socket.handshake.auth as { token?: unknown };
    if (typeof token !== 'string' || token === '') throw new RealtimeError('not-authenticated');
    const credentials = { token, address: entrance.addressOf(socket.request as IncomingMessage) };
    const user = await watchers.identify(credentials);
    // What somebody else watched is nobody's business.
    if (socket.recovered && socket.data.userId !== user.id) throw new RealtimeError('not-authenticated');
    socket.data.userId = user.id;
    const resign = watchers.admit(user, {
      credentials,
      onRevoked: (error) => {
        socket.emit('refused', error.toJSON());
        socket.disconnect(true);
        log.debug({ userId: user.id }, 'sent away');
      },
    });
    // Also when it goes before it is let in.
    socket.conn.once('close', resign);
    socket.once('disconnect', resign);
  }

  #serve(socket: SpecSocket): void {
    const { feed } = this.#options;
    clearTimeout(this.#connections.get(socket.conn));
    const disconnected = feed.statistics.connected('socket.io');
    const watch = new Watch(this.#rooms.listening(socket as unknown as Socket), feed.current().eventId);
    const allowance = new TokenBucket(messagesPerSecond, burst);
    socket.once('disconnect', () => {
      disconnected();
      watch.close();
    });
    socket.onAny((message: string, ...rest: unknown[]) => {
      const acknowledge = rest.findLast((value) => typeof value === 'function');
      const data = rest[0] === acknowledge ? undefined : rest[0];
      const isInTime = allowance.take(1);
      const answer = isInTime ? this.#answer(watch, message, data) : tooMany;
      socket.data.watched = watch.subscriptions().subscriptions[0] ?? null;
      if (acknowledge) (acknowledge as (answer: unknown) => void)(answer);
      else
        socket.emit(
          'error' in answer ? 'refused' : 'subscriptions',
          'error' in answer ? answer.error : answer,
        );
      if (!isInTime) socket.disconnect(true);
    });
    if (socket.recovered && socket.data.watched) {
      watch.subscribe({ ...socket.data.watched, from: String(socket.handshake.auth.offset) });
    }
  }

  #answer(watch: Watch, message: string, data: unknown) {
    try {
      if (message === 'subscribe') return watch.subscribe(data ?? {});
      if (message === 'unsubscribe') return watch.unsubscribe(data);
      if (message === 'subscriptions') return watch.subscriptions();
      throw new RealtimeError('invalid-subscription');
    } catch (thrown) {
      return { error: asRealtimeError(thrown).toJSON() };
    }
  }

  #cutOffTheSlow(): void {
    for (const socket of this.#connections.keys()) {
      if (waitingBytes(socket) <= this.#options.maxBufferedBytes) continue;
      this.#options.feed.statistics.cutOff += 1;
      socket.close(true);
    }
  }
}

/** As a client sees it in `connect_error`: the reason as its message, the rest as its data. */
function refusal(error: RealtimeError): ExtendedError {
  return Object.assign(new Error(error.reason), { data: error.toJSON() });
}

/** What has arrived already behind it is not read any more. */
function cutOff(socket: EngineSocket): void {
  const { transport } = socket as unknown as {
    readonly transport: { readonly socket?: { terminate(): void } };
  };
  socket.close(true);
  transport.socket?.terminate();
}

/** What lies in Socket.IO's queue, and what the socket below has not sent. */
function waitingBytes(socket: EngineSocket): number {
  const { writeBuffer, transport } = socket as unknown as {
    readonly writeBuffer: readonly { readonly data?: unknown }[];
    readonly transport: { readonly socket?: { readonly bufferedAmount: number } };
  };
  const queued = writeBuffer.reduce(
    (bytes, { data }) => bytes + (typeof data === 'string' ? data.length : 0),
    0,
  );
  return queued + (transport.socket?.bufferedAmount ?? 0);
}

/** Only pages that may connect come this far. */
function allowToRead(headers: Record<string, string>, { headers: { origin } }: IncomingMessage): void {
  if (origin === undefined) return;
  headers['access-control-allow-origin'] = origin;
  headers.vary = 'origin';
}
