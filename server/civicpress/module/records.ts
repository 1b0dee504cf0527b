/**
 * Reads records and writes their drafts through CivicPress' own services.
 */
import { RealtimeError } from '../../errors.ts';
import type { Contributor, Records, RecordText } from '../../ports.ts';
import { keptMetadata } from '../kept-metadata.ts';
import type { CoreDatabase, CoreNewDraft, CoreRecord, CoreRecordManager } from './core.ts';

/** Whose drafts these are, when neither their record nor an edit names anybody. */
const author = 'realtime';

export class CoreRecords implements Records {
  readonly #recordManager: CoreRecordManager;
  readonly #database: CoreDatabase;

  constructor(recordManager: CoreRecordManager, database: CoreDatabase) {
    this.#recordManager = recordManager;
    this.#database = database;
  }

  async read(recordId: string): Promise<RecordText | null> {
    // The draft last: between the look at it and its writing there is no time for a file.
    const record = await asked(recordId, this.#recordManager.getRecord(recordId));
    const draft = await asked(recordId, this.#database.getDraft(recordId));
    const isArchived = record?.status === 'archived';
    const published = record ? withFinalNewline(record.content ?? '') : undefined;
    if (draft) {
      return {
        title: draft.title,
        markdown: draft.markdown_body ?? '',
        isDraft: true,
        isArchived,
        fields: {},
        ...(published !== undefined && { published }),
      };
    }
    if (!record || published === undefined) return null;
    return {
      title: record.title,
      markdown: published,
      isDraft: false,
      isArchived,
      fields: fieldsOf(recordId, record),
    };
  }

  async writeDraft(
    recordId: string,
    markdown: string,
    { isDraft, markdown: seen, fields }: RecordText,
    [first]: readonly Contributor[],
  ): Promise<'written' | 'changed'> {
    if (isDraft) return asked(recordId, this.#update(recordId, markdown, seen));
    // Whose draft it is may throw it away, and finds it in the list of their own.
    const whose = first && { created_by: first.id };
    const draft = { ...(fields as Omit<CoreNewDraft, 'markdown_body'>), ...whose, markdown_body: markdown };
    await asked(recordId, this.#database.createDraft(draft));
    return 'written';
  }

  /** `updateDraft` writes whatever is there by now, and is no error when nothing is. */
  async #update(recordId: string, markdown: string, seen: string): Promise<'written' | 'changed'> {
    const answer = await this.#database
      .getAdapter?.()
      .execute(updateIfUnchanged, [markdown, recordId, seen])
      // Another database, or another table, than that of v0.3.1.
      .catch(() => null);
    if (typeof answer?.changes === 'number') {
      if (answer.changes > 0) return 'written';
      const draft = await this.#database.getDraft(recordId);
      // A text that the database does not compare as it gives it would be tried for ever.
      if (!draft || (draft.markdown_body ?? '') !== seen) return 'changed';
    }
    await this.#database.updateDraft(recordId, { markdown_body: markdown });
    return 'written';
  }
}

/** A draft without a body reads as an empty one. */
const updateIfUnchanged = `UPDATE record_drafts
  SET markdown_body = ?, updated_at = CURRENT_TIMESTAMP, last_draft_saved_at = CURRENT_TIMESTAMP
  WHERE id = ? AND COALESCE(markdown_body, '') = ?`;

/** @throws RealtimeError `civicpress-unavailable` in place of whatever CivicPress throws */
async function asked<Answer>(recordId: string, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (cause) {
    throw new RealtimeError('civicpress-unavailable', { context: { recordId }, cause });
  }
}

/** What a new draft has to be given, or publishing it erases it from the record. */
function fieldsOf(recordId: string, record: CoreRecord): Omit<CoreNewDraft, 'markdown_body'> {
  return {
    // Not the record's own id, which its frontmatter may give otherwise.
    id: recordId,
    title: record.title,
    type: record.type,
    status: record.status ?? 'draft',
    workflow_state: record.workflowState ?? 'draft',
    metadata: jsonOf(keptMetadata(record)),
    geography: jsonOf(record.geography),
    attached_files: jsonOf(record.attachedFiles),
    linked_records: jsonOf(record.linkedRecords),
    linked_geography_files: jsonOf(record.linkedGeographyFiles),
    author: record.author ?? author,
    created_by: author,
  };
}

function jsonOf(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

/** CivicPress trims a published body and keeps a draft byte for byte, so the newline is ours to give back. */
function withFinalNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
