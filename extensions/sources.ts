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
}

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
    this.#sources.set(documentName, { base, seenAt: Number.NEGATIVE_INFINITY, revision, owesWriteback });
  }

  /** The record holds this text now: it was just read or written. */
  seen(documentName: string, base: Base): void {
    const { revision } = this.#sources.get(documentName) ?? { revision: 0 };
    this.#sources.set(documentName, { base, seenAt: performance.now(), revision, owesWriteback: false });
  }

  /** A snapshot of the document was stored. */
  stored(documentName: string, revision: number): void {
    const source = this.#sources.get(documentName);
    if (source) source.revision = revision;
  }

  forget(documentName: string): void {
    this.#sources.delete(documentName);
  }
}
