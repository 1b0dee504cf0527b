/**
 * The stateless messages of the room `spec-updates`: `subscribe`, `unsubscribe` and `subscriptions` come in, each is
 * answered, and the events that were asked for go out, to whoever asked.
 */
import type { Connection, connectedPayload, Extension, onStatelessPayload } from '@hocuspocus/server';
import { asRealtimeError, RealtimeError } from '../../server/errors.ts';
import type { ConnectionContext } from '../../server/session.ts';
import { dataTextOf, type SpecEvent } from './events.ts';
import type { SpecFeed } from './feed.ts';
import { listeningTo, Watch } from './watch.ts';

export class SpecMessages implements Extension<ConnectionContext> {
  readonly #feed: SpecFeed;
  readonly #watches = new WeakMap<Connection, Watch>();

  /** What goes out, printed once for all who are told the same. */
  readonly #payloads = new WeakMap<SpecEvent, string>();

  constructor(feed: SpecFeed) {
    this.#feed = feed;
  }

  async connected({ connection }: connectedPayload<ConnectionContext>): Promise<void> {
    const disconnected = this.#feed.statistics.connected('websocket');
    connection.onClose(() => {
      disconnected();
      this.#watches.get(connection)?.close();
    });
  }

  async onStateless({ connection, payload }: onStatelessPayload): Promise<void> {
    connection.sendStateless(JSON.stringify(this.#answer(connection, payload)));
  }

  #answer(connection: Connection, payload: string): { event: string; data: unknown } {
    try {
      const { event, data } = messageIn(payload);
      const watch = this.#watchOf(connection);
      if (event === 'subscribe') return { event: 'subscriptions', data: watch.subscribe(data ?? {}) };
      if (event === 'unsubscribe') return { event: 'subscriptions', data: watch.unsubscribe(data) };
      if (event === 'subscriptions') return { event, data: watch.subscriptions() };
      throw new RealtimeError('invalid-subscription');
    } catch (thrown) {
      return { event: 'error', data: asRealtimeError(thrown).toJSON() };
    }
  }

  #watchOf(connection: Connection): Watch {
    const known = this.#watches.get(connection);
    if (known) return known;
    const tell = (event: SpecEvent) => connection.sendStateless(this.#payloadOf(event));
    const watch = new Watch(listeningTo(this.#feed, tell), this.#feed.current().eventId);
    this.#watches.set(connection, watch);
    return watch;
  }

  #payloadOf(event: SpecEvent): string {
    const known = this.#payloads.get(event);
    if (known !== undefined) return known;
    const payload = `{"event":"${event.event}","data":${dataTextOf(event)}}`;
    this.#payloads.set(event, payload);
    return payload;
  }
}

/** @throws RealtimeError `invalid-subscription` */
function messageIn(payload: string): { event: unknown; data: unknown } {
  try {
    const message: unknown = JSON.parse(payload);
    if (typeof message === 'object' && message !== null && 'event' in message) {
      return { event: message.event, data: 'data' in message ? message.data : undefined };
    }
  } catch {
    // What is no JSON is no message.
  }
  throw new RealtimeError('invalid-subscription');
}
