/**
 * A thread's copies of open documents.
 *
 * To encode a document of some megabytes takes longer than anybody may wait on the event loop. So the other side sends
 * what came since the last time, and what takes long is done here.
 */
import { threadId } from 'node:worker_threads';
import { applyUpdate, Doc } from 'yjs';

/** Unlike any other copy's, also of a thread that was ended. */
export type CopyId = string;

export class DocumentCopies {
  readonly #maxCopies: number;
  readonly #copies = new Map<CopyId, Doc>();
  #made = 0;

  /** @param maxCopies those that were used last; one that is asked for again later is sent as a whole */
  constructor(maxCopies = 16) {
    this.#maxCopies = maxCopies;
  }

  /** @returns the copy's id; `null` when there is no such copy any more, and nothing was done */
  follow(copy: CopyId | null, update: Uint8Array): CopyId | null {
    const document = copy === null ? new Doc() : this.#copies.get(copy);
    if (!document) return null;
    applyUpdate(document, update);
    const id = copy ?? this.#newId();
    // The one that was used last stands last.
    this.#copies.delete(id);
    this.#copies.set(id, document);
    const [oldest] = this.#copies.keys();
    if (this.#copies.size > this.#maxCopies && oldest !== undefined) this.#copies.delete(oldest);
    return id;
  }

  /** Its document is gone. */
  forget(copy: CopyId): void {
    this.#copies.delete(copy);
  }

  of(copy: CopyId): Doc {
    const document = this.#copies.get(copy);
    if (!document) throw new Error('no such copy');
    return document;
  }

  #newId(): CopyId {
    this.#made += 1;
    return `${threadId}.${this.#made}`;
  }
}
