/**
 * The spec feed as server-sent events, for where no WebSocket gets through: `GET /api/events/specs`.
 *
 * It asks for `Authorization: Bearer`, or for a ticket where a browser's `EventSource` can send no header. A token in
 * the address is refused: addresses are logged. Pages of other hosts need the same permission as for a WebSocket.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Entrance } from '../../server/entrance.ts';
import { RealtimeError } from '../../server/errors.ts';
import type { Credentials } from '../../server/ports.ts';
import { EventStream, encodeFrame } from './event-stream.ts';
import { dataTextOf, type SpecEvent } from './events.ts';
import type { SpecFeed } from './feed.ts';
import { type StreamQuery, streamQueryOf } from './query.ts';
import { Tickets } from './tickets.ts';
import type { Watchers } from './watchers.ts';

export interface ServerSentEventsOptions {
  readonly feed: SpecFeed;
  readonly watchers: Watchers;
  readonly entrance: Entrance;
  readonly maxBufferedBytes: number;
  /** Pause between two signs of life to a reader. */
  readonly keepAliveMs: number;
  readonly ticketLifetimeMs: number;
}

const maxTickets = 1_000;
const maxTicketsPerUser = 10;

/** After how long a reader comes back whose connection broke. */
const retryMs = 1_000;

/** The same for those whom we send away: spread, so that not all come at once after a restart. */
const spreadRetryMs = () => retryMs + Math.round(Math.random() * 2_000);

export class ServerSentEvents {
  readonly #options: ServerSentEventsOptions;
  readonly #tickets: Tickets;
  readonly #streams = new Set<EventStream>();
  readonly #ticking: NodeJS.Timeout;

  /** Bytes of each event, there once for all who are told it. */
  readonly #frames = new WeakMap<SpecEvent, Buffer>();

  constructor(options: ServerSentEventsOptions) {
    this.#options = options;
    this.#tickets = new Tickets({ lifetimeMs: options.ticketLifetimeMs, maxTickets, maxTicketsPerUser });
    this.#ticking = setInterval(() => {
      for (const stream of this.#streams) stream.tick();
    }, options.keepAliveMs);
    this.#ticking.unref();
  }

  readonly routes: FastifyPluginAsync = async (app) => {
    await app.register((routes) => this.#register(routes), { prefix: '/api/events' });
  };

  /** Ends every stream, and says when to come back. */
  close(): void {
    clearInterval(this.#ticking);
    for (const stream of this.#streams) stream.close(spreadRetryMs());
  }

  async #register(app: FastifyInstance): Promise<void> {
    app.addHook('onRequest', async (request, reply) => {
      if (!this.#options.entrance.isAllowed(request.raw)) throw new RealtimeError('foreign-page');
      reply.headers({ 'cache-control': 'no-store', ...crossOriginHeaders(request) });
    });
    // What a browser asks before it lets a page of another host send a token.
    for (const path of ['/specs', '/ticket']) {
      app.options(path, (_request, reply) =>
        reply
          .headers({
            'access-control-allow-methods': 'GET, POST',
            'access-control-allow-headers': 'authorization, last-event-id',
            'access-control-max-age': '600',
          })
          .code(204)
          .send(),
      );
    }
    app.post('/ticket', async (request) => {
      const credentials = this.#credentialsOf(request, undefined);
      const user = await this.#options.watchers.identify(credentials);
      const ticket = this.#tickets.issue(user.id, credentials);
      return { ticket, expiresInSeconds: Math.floor(this.#tickets.lifetimeMs / 1_000) };
    });
    app.get('/specs', { exposeHeadRoute: false }, (request, reply) => this.#open(request, reply));
  }

  async #open(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { watchers, entrance } = this.#options;
    const query = streamQueryOf(request.query);
    const leave = watchers.enter(entrance.addressOf(request.raw));
    reply.raw.once('close', leave);
    const credentials = this.#credentialsOf(request, query.ticket);
    const user = await watchers.identify(credentials);
    // Who has gone meanwhile needs no stream, and would never close it.
    if (reply.raw.closed) return void reply.hijack();

    const stream = new EventStream(reply.raw, this.#options.maxBufferedBytes);
    const resign = watchers.admit(user, {
      credentials,
      onRevoked: (error) => {
        // Not `error`: that is what `EventSource` calls a connection that broke.
        stream.send(encodeFrame('refused', JSON.stringify(error.toJSON())));
        stream.close(spreadRetryMs());
      },
    });
    reply.raw.once('close', resign);
    reply.hijack();
    stream.open(retryMs, crossOriginHeaders(request));
    this.#subscribe(stream, reply.raw, query, request.headers['last-event-id']);
  }

  #subscribe(
    stream: EventStream,
    response: ServerResponse,
    { filter, maxPerSecond, lastEventId }: StreamQuery,
    header: string | string[] | undefined,
  ): void {
    const { feed } = this.#options;
    const disconnected = feed.statistics.connected('sse');
    this.#streams.add(stream);
    const { unsubscribe } = feed.subscribe({
      // Who knows nothing yet begins with everything: until then it would have no place to go on from.
      from: header?.toString() ?? lastEventId ?? null,
      filter,
      ...(maxPerSecond !== undefined && { maxPerSecond }),
      onEvent: (event) => {
        if (!stream.send(this.#frameOf(event))) feed.statistics.cutOff += 1;
      },
    });
    response.once('close', () => {
      unsubscribe();
      disconnected();
      this.#streams.delete(stream);
    });
  }

  #frameOf(event: SpecEvent): Buffer {
    const known = this.#frames.get(event);
    if (known) return known;
    const frame = encodeFrame(event.event, dataTextOf(event), event.data.eventId);
    this.#frames.set(event, frame);
    return frame;
  }

  /** @throws RealtimeError `not-authenticated` */
  #credentialsOf({ headers, raw }: FastifyRequest, ticket: string | undefined): Credentials {
    const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (token !== undefined) return { token, address: this.#options.entrance.addressOf(raw) };
    const credentials = ticket === undefined ? null : this.#tickets.redeem(ticket);
    if (!credentials) throw new RealtimeError('not-authenticated');
    return credentials;
  }
}

/** Only pages that may connect come this far. */
function crossOriginHeaders({ headers: { origin } }: FastifyRequest): Record<string, string> {
  return origin === undefined ? {} : { 'access-control-allow-origin': origin, vary: 'origin' };
}
