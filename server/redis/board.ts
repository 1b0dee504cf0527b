/**
 * A notice board in Redis: a short stream that every node reads.
 */
import type { NoticeBoard } from '../node-bus.ts';
import type { Logger } from '../ports.ts';
import type { RedisConnections } from './connections.ts';
import { Script } from './script.ts';
import { StreamReader } from './stream-reader.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface RedisNoticeBoardOptions {
  readonly connections: RedisConnections;
  readonly subscriptions: Subscriptions;
  readonly keyPrefix: string;
  readonly nodeId: string;
  readonly topic: string;
  readonly log: Logger;
}

/** About so many are kept. */
const kept = 1_000;

/** Keys: stream. Arguments: node, message. */
const post = new Script(`
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ${kept}, '*', 'node', ARGV[1], 'message', ARGV[2])
redis.call('PUBLISH', KEYS[1], '')
`);

export class RedisNoticeBoard implements NoticeBoard {
  readonly #options: RedisNoticeBoardOptions;

  constructor(options: RedisNoticeBoardOptions) {
    this.#options = options;
  }

  get nodeId(): string {
    return this.#options.nodeId;
  }

  async post(message: Uint8Array): Promise<void> {
    const { connections, nodeId } = this.#options;
    await post.run(connections.commands, { keys: [this.#stream], arguments: [nodeId, message] });
  }

  listen(onMessage: (nodeId: string, message: Uint8Array) => void): () => void {
    const reader = new StreamReader({
      ...this.#options,
      stream: this.#stream,
      onEntries(entries) {
        for (const { fields } of entries) {
          onMessage(String(fields.get('node')), fields.get('message') ?? Buffer.alloc(0));
        }
      },
    });
    return () => reader.stop();
  }

  get #stream(): string {
    const { keyPrefix, topic } = this.#options;
    return `${keyPrefix}board:${topic}`;
  }
}
