/**
 * What each open document grew from, and how far each layer has come with it.
 *
 * Kept here, beside the documents and never inside them: an editor deletes from a document what it does not know.
 */
import { type Base, withTextOf } from '../markdown/base.ts';
import type { Contributor, LedgerEntry, NewJournalEntry, Position } from '../server/ports.ts';
import { PublishedTexts } from './published-texts.ts';
import { SeenTexts } from './seen-texts.ts';

export interface Source {
  /** The Markdown that the record held when the server last saw it. */
  readonly base: Base;
  /**
   * The text of a version that was restored, while the record lacks it; else `null`. What nobody edited since keeps
   * its bytes; what others change in the record is told by comparing with `base` all the same.
   */
  readonly restored: Base | null;
  /** When that was, in monotonic ms; -Infinity when only the ledger or a snapshot says so. */
  readonly seenAt: number;
  /** The update that the document began with, while neither journal nor snapshot holds it. */
  readonly seed: Uint8Array | null;
  /** Of the newest durable entry in the journal. */
  readonly position: Position | null;
  /** Whether the record's draft may lack what the journal holds. */
  readonly owesWriteback: boolean;
  /**
   * Fingerprints of drafts that were sent and not confirmed: whether they arrived is not known, and they still may,
   * even behind newer ones. Newest last.
   */
  readonly unconfirmed: readonly string[];
}

/** So many unconfirmed drafts are remembered for a document. */
const maxUnconfirmed = 8;

export class Sources {
  readonly #sources = new Map<string, Source>();
  readonly #texts = new SeenTexts();
  readonly published = new PublishedTexts();

  /** Who wrote what the record lacks, or lacked: names by id. */
  readonly #authors = new Map<string, Map<string, string>>();

  /** When its record was last seen, in monotonic ms; `undefined` when it is not open. */
  seenAt(documentName: string): number | undefined {
    return this.#sources.get(documentName)?.seenAt;
  }

  /** @throws Error when the document is not open: a mistake in the order of the extensions */
  of(documentName: string): Source {
    const source = this.#sources.get(documentName);
    if (!source) throw new Error(`no source for ${documentName}`);
    return source;
  }

  /** The document begins with its record's text, which was just read. */
  seeded(documentName: string, base: Base, seed: Uint8Array): void {
    this.#texts.note(documentName, base.markdown);
    this.#sources.set(documentName, {
      base,
      restored: null,
      seed,
      seenAt: performance.now(),
      position: null,
      owesWriteback: false,
      unconfirmed: [],
    });
  }

  /** The document begins with what was stored of it; whether its record still holds the same text is not known. */
  recovered(documentName: string, entry: LedgerEntry, position: Position | null): void {
    const { base, restored, owesWriteback, unconfirmed } = entry;
    const seenAt = Number.NEGATIVE_INFINITY;
    this.#sources.set(documentName, {
      base,
      restored,
      seenAt,
      seed: null,
      position,
      owesWriteback,
      unconfirmed,
    });
  }

  /** The seed, to whoever makes it durable; once. */
  takeSeed(documentName: string): { update: Uint8Array; base: Base } | null {
    const source = this.#sources.get(documentName);
    if (!source?.seed) return null;
    this.#change(documentName, { seed: null });
    return { update: source.seed, base: source.base };
  }

  /**
   * The record holds this text now: it was just read or written.
   *
   * @param written the restored text that it was printed from, which the record lacks no more
   */
  seen(documentName: string, base: Base, written: Base | null = null): void {
    const current = this.#sources.get(documentName)?.restored ?? null;
    const restored = current === written ? null : current;
    this.#change(documentName, { base, restored, seenAt: performance.now() });
    this.#texts.note(documentName, base.markdown);
  }

  /** The record held this for a moment. */
  glimpsed(documentName: string, text: string): void {
    this.#texts.note(documentName, text);
  }

  /** What the record was seen to hold lately, newest first: what it holds now, and what others may have read. */
  textsOf(documentName: string): [string, ...string[]] {
    const { markdown } = this.of(documentName).base;
    const others = [...this.#texts.of(documentName), ...this.published.readable(documentName)];
    return [markdown, ...others.filter((text) => text !== markdown)];
  }

  /** The document holds the text of a version again, and the record does not. */
  restored(documentName: string, restored: Base): void {
    this.#change(documentName, { restored });
  }

  /** The document's edits up to here are durable, and its record lacks them. */
  journaled(
    documentName: string,
    position: Position,
    entries: readonly Pick<NewJournalEntry, 'user'>[],
  ): void {
    this.#change(documentName, { position, owesWriteback: true });
    const authors = this.#authors.get(documentName) ?? new Map<string, string>();
    this.#authors.set(documentName, authors);
    for (const { user } of entries) if (user) authors.set(user.id, user.name);
  }

  /** Edits are durable behind the newest position that is known here, and the record lacks them. */
  appended(documentName: string): void {
    this.#change(documentName, { owesWriteback: true });
  }

  /** What the ledger says now, which another process has kept meanwhile. */
  recalled(documentName: string, entry: LedgerEntry): void {
    const source = this.#sources.get(documentName);
    if (!source) return;
    const { owesWriteback, unconfirmed } = entry;
    // How the document reads its text is its own.
    const base = withTextOf(source.base, entry.base);
    const restored = entry.restored && withTextOf(base, entry.restored);
    const isOwed = owesWriteback || source.owesWriteback;
    this.#change(documentName, { base, restored, unconfirmed, owesWriteback: isOwed });
  }

  /** A draft with this fingerprint is about to be sent. */
  sending(documentName: string, fingerprint: string): void {
    const unconfirmed = [...this.of(documentName).unconfirmed, fingerprint].slice(-maxUnconfirmed);
    this.#change(documentName, { unconfirmed });
  }

  /** The draft that was sent last arrived. Those before it may still come. */
  confirmed(documentName: string): void {
    this.#change(documentName, { unconfirmed: this.of(documentName).unconfirmed.slice(0, -1) });
  }

  /** The record has every edit up to here. */
  settled(documentName: string, through: Position | null): void {
    if (this.#sources.get(documentName)?.position === through) {
      this.#change(documentName, { owesWriteback: false });
    }
  }

  /** Those who wrote what the record lacks, each once. */
  authorsOf(documentName: string): Contributor[] {
    return [...(this.#authors.get(documentName) ?? [])].map(([id, name]) => ({ id, name }));
  }

  /** Names of those who wrote since this was last asked, each user once. */
  takeAuthors(documentName: string): string[] {
    const authors = this.#authors.get(documentName);
    this.#authors.delete(documentName);
    return [...(authors?.values() ?? [])];
  }

  forget(documentName: string): void {
    this.#sources.delete(documentName);
    this.#texts.forget(documentName);
    this.published.forget(documentName);
    this.#authors.delete(documentName);
  }

  #change(documentName: string, change: Partial<Source>): void {
    const source = this.#sources.get(documentName);
    if (source) this.#sources.set(documentName, { ...source, ...change });
  }
}
