/**
 * This side of a thread's copies of open documents: it sends only what came since the last time, as long as the thread
 * remembers.
 */
import { type Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import type { CopyId } from './document-copies.ts';

/** As `DocumentCopies.follow`, in the thread. */
type Follow = (copy: CopyId | null, update: Uint8Array) => Promise<CopyId | null>;

export class FollowedDocuments {
  readonly #follow: Follow;

  /** What the thread has of each. */
  readonly #copies = new WeakMap<Doc, { readonly copy: CopyId; readonly stateVector: Uint8Array }>();

  constructor(follow: Follow) {
    this.#follow = follow;
  }

  /** The thread's copy, up to date. */
  async copyOf(document: Doc): Promise<CopyId> {
    const known = this.#copies.get(document);
    const stateVector = encodeStateVector(document);
    const update = encodeStateAsUpdate(document, known?.stateVector);
    const copy = await this.#follow(known?.copy ?? null, update);
    if (copy === null) {
      this.#copies.delete(document);
      return this.copyOf(document);
    }
    this.#copies.set(document, { copy, stateVector });
    return copy;
  }
}
