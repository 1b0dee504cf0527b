/**
 * Hands over what becomes part of a stream, as it comes.
 *
 * An entry is told by Redis in the step that adds it, with the id of the one before, so that nobody has to ask. Where
 * that was not the last one heard of (the connection was gone), or an entry is too long to be told, the stream is read
 * from the last id on.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Follower, Logger, NewJournalEntry, Position } from '../../server/ports.ts';
import type { Subscriptions } from '../../server/redis/subscriptions.ts';
import { decodeEntries } from './entry-format.ts';
import { beforeLength } from './redis-scripts.ts';
import { isBehind } from './stream-id.ts';

/** One append. */
export interface StreamEntry {
  readonly position: Position;
  /** Who appended it. */
  readonly node: string;
  /** Its entries, encoded. */
  readonly content: Uint8Array;
}

export interface Page {
  readonly entries: readonly StreamEntry[];
  readonly isLast: boolean;
  /** Up to here the stream was trimmed, as it was known after the entries were read. */
  readonly trimmed: Position | null;
}

export interface RedisFollowingOptions {
  readonly subscriptions: Subscriptions;
  readonly channelOf: (documentName: string) => string;
  readonly readBehind: (documentName: string, after: Position | null) => Promise<Page>;
  /** Somebody has begun the document, and followers are about to hear of it. */
  readonly onBegun: (documentName: string, entry: NewJournalEntry) => void;
  readonly nodeId: string;
  readonly log: Logger;
}

/** Between two tries to read. */
const retryMs = 200;

export class RedisFollowing {
  readonly #options: RedisFollowingOptions;
  readonly #followed = new Set<FollowedStream>();

  constructor(options: RedisFollowingOptions) {
    this.#options = options;
  }

  /** Resolves with a function that ends this, when what is there already has been handed over. */
  async follow(documentName: string, after: Position | null, follower: Follower): Promise<() => void> {
    const stream = new FollowedStream(this.#options, documentName, after, follower);
    const stop = () => {
      this.#followed.delete(stream);
      stream.stop();
    };
    this.#followed.add(stream);
    try {
      await stream.begin();
      return stop;
    } catch (error) {
      stop();
      throw error;
    }
  }

  close(): void {
    for (const stream of this.#followed) stream.stop();
    this.#followed.clear();
  }
}

class FollowedStream {
  readonly #options: RedisFollowingOptions;
  readonly #documentName: string;
  readonly #follower: Follower;
  readonly #unsubscribe: () => void;
  /** Position of what was handed over last. */
  #last: Position | null;
  #isReading = false;
  #mustReadAgain = false;
  #isStopped = false;

  constructor(
    options: RedisFollowingOptions,
    documentName: string,
    after: Position | null,
    follower: Follower,
  ) {
    this.#options = options;
    this.#documentName = documentName;
    this.#follower = follower;
    this.#last = after;
    this.#unsubscribe = options.subscriptions.listen(options.channelOf(documentName), {
      onMessage: (message) => this.#hear(message),
      onListening: () => void this.#catchUp(),
    });
  }

  /** Reads what is there. */
  async begin(): Promise<void> {
    this.#isReading = true;
    try {
      await this.#readOn();
    } finally {
      this.#isReading = false;
    }
    if (this.#mustReadAgain) void this.#catchUp();
  }

  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
  }

  #hear(message: Buffer): void {
    const told = parsed(message);
    const isNext =
      told.before === (this.#last ?? '').slice(-beforeLength) && told.entry.content.byteLength > 0;
    // What comes while the stream is read is in it, or behind what was read.
    if (isNext && !this.#isReading) this.#handOver(told.entry);
    else if (isBehind(told.entry.position, this.#last)) void this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    this.#mustReadAgain = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#mustReadAgain && !this.#isStopped) {
      this.#mustReadAgain = false;
      try {
        await this.#readOn();
      } catch (error) {
        const { log } = this.#options;
        log.debug({ documentName: this.#documentName, cause: String(error) }, 'reading on is tried again');
        this.#mustReadAgain = true;
        await delay(retryMs, undefined, { ref: false });
      }
    }
    this.#isReading = false;
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const page = await this.#options.readBehind(this.#documentName, this.#last);
      if (this.#isStopped) return;
      if (this.#last !== null && page.trimmed !== null && isBehind(page.trimmed, this.#last)) {
        this.stop();
        this.#follower.onTrimmed();
        return;
      }
      for (const entry of page.entries) this.#handOver(entry);
      if (page.isLast) return;
    }
  }

  #handOver({ position, node, content }: StreamEntry): void {
    if (this.#isStopped || !isBehind(position, this.#last)) return;
    const { nodeId, onBegun, log } = this.#options;
    const documentName = this.#documentName;
    this.#last = position;
    const { entries, damaged } = decodeEntries(documentName, content);
    if (damaged > 0) log.error({ documentName, position, damaged }, 'entries of another node are damaged');
    for (const entry of entries) {
      if (entry.base) onBegun(documentName, entry);
      this.#follower.onEntry({ ...entry, position }, node === nodeId);
    }
  }
}

/** `<id> <end of the id before> <node> <entries>`; without entries they are to be read. */
function parsed(message: Buffer): { entry: StreamEntry; before: string } {
  const idEnd = message.indexOf(32);
  const beforeEnd = message.indexOf(32, idEnd + 1);
  const nodeEnd = message.indexOf(32, beforeEnd + 1);
  const entry = {
    position: message.toString('latin1', 0, idEnd),
    node: message.toString('latin1', beforeEnd + 1, nodeEnd),
    content: message.subarray(nodeEnd + 1),
  };
  return { entry, before: message.toString('latin1', idEnd + 1, beforeEnd) };
}
