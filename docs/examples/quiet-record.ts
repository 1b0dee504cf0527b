/**
 * A workflow: when nobody has edited a record for ten minutes, tell the clerk, and name who wrote.
 *
 * Every edit is in a snapshot at the latest `snapshots.interval` after it (five minutes). So a record whose last snapshot
 * was made ten minutes and an interval ago has not been edited for ten minutes.
 *
 * An example to copy; `test/examples.test.ts` runs it.
 */
import type { RealtimeEvent } from './webhook-receiver.ts';

export interface QuietOptions {
  /** Ten minutes, in ms. */
  readonly quietMs: number;
  /** `snapshots.interval` of the server, in ms. */
  readonly snapshotMs: number;
  readonly tellClerk: (recordId: string, authors: readonly string[]) => void;
}

export class QuietRecords {
  readonly #options: QuietOptions;

  /** Who has edited each record since the clerk was told, and when that will be. */
  readonly #edited = new Map<string, { authors: Set<string>; timer: NodeJS.Timeout | undefined }>();

  constructor(options: QuietOptions) {
    this.#options = options;
  }

  /** For `createReceiver`. */
  async hear({ event, data, timestamp }: RealtimeEvent): Promise<void> {
    const { recordId } = data;
    if (event !== 'realtime:snapshot:saved' || recordId === null) return;
    const contributors = data.contributors as { name: string }[];
    // A snapshot that somebody asked for holds no new words.
    if (contributors.length === 0) return;

    const edited = this.#edited.get(recordId) ?? { authors: new Set<string>(), timer: undefined };
    this.#edited.set(recordId, edited);
    for (const { name } of contributors) edited.authors.add(name);
    clearTimeout(edited.timer);
    const { quietMs, snapshotMs, tellClerk } = this.#options;
    // An event may come late; what counts is when it happened.
    const waitMs = Date.parse(timestamp) + quietMs + snapshotMs - Date.now();
    edited.timer = setTimeout(
      () => {
        this.#edited.delete(recordId);
        tellClerk(recordId, [...edited.authors]);
      },
      Math.max(0, waitMs),
    );
  }
}
