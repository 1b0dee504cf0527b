/**
 * Hears what is published in Redis, through one connection for all channels.
 *
 * Whoever listens is told when a time begins in which nothing is missed: at first, and again after each time that the
 * connection was gone. What was said in between is for the listener to find out.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { RedisClient, RedisConnections } from './connections.ts';

export interface Listener {
  onMessage(message: Buffer): void;
  /** From here on nothing is missed, until it is called again. */
  onListening(): void;
}

/** So often the connection is tried; one that does not answer is made anew. */
const pingEveryMs = 1_000;

/** A Redis Cluster changes the node that it hears through without a word: so listeners look as often for themselves. */
const clusterLookMs = 2_000;

export class Subscriptions {
  readonly #client: RedisClient;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #pinging: NodeJS.Timeout;
  readonly #looking: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(connections: RedisConnections) {
    this.#client = connections.open();
    this.#client.on('messageBuffer', (channel: Buffer, message: Buffer) => {
      for (const listener of this.#listeners.get(channel.toString()) ?? []) listener.onMessage(message);
    });
    this.#client.on('ready', () => void this.#subscribe([...this.#listeners.keys()]));
    this.#pinging = setInterval(() => void this.#ping(), pingEveryMs);
    this.#pinging.unref();
    if (!this.#client.isCluster) return;
    this.#looking = setInterval(() => this.#tell(this.#listeners.keys()), clusterLookMs);
    this.#looking.unref();
  }

  /** Returns a function that ends this. */
  listen(channel: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    void this.#subscribe([channel]);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#listeners.get(channel) !== listeners) return;
      this.#listeners.delete(channel);
      // A channel that nobody listens to any more costs little until the connection is made anew.
      this.#client.unsubscribe(channel).catch(() => undefined);
    };
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#pinging);
    clearInterval(this.#looking);
  }

  async #subscribe(channels: readonly string[]): Promise<void> {
    if (channels.length === 0 || this.#client.status !== 'ready') return;
    try {
      await this.#client.subscribe(...channels);
    } catch {
      // While the connection is there, nobody else would try again.
      await delay(pingEveryMs, undefined, { ref: false });
      if (!this.#isClosed) await this.#subscribe(channels.filter((channel) => this.#listeners.has(channel)));
      return;
    }
    this.#tell(channels);
  }

  #tell(channels: Iterable<string>): void {
    for (const channel of channels) {
      for (const listener of this.#listeners.get(channel) ?? []) listener.onListening();
    }
  }

  /** Without a question, nobody would notice that there is no answer any more. */
  async #ping(): Promise<void> {
    if (this.#client.status !== 'ready') return;
    await (this.#client as Redis).ping().catch(() => undefined);
  }
}
