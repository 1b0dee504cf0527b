/**
 * Drafts: what is edited before it is published, one for a record.
 *
 * A new draft starts empty, whatever the published record holds; only an existing one is updated field by field.
 */
import type { Account } from './accounts.ts';
import type { Collection } from './collection.ts';
import type { DraftFields } from './input.ts';
import type { RecordBasics } from './record.ts';
import { isoSeconds } from './times.ts';

/** In the shape, and in the order of fields, of the API. */
export interface Draft extends RecordBasics {
  workflowState: string;
  /** `null` when the draft was created without a body. */
  markdownBody: string | null;
  /** The id of the account, as text. */
  created_by: string;
  created_at: string;
  updated_at: string;
  last_draft_saved_at: string;
}

export class Drafts {
  readonly #collection: Collection<Draft>;
  readonly #now: () => number;

  constructor(collection: Collection<Draft>, now: () => number) {
    this.#collection = collection;
    this.#now = now;
  }

  get(id: string): Draft | undefined {
    return this.#collection.get(id);
  }

  has(id: string): boolean {
    return this.#collection.has(id);
  }

  /** The drafts last saved first. */
  list(): Draft[] {
    return this.#collection
      .values()
      .sort((a, b) => b.last_draft_saved_at.localeCompare(a.last_draft_saved_at));
  }

  /** An id that is not taken, like `record-1795239539067`. */
  newId(): string {
    let serial = this.#now();
    while (this.has(`record-${serial}`)) serial += 1;
    return `record-${serial}`;
  }

  /** Every field that is left out is empty. */
  async create(
    id: string,
    fields: DraftFields & { title: string; type: string },
    account: Account,
  ): Promise<Draft> {
    const time = isoSeconds(this.#now());
    return this.#keep({
      id,
      title: fields.title,
      type: fields.type,
      status: fields.status || 'draft',
      workflowState: fields.workflowState || 'draft',
      markdownBody: fields.markdownBody || null,
      metadata: fields.metadata ?? {},
      geography: fields.geography,
      attachedFiles: fields.attachedFiles ?? [],
      linkedRecords: fields.linkedRecords ?? [],
      linkedGeographyFiles: fields.linkedGeographyFiles ?? [],
      author: account.username,
      created_by: String(account.id),
      created_at: time,
      updated_at: time,
      last_draft_saved_at: time,
    });
  }

  /** Every field that is left out stays. */
  async update(draft: Draft, fields: DraftFields): Promise<Draft> {
    const time = isoSeconds(this.#now());
    return this.#keep({
      ...draft,
      title: fields.title ?? draft.title,
      type: fields.type ?? draft.type,
      status: fields.status ?? draft.status,
      workflowState: fields.workflowState || draft.workflowState,
      markdownBody: fields.markdownBody ?? draft.markdownBody,
      metadata: fields.metadata ?? draft.metadata,
      geography: fields.geography ?? draft.geography,
      attachedFiles: fields.attachedFiles ?? draft.attachedFiles,
      linkedRecords: fields.linkedRecords ?? draft.linkedRecords,
      linkedGeographyFiles: fields.linkedGeographyFiles ?? draft.linkedGeographyFiles,
      updated_at: time,
      last_draft_saved_at: time,
    });
  }

  remove(id: string): Promise<void> {
    return this.#collection.delete(id);
  }

  async #keep(draft: Draft): Promise<Draft> {
    await this.#collection.set(draft.id, draft);
    return draft;
  }
}
