/** The planned store for a record's collaborative state: the newest snapshot and its version, as opaque base64. */
import type { Collection } from './collection.ts';
import { isoTime } from './times.ts';

export interface CollabSnapshot {
  recordId: string;
  /** An encoded Yjs document, in base64. */
  snapshot: string;
  timestamp: string;
  version: number;
}

export class CollabSnapshots {
  readonly #collection: Collection<CollabSnapshot>;
  readonly #now: () => number;

  constructor(collection: Collection<CollabSnapshot>, now: () => number) {
    this.#collection = collection;
    this.#now = now;
  }

  of(recordId: string): CollabSnapshot | undefined {
    return this.#collection.get(recordId);
  }

  async store(recordId: string, snapshot: string, version: number): Promise<CollabSnapshot> {
    const stored = { recordId, snapshot, timestamp: isoTime(this.#now()), version };
    await this.#collection.set(recordId, stored);
    return stored;
  }
}
