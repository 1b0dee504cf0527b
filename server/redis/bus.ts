/**
 * Nodes talk through channels of Redis; a message begins with the id of the node that sent it.
 */
import type { NodeBus, NodeListener } from '../node-bus.ts';
import type { RedisConnections } from './connections.ts';
import type { Subscriptions } from './subscriptions.ts';

export class RedisBus implements NodeBus {
  readonly nodeId: string;
  readonly #connections: RedisConnections;
  readonly #subscriptions: Subscriptions;
  readonly #keyPrefix: string;
  readonly #beginning: Buffer;

  constructor(
    nodeId: string,
    connections: RedisConnections,
    subscriptions: Subscriptions,
    keyPrefix: string,
  ) {
    this.nodeId = nodeId;
    this.#connections = connections;
    this.#subscriptions = subscriptions;
    this.#keyPrefix = keyPrefix;
    this.#beginning = Buffer.from(`${nodeId} `);
  }

  tell(topic: string, message: Uint8Array): void {
    const sent = Buffer.concat([this.#beginning, message]);
    this.#connections.commands.publish(`${this.#keyPrefix}talk:${topic}`, sent).catch(() => undefined);
  }

  listen(topic: string, { onMessage, onListening }: NodeListener): () => void {
    return this.#subscriptions.listen(`${this.#keyPrefix}talk:${topic}`, {
      onListening,
      onMessage(message) {
        const end = message.indexOf(32);
        onMessage(message.toString('latin1', 0, end), message.subarray(end + 1));
      },
    });
  }
}
