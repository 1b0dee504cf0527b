/**
 * Reads a stream that seldom grows: whoever adds to it says so on a channel, and each node reads on from the last entry
 * that it has seen, also after a time in which it could not hear.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../ports.ts';
import type { RedisConnections } from './connections.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface StreamReaderOptions {
  readonly connections: RedisConnections;
  readonly subscriptions: Subscriptions;
  /** Its channel has the same name. */
  readonly stream: string;
  /** Unset: from its beginning on. */
  readonly after?: string;
  /** What is behind the last one, in order; an error is logged, and the same comes again. */
  readonly onEntries: (entries: readonly ReadEntry[]) => void | Promise<void>;
  readonly log: Logger;
}

export interface ReadEntry {
  readonly id: string;
  readonly fields: ReadonlyMap<string, Buffer>;
}

/** So many are read at once. */
const pageSize = 100;

/** Between two tries to read. */
const retryMs = 200;

export class StreamReader {
  readonly #options: StreamReaderOptions;
  readonly #unsubscribe: () => void;
  #last: string;
  #isReading = false;
  #mustReadAgain = false;
  #isStopped = false;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
    this.#last = options.after ?? '0-0';
    this.#unsubscribe = options.subscriptions.listen(options.stream, {
      onMessage: () => void this.#readOn(),
      onListening: () => void this.#readOn(),
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
  }

  async #readOn(): Promise<void> {
    this.#mustReadAgain = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#mustReadAgain && !this.#isStopped) {
      this.#mustReadAgain = false;
      try {
        this.#mustReadAgain = await this.#readPage();
      } catch (error) {
        const { stream, log } = this.#options;
        log.debug({ stream, cause: String(error) }, 'reading on is tried again');
        this.#mustReadAgain = true;
        await delay(retryMs, undefined, { ref: false });
      }
    }
    this.#isReading = false;
  }

  /** Resolves with whether there may be more. */
  async #readPage(): Promise<boolean> {
    const { connections, stream, onEntries } = this.#options;
    const range = [`(${this.#last}`, '+', 'COUNT', pageSize] as const;
    const found = await connections.commands.xrangeBuffer(stream, ...range);
    const entries = found.map(([id, fields]) => ({ id: id.toString(), fields: byName(fields) }));
    if (entries.length === 0 || this.#isStopped) return this.#mustReadAgain;
    await onEntries(entries);
    this.#last = entries.at(-1)?.id ?? this.#last;
    return this.#mustReadAgain || entries.length === pageSize;
  }
}

function byName(fields: readonly Buffer[]): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let index = 0; index < fields.length; index += 2) {
    found.set(String(fields[index]), fields[index + 1] as Buffer);
  }
  return found;
}
