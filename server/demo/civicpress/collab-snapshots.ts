/**
 * The planned store for a record's collaborative state: the newest snapshot and its version, as opaque base64.
 *
 * The plan leaves open what happens to a version that is there already; here it is refused, and so is an older one,
 * as docs/civicpress-snapshots.md asks of CivicPress.
 */
import type { Collection } from './collection.ts';
import type { CollabSnapshotInput } from './input.ts';
import { isoTime } from './times.ts';

export interface CollabSnapshot {
  recordId: string;
  /** An encoded Yjs document, in base64. */
  snapshot: string;
  timestamp: string;
  version: number;
  /** What the realtime server says about it, for itself. */
  info?: Readonly<Record<string, unknown>> | undefined;
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

  /** `null` when this version, or a newer one, is there already. */
  async store(
    recordId: string,
    { snapshot, version, info }: CollabSnapshotInput,
  ): Promise<CollabSnapshot | null> {
    if ((this.of(recordId)?.version ?? -1) >= version) return null;
    const stored = { recordId, snapshot, timestamp: isoTime(this.#now()), version, info };
    await this.#collection.set(recordId, stored);
    return stored;
  }
}
