/**
 * Turns HTTP upgrades into Hocuspocus connections.
 *
 * Our own `ws` server drives `hocuspocus.handleConnection()`: it knows the client's address, refuses
 * oversized frames, and saves the proxy that Hocuspocus' own server puts around every socket.
 * Who may do what is decided later, when the first authentication frame arrives. Below its path plain y-websocket clients
 * come in, whose frames are translated at the socket; behind that they are like all others.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Hocuspocus } from '@hocuspocus/server';
import { WebSocket, WebSocketServer } from 'ws';
import type { Presence } from '../extensions/presence.ts';
import type { StraightEdits } from '../extensions/straight-edits.ts';
import { Conduct } from './conduct.ts';
import type { Entrance } from './entrance.ts';
import { type ErrorCode, errors } from './errors.ts';
import type { Excess } from './excess.ts';
import { Farewells } from './farewells.ts';
import { addressIn, isToken, kindOf, notice, refusal, wrongName } from './frame-address.ts';
import { GatewaySocket } from './gateway-socket.ts';
import type { HeadCount } from './head-count.ts';
import { Lane } from './lane.ts';
import { networkOf } from './network.ts';
import { Opening } from './opening.ts';
import type { Traffic } from './operations/traffic.ts';
import { Pace } from './pace.ts';
import { PlainClient, recordIdIn, signOfLife, signOfLifeMs, tokenIn } from './plain-client.ts';
import type { Logger } from './ports.ts';
import type { RoomTypes } from './room-types.ts';
import type { ConnectionContext } from './session.ts';

export interface GatewayOptions {
  readonly hocuspocus: Hocuspocus<ConnectionContext>;
  /** Which documents there are. */
  readonly roomTypes: Pick<RoomTypes, 'check'>;
  /** URL path of the WebSocket. */
  readonly path: string;
  /** Whether a plain client may sign in with a token in the URL. */
  readonly allowTokenInQuery: boolean;
  readonly maxFrameBytes: number;
  readonly entrance: Entrance;
  /** Who is connected, by address; others who open connections of their own count there too. */
  readonly visitors: HeadCount;
  readonly maxSockets: number;
  readonly maxSocketsPerAddress: number;
  /** How long a socket may take until somebody is known on it, in ms. */
  readonly authenticationMs: number;
  /** How much one socket may send before that, and all of them together. */
  readonly maxBytesBeforeAuthentication: number;
  readonly maxBytesBeforeAuthenticationInAll: number;
  /** Messages a second that are handled as they come; what is faster waits. */
  readonly messagesPerSecond: number;
  /** How far each user has gone beyond that. */
  readonly excess: Excess;
  /** Documents that one socket may be in. */
  readonly maxDocumentsPerSocket: number;
  /** How much may wait for one peer to read it, in bytes. */
  readonly maxBufferedBytes: number;
  readonly pingEveryMs: number;
  /** Takes the frames that are about awareness: Hocuspocus gets none of them. */
  readonly presence: Pick<Presence, 'take' | 'leave'>;
  /** Takes the edits for which nobody has to wait. */
  readonly straightEdits: Pick<StraightEdits, 'take'>;
  /** Calls back once everything that the document holds now is durable. */
  readonly whenDurable: (documentName: string, then: () => void) => void;
  /** Counts every frame that comes and goes. */
  readonly traffic: Pick<Traffic, 'count'>;
  readonly log: Logger;
}

