/**
 * A thread's copies of open documents.
 *
 * To encode a document of some megabytes takes longer than anybody may wait on the event loop. So the other side sends
 * what came since the last time, and what takes long is done here.
 */
import { threadId } from 'node:worker_threads';
import { applyUpdate, Doc, mergeUpdates } from 'yjs';

/** Unlike any other copy's, also of a thread that was ended. */
export type CopyId = string;

/**
 * Two of the longest documents that are allowed: in memory a copy takes about five times what was sent of it. By bytes
 * and not by number, for what is sent again is encoded on the event loop, which takes long for a long document alone.
 */
const usualMaxBytes = 20_000_000;

interface Copy {
  readonly document: Doc;
  /** What was sent of it, which is at least what it would take to send it again. */
  readonly bytes: number;
}

export class DocumentCopies {
  readonly #maxBytes: number;
  readonly #copies = new Map<CopyId, Copy>();
  #bytes = 0;
  #made = 0;

  /** @param maxBytes of those that were used last; one that is asked for again later is sent as a whole */
  constructor(maxBytes = usualMaxBytes) {
    this.#maxBytes = maxBytes;
  }

  /**
   * @param updates what came since the last time, in one or more parts
   * @returns the copy's id; `null` when there is no such copy any more, and nothing was done
   */
  follow(copy: CopyId | null, updates: readonly Uint8Array[]): CopyId | null {
    const known = copy === null ? { document: new Doc(), bytes: 0 } : this.#copies.get(copy);
    if (!known) return null;
    // One after the other would show Yjs a text without its end, whose formatting it would tidy up.
    const update = updates.length === 1 ? (updates[0] as Uint8Array) : mergeUpdates([...updates]);
    applyUpdate(known.document, update);
    const id = copy ?? this.#newId();
    const bytes = known.bytes + update.byteLength;
    // The one that was used last stands last.
    this.forget(id);
    this.#copies.set(id, { document: known.document, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#copies.keys()) {
      if (this.#bytes <= this.#maxBytes || oldest === id) break;
      this.forget(oldest);
    }
    return id;
  }

  /** Its document is gone. */
  forget(copy: CopyId): void {
    this.#bytes -= this.#copies.get(copy)?.bytes ?? 0;
    this.#copies.delete(copy);
  }

  of(copy: CopyId): Doc {
    const found = this.#copies.get(copy);
    if (!found) throw new Error('no such copy');
    return found.document;
  }

  #newId(): CopyId {
    this.#made += 1;
    return `${threadId}.${this.#made}`;
  }
}
