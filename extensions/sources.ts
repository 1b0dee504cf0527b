/**
 * What each open document grew from: the Markdown that its record held when the server last saw it.
 *
 * Kept here, beside the documents and never inside them: an editor deletes from a document what it does not know.
 */
import type { Base } from '../markdown/index.ts';
import type { StoredSnapshot } from '../server/ports.ts';

interface Source {
  base: Base;
  /** When the record was seen to hold this text, in monotonic ms; -Infinity when only a snapshot says so. */
  seenAt: number;
  /** Of the newest snapshot; 0 when there is none. */
  revision: number;
  /** Whether the document was loaded from a snapshot that its record lacks. */
  owesWriteback: boolean;
  /** Drafts that were sent and not answered: they may still arrive, even behind newer ones. Newest last. */
  unanswered: readonly string[];
}

/** So many unanswered drafts are remembered for a document. */
const maxUnanswered = 8;

export class Sources {
  readonly #sources = new Map<string, Source>();

  /** @throws Error when the document is not open: a mistake in the order of the extensions */
  of(documentName: string): Readonly<Source> {
    const source = this.#sources.get(documentName);
    if (!source) throw new Error(`no source for ${documentName}`);
    return source;
  }

  /** The document begins with this snapshot; whether its record still holds the same text is not known. */
  recalled(documentName: string, { base, revision, owesWriteback }: StoredSnapshot): void {
    const seenAt = Number.NEGATIVE_INFINITY;
    this.#sources.set(documentName, { base, seenAt, revision, owesWriteback, unanswered: [] });
  }

  /** The record holds this text now: it was just read or written. */
  seen(documentName: string, base: Base): void {
    const { revision, unanswered } = this.#sources.get(documentName) ?? { revision: 0, unanswered: [] };
    this.#sources.set(documentName, {
      base,
      seenAt: performance.now(),
      revision,
      owesWriteback: false,
      unanswered,
    });
  }

  /** A snapshot of the document was stored. */
  stored(documentName: string, revision: number): void {
    const source = this.#sources.get(documentName);
    if (source) source.revision = revision;
  }

  /** A draft was sent, and whether it arrived is not known. */
  unanswered(documentName: string, markdown: string): void {
    const source = this.#sources.get(documentName);
    if (source) source.unanswered = [...source.unanswered, markdown].slice(-maxUnanswered);
  }

  forget(documentName: string): void {
    this.#sources.delete(documentName);
  }
}
