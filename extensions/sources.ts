/**
 * What each open document grew from: the Markdown that its record held when the server last saw it.
 *
 * Kept here, beside the documents and never inside them: an editor deletes from a document what it does not know.
 */
import type { Base } from '../markdown/index.ts';
import type { StoredSnapshot } from '../server/ports.ts';

export interface Source {
  readonly base: Base;
  /** When the record was seen to hold the base's text, in monotonic ms; -Infinity when only a snapshot says so. */
  readonly seenAt: number;
  /** Of the newest snapshot; 0 when there is none. */
  readonly revision: number;
  /** Whether the record's draft may lack what the newest snapshot holds. */
  readonly owesWriteback: boolean;
  /**
   * Drafts that were sent and not confirmed: whether they arrived is not known, and they still may, even behind
   * newer ones. Newest last.
   */
  readonly unconfirmed: readonly string[];
}

/** So many unconfirmed drafts are remembered for a document. */
const maxUnconfirmed = 8;

export class Sources {
  readonly #sources = new Map<string, Source>();

  /** @throws Error when the document is not open: a mistake in the order of the extensions */
  of(documentName: string): Source {
    const source = this.#sources.get(documentName);
    if (!source) throw new Error(`no source for ${documentName}`);
    return source;
  }

  /** The document begins with its record's text, which was just read. */
  seeded(documentName: string, base: Base): void {
    this.#sources.set(documentName, {
      base,
      seenAt: performance.now(),
      revision: 0,
      owesWriteback: false,
      unconfirmed: [],
    });
  }

  /** The document begins with this snapshot; whether its record still holds the same text is not known. */
  recalled(documentName: string, { base, revision, owesWriteback, unconfirmed }: StoredSnapshot): void {
    const seenAt = Number.NEGATIVE_INFINITY;
    this.#sources.set(documentName, { base, seenAt, revision, owesWriteback, unconfirmed });
  }

  /** The record holds this text now: it was just read or written. */
  seen(documentName: string, base: Base): void {
    this.#change(documentName, { base, seenAt: performance.now() });
  }

  /** A snapshot of the document was stored; its record lacks it. */
  stored(documentName: string, revision: number): void {
    this.#change(documentName, { revision, owesWriteback: true });
  }

  /** This draft is about to be sent. */
  sending(documentName: string, markdown: string): void {
    const unconfirmed = [...this.of(documentName).unconfirmed, markdown].slice(-maxUnconfirmed);
    this.#change(documentName, { unconfirmed });
  }

  /** The draft that was sent last arrived. Those before it may still come. */
  confirmed(documentName: string): void {
    this.#change(documentName, { unconfirmed: this.of(documentName).unconfirmed.slice(0, -1) });
  }

  /** The record has what the snapshot of this revision holds. */
  settled(documentName: string, revision: number): void {
    if (this.#sources.get(documentName)?.revision === revision) {
      this.#change(documentName, { owesWriteback: false });
    }
  }

  forget(documentName: string): void {
    this.#sources.delete(documentName);
  }

  #change(documentName: string, change: Partial<Source>): void {
    const source = this.#sources.get(documentName);
    if (source) this.#sources.set(documentName, { ...source, ...change });
  }
}