export type UpgradeHandler = (request: IncomingMessage, stream: Duplex, head: Buffer) => void;

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #webSocketServer: WebSocketServer;
  readonly #sockets = new Set<GatewaySocket>();
  /** Who else takes upgrades, by path. */
  readonly #neighbours = new Map<string, UpgradeHandler>();
  /** What sockets have sent on which nobody is known yet, in bytes. */
  #bytesOfStrangers = 0;
  readonly #lane = new Lane();
  readonly #pinging: NodeJS.Timeout;
  readonly #livening: NodeJS.Timeout;
  #isAccepting = true;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#webSocketServer = new WebSocketServer({
      noServer: true,
      // Compression lets a few bytes become many: off.
      perMessageDeflate: false,
      maxPayload: options.maxFrameBytes,
      // ws would keep a second set of all clients.
      clientTracking: false,
    });
    this.#pinging = setInterval(() => this.#pingAll(), options.pingEveryMs);
    this.#pinging.unref();
    this.#livening = setInterval(() => {
      for (const socket of this.#sockets) if (socket.plain) socket.write(signOfLife);
    }, signOfLifeMs);
    this.#livening.unref();
  }

  attach(server: Server): void {
    server.on('upgrade', (request, stream, head) => {
      try {
        this.#upgrade(request, stream, head);
      } catch (error) {
        this.#options.log.error({ cause: String(error) }, 'an upgrade could not be handled');
        stream.destroy();
      }
    });
  }

  /** Leaves the upgrades at another path to somebody else, who judges them by the same entrance and limits. */
  delegate(path: string, handle: UpgradeHandler): void {
    this.#neighbours.set(path, handle);
  }

  get socketCount(): number {
    return this.#sockets.size;
  }

  /** Refuses what comes from now on and closes what is open; clients are told that trying again helps. */
  close(): void {
    this.#isAccepting = false;
    clearInterval(this.#pinging);
    clearInterval(this.#livening);
    for (const socket of this.#sockets) socket.refuse('shutting-down');
  }

  /** Ends what did not answer `close()` in time. */
  terminate(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', this.#onError);
    const path = request.url?.split('?', 1)[0] ?? '';
    const neighbour = this.#neighbours.get(path);
    const recordId = recordIdIn(path, this.#options.path);
    if (path !== this.#options.path && !neighbour && recordId === null) {
      return refuseUpgrade(stream, '404 Not Found');
    }
    const { entrance, maxSockets, visitors } = this.#options;
    if (!this.#isAccepting) return refuseUpgrade(stream, '503 Service Unavailable');
    if (!entrance.isAllowed(request)) return refuseUpgrade(stream, '403 Forbidden');
    if (neighbour) return neighbour(request, stream, head);
    // Gone, before it was its turn.
    if (entrance.addressOf(request) === '') return void stream.destroy();
    if (visitors.total >= maxSockets) return refuseUpgrade(stream, '503 Service Unavailable');
    this.#webSocketServer.handleUpgrade(request, stream, head, (ws) => {
      this.#accept(ws, request, stream, recordId);
    });
  }

  /** Not a closure in there, which would keep each request for as long as its socket lives. */
  readonly #onError = (error: Error): void => {
    this.#options.log.debug({ error: error.message }, 'upgrade failed');
  };

  /** @param recordId of a plain client; `null` for one of Hocuspocus */
  #accept(ws: WebSocket, request: IncomingMessage, stream: Duplex, recordId: string | null): void {
    const { entrance, visitors, maxBufferedBytes, whenDurable, authenticationMs } = this.#options;
    const address = entrance.addressOf(request);
    const features = announcedFeatures(request);
    const socket: GatewaySocket = new GatewaySocket({
      ws,
      stream,
      address,
      features,
      plain: recordId === null ? null : new PlainClient(recordId, (code) => dismiss(socket, code)),
      conduct: new Conduct(() => void this.#dismiss(socket)),
      maxBufferedBytes,
      whenDurable,
      traffic: this.#options.traffic,
    });
    const leave = visitors.enter(address);
    this.#sockets.add(socket);
    const about = { socket: socket.id, address };
    this.#options.log.debug(about, 'a socket came');
    ws.on('error', (error) => this.#options.log.debug({ ...about, error: error.message }, 'socket error'));
    if (visitors.of(address) > this.#options.maxSocketsPerAddress) {
      ws.on('close', (code) => {
        this.#options.log.debug({ ...about, code }, 'a socket went');
        this.#sockets.delete(socket);
        leave();
      });
      return socket.refuse('too-many-connections');
    }
    void visitors.isOver(address, this.#options.maxSocketsPerAddress).then((isOver) => {
      if (isOver) socket.refuse('too-many-connections');
    });

    socket.lateness = setTimeout(() => socket.refuse('authentication-late'), authenticationMs).unref();
    const connection = this.#options.hocuspocus.handleConnection(socket, slimRequest, { socket });
    // Hocuspocus would close who says nothing for a minute, by a clock that may be set: here a ping tells who is there.
    clearInterval(connection.pingInterval);
    flatten((connection as unknown as { socketId: string }).socketId);
    const farewells = new Farewells(connection, (frame) => {
      const isTaken = this.#options.presence.take(socket, frame);
      if (!isTaken) opening.handsOn();
      return isTaken;
    });
    const opening = new Opening(connection, {
      maxDocuments: this.#options.maxDocumentsPerSocket,
      maxEarlyBytes: this.#options.maxBytesBeforeAuthentication,
    });
    const pace = new Pace({
      messagesPerSecond: this.#options.messagesPerSecond,
      lane: this.#lane,
      isReady: () => !opening.isFull,
      handle: (frame) => this.#contain(socket, () => this.#handle(frame, socket, farewells, opening)),
      mayBeFromOffline: (frame) => !socket.acknowledgements.isExchanged(addressIn(frame) ?? ''),
      source: ws,
      onExcess: (weight, frame) => void this.#judge(socket, weight, frame),
    });
    socket.pace = pace;
    ws.on('close', (code, reason) => {
      this.#options.log.debug({ ...about, code }, 'a socket went');
      clearTimeout(socket.lateness);
      this.#bytesOfStrangers -= socket.bytesBeforeAuthentication;
      socket.bytesBeforeAuthentication = 0;
      this.#options.presence.leave(socket);
      pace.finish(() => {
        this.#sockets.delete(socket);
        leave();
        for (const callBack of socket.whenClosed) callBack();
        socket.acknowledgements.forget();
        connection.handleClose({ code, reason: reason.toString() });
        farewells.forget();
      });
    });
    ws.on('message', (data: Buffer, isBinary: boolean) => {
      socket.isAlive = true;
      this.#contain(socket, () => {
        if (isBinary) this.#receive(data, socket, pace);
        else if (ws.readyState === WebSocket.OPEN) answerText(data, socket);
      });
    });
    // Before anybody looks at it: also a frame that never ends takes room.
    const count = (chunk: Buffer) => {
      if (!this.#hasRoomFor(chunk, socket)) socket.cutOff('too-much-unauthenticated');
      if (socket.isAuthenticated) stream.off('data', count);
    };
    stream.prependListener('data', count);
    ws.on('pong', () => {
      socket.isAlive = true;
    });
    if (socket.plain) this.#signIn(socket, socket.plain, request, (frame) => pace.take(frame));
  }

  #signIn(
    socket: GatewaySocket,
    plain: PlainClient,
    request: IncomingMessage,
    take: (frame: Buffer) => void,
  ): void {
    const { allowTokenInQuery, log } = this.#options;
    const found = tokenIn(request, allowTokenInQuery);
    if (found?.isInQuery) {
      const { id, address } = socket;
      log.warn({ socket: id, address }, 'a token came in the query, where proxies keep it');
    }
    if (found && found.token.length <= longestToken) take(plain.signIn(found.token));
    else socket.refuse('not-authenticated');
  }

  /** What a message brings about is the affair of its own socket: an error that nobody foresaw ends that one alone. */
  #contain(socket: GatewaySocket, work: () => void): void {
    try {
      work();
    } catch (error) {
      const { id, address, userId } = socket;
      const about = { socket: id, address, userId, cause: String(error) };
      this.#options.log.error(about, 'a message could not be handled');
      socket.refuse('internal');
    }
  }

  #receive(data: Buffer, socket: GatewaySocket, pace: Pace): void {
    const { plain } = socket;
    const frame = plain ? plain.incoming(data) : data;
    if (frame === null) return socket.close(1007, 'This is not a frame of y-websocket.');
    this.#options.traffic.count('in', frame);
    pace.take(frame);
  }

  #handle(frame: Buffer, socket: GatewaySocket, farewells: Farewells, opening: Opening): void {
    if (this.#options.straightEdits.take(socket, frame)) return;
    const address = addressIn(frame);
    const wrong = address === null ? null : wrongName(address, this.#options.roomTypes);
    if (address === null || wrong === null || kindOf(frame) === null) {
      return socket.close(1007, 'This is not a Hocuspocus frame.');
    }
    if (wrong) return socket.send(refusal(address, wrong));
    if (isToken(frame)) {
      if (!opening.hasRoomFor(address)) return socket.send(refusal(address, 'too-many-documents'));
    } else if (!opening.isWorthKeeping(address, frame)) return;
    farewells.handle(frame);
  }

  /** What comes too fast waits its turn; who goes on like that is warned first and then sent away. */
  async #judge(socket: GatewaySocket, weight: number, frame: Buffer): Promise<void> {
    const { excess, log } = this.#options;
    const standing = await excess.add(socket.userId ?? networkOf(socket.address), weight);
    if (standing === 'fine' || socket.standing === standing) return;
    socket.standing = standing;
    const { id, address, userId } = socket;
    log.warn({ socket: id, address, userId, standing }, 'a client sends more than it may');
    if (standing === 'exceeded') return socket.refuse('too-many-messages');
    const to = addressIn(frame);
    if (to !== null) socket.send(notice(to, 'slow-down', { reason: errors['too-many-messages'].reason }));
  }

  /** What it was refused weighs, so that coming back and going on is of no use. */
  async #dismiss(socket: GatewaySocket): Promise<void> {
    if (socket.readyState !== WebSocket.OPEN) return;
    const { excess, log } = this.#options;
    const { id, address, userId } = socket;
    log.warn({ socket: id, address, userId }, 'a client goes on sending what is refused');
    socket.refuse('too-many-refusals');
    await excess.add(userId ?? networkOf(address), weightOfDismissal);
  }

  /** Strangers may send little: what it takes to become known. */
  #hasRoomFor(data: Buffer, socket: GatewaySocket): boolean {
    if (socket.isAuthenticated) {
      this.#bytesOfStrangers -= socket.bytesBeforeAuthentication;
      socket.bytesBeforeAuthentication = 0;
      return true;
    }
    socket.bytesBeforeAuthentication += data.byteLength;
    this.#bytesOfStrangers += data.byteLength;
    const { maxBytesBeforeAuthentication, maxBytesBeforeAuthenticationInAll } = this.#options;
    return (
      socket.bytesBeforeAuthentication <= maxBytesBeforeAuthentication &&
      this.#bytesOfStrangers <= maxBytesBeforeAuthenticationInAll
    );
  }

  #pingAll(): void {
    for (const socket of this.#sockets) socket.pingOrTerminate();
  }
}

