/**
 * Keeps snapshots in memory only: for `snapshots.enabled: false`, where nothing but the record's draft outlives the
 * process. Within it documents are remembered, so that editors who come back find the one that they know.
 */
import type { Base } from '../../markdown/index.ts';
import type { Snapshot, SnapshotStore, StoredSnapshot } from '../../server/ports.ts';

export function openMemorySnapshots(): SnapshotStore {
  return new MemorySnapshots();
}

class MemorySnapshots implements SnapshotStore {
  readonly #snapshots = new Map<string, StoredSnapshot>();
  #isClosed = false;

  async read(documentName: string): Promise<StoredSnapshot | null> {
    return this.#open().get(documentName) ?? null;
  }

  async write(documentName: string, snapshot: Snapshot): Promise<number> {
    const newest = this.#open().get(documentName);
    const revision = (newest?.revision ?? 0) + 1;
    const unconfirmed = newest?.unconfirmed ?? [];
    this.#open().set(documentName, { ...snapshot, revision, owesWriteback: true, unconfirmed });
    return revision;
  }

  async sending(documentName: string, unconfirmed: readonly string[]): Promise<void> {
    const newest = this.#open().get(documentName);
    if (newest) this.#open().set(documentName, { ...newest, unconfirmed });
  }

  async settle(documentName: string, revision: number, base: Base): Promise<void> {
    const newest = this.#open().get(documentName);
    if (!newest) return;
    const owesWriteback = newest.owesWriteback && newest.revision > revision;
    this.#open().set(documentName, { ...newest, base, owesWriteback, unconfirmed: [] });
  }

  async owing(): Promise<string[]> {
    return [...this.#open()].filter(([, { owesWriteback }]) => owesWriteback).map(([name]) => name);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#snapshots.clear();
  }

  #open(): Map<string, StoredSnapshot> {
    if (this.#isClosed) throw new Error('the snapshot store is closed');
    return this.#snapshots;
  }
}
