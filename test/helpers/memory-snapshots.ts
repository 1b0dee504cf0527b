/**
 * A snapshot store without a disk: the shortest answer to the contract, for tests of what stands before a store.
 */
import type { SnapshotInfo, SnapshotStore } from '../../server/ports.ts';
import { RevisionTaken } from '../../server/revision-taken.ts';

interface Kept {
  readonly info: SnapshotInfo;
  readonly bytes: Uint8Array;
}

export function openMemorySnapshots(): SnapshotStore {
  return new MemorySnapshots();
}

class MemorySnapshots implements SnapshotStore {
  readonly keepsVersions = true;

  /** By document and revision; a document without snapshots is not in it. */
  readonly #documents = new Map<string, Map<number, Kept>>();
  #isClosed = false;

  async list(documentName: string): Promise<SnapshotInfo[]> {
    const infos = [...this.#of(documentName).values()].map(({ info }) => info);
    return infos.sort((one, other) => other.revision - one.revision);
  }

  async newest(documentName: string): Promise<{ revision: number; bytes: Uint8Array } | null> {
    const revision = Math.max(...this.#of(documentName).keys());
    const bytes = this.#of(documentName).get(revision)?.bytes;
    return bytes ? { revision, bytes } : null;
  }

  async read(documentName: string, revision: number): Promise<Uint8Array | null> {
    return this.#of(documentName).get(revision)?.bytes ?? null;
  }

  async write(documentName: string, info: SnapshotInfo, bytes: Uint8Array): Promise<void> {
    const snapshots = this.#of(documentName);
    if (snapshots.has(info.revision)) throw new RevisionTaken(documentName, info.revision);
    snapshots.set(info.revision, { info, bytes });
    this.#documents.set(documentName, snapshots);
  }

  async rename(documentName: string, revision: number, name: string | null): Promise<boolean> {
    const snapshots = this.#of(documentName);
    const kept = snapshots.get(revision);
    if (kept) snapshots.set(revision, { ...kept, info: { ...kept.info, name } });
    return kept !== undefined;
  }

  async remove(documentName: string, revisions: readonly number[]): Promise<void> {
    const snapshots = this.#of(documentName);
    for (const revision of revisions) snapshots.delete(revision);
    if (snapshots.size === 0) this.#documents.delete(documentName);
  }

  async documents(): Promise<string[]> {
    this.#refuseWhenClosed();
    return [...this.#documents.keys()];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#documents.clear();
  }

  #of(documentName: string): Map<number, Kept> {
    this.#refuseWhenClosed();
    return this.#documents.get(documentName) ?? new Map();
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new Error('the snapshot store is closed');
  }
}
