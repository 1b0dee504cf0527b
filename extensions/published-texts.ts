/**
 * What is published of each open record, also while a draft hides it.
 *
 * Publishing a draft replaces what is published, whatever that is by then: so what was published past a draft has to
 * enter it, and what somebody saves may have grown from the published text as well as from the draft.
 */
import type { RecordText } from '../server/ports.ts';

interface Published {
  /** What was published when the document last took it in; `null` when nothing was seen to be. */
  readonly taken: string | null;
  /** What was published when the record was last read. */
  readonly now: string | null;
  /** Whether there was a draft then. */
  readonly hasDraft: boolean;
}

export class PublishedTexts {
  readonly #published = new Map<string, Published>();

  /** The record was just read. Returns whether the draft that it had before is gone. */
  note(documentName: string, { isDraft, markdown, published }: RecordText): boolean {
    const before = this.#published.get(documentName);
    const now = isDraft ? (published ?? before?.now ?? null) : markdown;
    this.#published.set(documentName, { taken: before?.taken ?? now, now, hasDraft: isDraft });
    return before?.hasDraft === true && !isDraft;
  }

  /** The server has just written a draft. */
  drafted(documentName: string): void {
    const known = this.#published.get(documentName);
    if (known) this.#published.set(documentName, { ...known, hasDraft: true });
  }

  /** What was published when the document last took it in; `null` when nothing was seen to be. */
  takenOf(documentName: string): string | null {
    return this.#published.get(documentName)?.taken ?? null;
  }

  /** What was published past the draft since the document last took it in, and what before; `null` when nothing was. */
  pastDraft(documentName: string): { before: string; now: string } | null {
    const { taken, now, hasDraft } = this.#published.get(documentName) ?? {};
    if (!hasDraft || !differ(taken, now)) return null;
    return { before: taken as string, now: now as string };
  }

  /** What somebody who saves this record now may have read besides drafts. */
  readable(documentName: string): string[] {
    const { taken, now, hasDraft } = this.#published.get(documentName) ?? {};
    // Without a draft and with the text of before, somebody has thrown the draft away.
    return typeof taken === 'string' && (hasDraft || differ(taken, now)) ? [taken] : [];
  }

  /** The document holds what is published now, or what was changed in it meanwhile. */
  take(documentName: string): void {
    const known = this.#published.get(documentName);
    if (known) this.#published.set(documentName, { ...known, taken: known.now });
  }

  forget(documentName: string): void {
    this.#published.delete(documentName);
  }
}

/** White space at its ends says nothing: CivicPress trims a published text. */
function differ(one: string | null | undefined, other: string | null | undefined): boolean {
  return typeof one === 'string' && typeof other === 'string' && one.trim() !== other.trim();
}
