/**
 * What the spec feed and its transports have done since the start: for the health route, and for metrics.
 */

export type SpecTransport = 'websocket' | 'sse' | 'socket.io';

export class SpecStatistics {
  readonly #connections = new Map<SpecTransport, number>();
  subscriptions = 0;
  specs = 0;
  /** Publications, and the changes in them. */
  events = 0;
  changes = 0;
  /** Events handed to subscribers, each counted for each of them. */
  delivered = 0;
  /** Changes that became one with a newer change of the same spec, because a subscriber's pace was reached. */
  coalesced = 0;
  /** Connections that were cut off because they read too slowly. */
  cutOff = 0;
  /** From the moment that a change was noticed to its publication: the last one, and the longest, in ms. */
  lagMs = 0;
  maxLagMs = 0;

  /** Counts a connection until the function that is returned is called. */
  connected(transport: SpecTransport): () => void {
    this.#add(transport, 1);
    let isOver = false;
    return () => {
      if (!isOver) this.#add(transport, -1);
      isOver = true;
    };
  }

  lagged(ms: number): void {
    this.lagMs = ms;
    this.maxLagMs = Math.max(this.maxLagMs, ms);
  }

  /** As the health route shows it. */
  toJSON() {
    const { specs, subscriptions, events, changes, delivered, coalesced, cutOff } = this;
    return {
      connections: Object.fromEntries(this.#connections),
      specs,
      subscriptions,
      events,
      changes,
      delivered,
      coalesced,
      cutOff,
      lagMs: Math.round(this.lagMs),
      maxLagMs: Math.round(this.maxLagMs),
    };
  }

  #add(transport: SpecTransport, count: number): void {
    this.#connections.set(transport, (this.#connections.get(transport) ?? 0) + count);
  }
}