/** No token of CivicPress is nearly as long. */
const longestToken = 1_024;

/** In messages that came too fast. */
const weightOfDismissal = 5_000;

/** `?features=table,image`: what the editor knows. Nothing else in the query is looked at. */
function announcedFeatures({ url = '' }: IncomingMessage): ReadonlySet<string> | null {
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  const features = new URLSearchParams(query).get('features');
  return features === null ? null : new Set(features.split(','));
}

/** A random id is composed of a dozen pieces, and stays so, ten times as large, until somebody looks into it. */
function flatten(text: string): void {
  text.charCodeAt(0);
}

/** Plain clients send a ping as text, and nothing else. */
function answerText(data: Buffer, socket: GatewaySocket): void {
  const answer = socket.plain?.answerTo(data) ?? null;
  if (answer === null) return socket.close(1003, 'This endpoint speaks binary frames only.');
  if (answer !== '') socket.say(answer);
}

/** Who floods us is not read any longer. */
function dismiss(socket: GatewaySocket, code: ErrorCode): void {
  if (code === 'too-many-messages') socket.cutOff(code);
  else socket.refuse(code);
}

function refuseUpgrade(stream: Duplex, status: string): void {
  // Nobody else would close it, when the peer does not.
  stream.once('finish', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/**
 * As much of a `Request` as Hocuspocus reads, one for all sockets. A whole one costs kilobytes for as long as its
 * socket lives, and the query, where older clients put their token, must not be kept at all.
 */
const slimRequest = { url: '/', headers: new Headers() } as Request;
