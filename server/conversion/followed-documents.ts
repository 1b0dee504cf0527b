/**
 * This side of a thread's copies of open documents: it sends only what came since the last time, as long as the thread
 * remembers, and says when a document is gone.
 */
import { type Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import type { CopyId } from './document-copies.ts';
import { partsOf } from './state-in-parts.ts';

/** As `DocumentCopies`, in the thread. */
export interface CopiesElsewhere {
  follow(copy: CopyId | null, updates: readonly Uint8Array[]): Promise<CopyId | null>;
  /** Its document is gone: to be done behind what is asked about it now. */
  forget(copy: CopyId): void;
}

interface Followed {
  readonly copy: CopyId;
  readonly stateVector: Uint8Array;
}

export class FollowedDocuments {
  readonly #elsewhere: CopiesElsewhere;

  /** What the thread has of each. */
  readonly #copies = new WeakMap<Doc, Followed>();

  /** How much was sent at once of each that is open. */
  readonly #bytes = new Map<CopyId, number>();

  /** Those that say when they go. */
  readonly #heard = new WeakSet<Doc>();

  constructor(elsewhere: CopiesElsewhere) {
    this.#elsewhere = elsewhere;
  }

  /** About what it takes to send all of them again. */
  get bytes(): number {
    let sum = 0;
    for (const bytes of this.#bytes.values()) sum += bytes;
    return sum;
  }

  /** The thread's copy, up to date. */
  async copyOf(document: Doc): Promise<CopyId> {
    const known = this.#copies.get(document);
    const parts = known ? { updates: [], stateVector: known.stateVector } : await partsOf(document);
    const stateVector = encodeStateVector(document);
    const updates = [...parts.updates, encodeStateAsUpdate(document, parts.stateVector)];
    const copy = await this.#elsewhere.follow(known?.copy ?? null, updates);
    if (copy === null) {
      this.#remove(document);
      return this.copyOf(document);
    }
    this.#copies.set(document, { copy, stateVector });
    const bytes = updates.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#bytes.set(copy, Math.max(this.#bytes.get(copy) ?? 0, bytes));
    this.#hear(document);
    return copy;
  }

  #hear(document: Doc): void {
    if (document.isDestroyed) return this.#forget(document);
    if (this.#heard.has(document)) return;
    this.#heard.add(document);
    document.once('destroy', () => this.#forget(document));
  }

  #forget(document: Doc): void {
    const known = this.#remove(document);
    if (known) this.#elsewhere.forget(known.copy);
  }

  #remove(document: Doc): Followed | undefined {
    const known = this.#copies.get(document);
    this.#copies.delete(document);
    if (known) this.#bytes.delete(known.copy);
    return known;
  }
}
