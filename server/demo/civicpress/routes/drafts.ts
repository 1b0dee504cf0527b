/** Writing: a new record is a draft, a draft is saved or thrown away, and publishing turns it into the record's file. */
import type { FastifyInstance } from 'fastify';
import type { Account } from '../accounts.ts';
import type { Draft } from '../drafts.ts';
import { refusals } from '../errors.ts';
import type { Guards } from '../guards.ts';
import { readDraftFields, readNewRecord, readPublication } from '../input.ts';
import type { Parts } from '../parts.ts';
import { type PublishedRecord, parseRecord, printRecord } from '../record.ts';
import { isRecordId } from '../record-files.ts';
import { checkTransition, initialStatus } from '../status-rules.ts';
import { isoTime } from '../times.ts';

interface OneRecord {
  Params: { id: string };
}

export function draftRoutes(routes: FastifyInstance, parts: Parts, guards: Guards): void {
  const { drafts, records, now } = parts;

  /** Those who edit see all drafts, everybody else their own. */
  routes.get('/records/drafts', async (request) => {
    const account = guards.permitted('view', request);
    const visible = drafts
      .list()
      .filter((draft) => guards.isEditor(account) || draft.created_by === String(account.id))
      .map((draft) => ({ ...draft, content: draft.markdownBody, isDraft: true }));
    return { success: true, data: { drafts: visible, total: visible.length } };
  });

  routes.post('/records', async (request, reply) => {
    const account = guards.permitted('create', request);
    const { content, ...fields } = readNewRecord(request.body);
    const draft = await drafts.create(drafts.newId(), { ...fields, markdownBody: content }, account);
    return reply.code(201).send({ success: true, data: draft });
  });

  routes.put<OneRecord>('/records/:id/draft', async (request) => {
    const account = guards.permitted('edit', request);
    const { id } = request.params;
    if (!isRecordId(id)) throw refusals.recordNotFound();
    const fields = readDraftFields(request.body);
    const draft = drafts.get(id);
    if (draft) {
      guards.requireRight('edit', account, draft.type);
      checkTransition(draft.status, fields.status ?? draft.status);
      return { success: true, data: await drafts.update(draft, fields) };
    }
    const { title, type } = fields;
    if (!title || !type) throw refusals.draftNeedsTitleAndType();
    guards.requireRight('create', account, type);
    checkTransition(initialStatus, fields.status ?? initialStatus);
    return { success: true, data: await drafts.create(id, { ...fields, title, type }, account) };
  });

  /** Whoever began it may throw it away, and nobody else. */
  routes.delete<OneRecord>('/records/:id/draft', async (request) => {
    const account = guards.permitted('edit', request);
    const { id } = request.params;
    const draft = drafts.get(id);
    if (!draft) throw refusals.draftNotFound();
    if (![String(account.id), account.username].includes(draft.created_by)) throw refusals.notYourDraft();
    await drafts.remove(id);
    return { success: true, data: { message: 'Draft deleted successfully', id } };
  });

  routes.post<OneRecord>('/records/:id/publish', async (request, reply) => {
    const account = guards.permitted('edit', request);
    const { id } = request.params;
    const { status } = readPublication(request.body ?? {});
    const draft = drafts.get(id);
    if (!draft) throw refusals.nothingToPublish(id);
    guards.requireRight('edit', account, draft.type);

    const file = await records.find(id);
    checkTransition(file ? parseRecord(file).status : initialStatus, status ?? draft.status);
    const content = draft.markdownBody ?? '';
    const updated = isoTime(now());
    const record = {
      ...(file ? updatedRecord(parseRecord(file), draft) : newRecord(draft, account, updated)),
      status: status ?? draft.status,
      content,
      updated_at: updated,
    };
    await records.write(record.path, printRecord(record, content));
    await drafts.remove(id);
    return reply.code(201).send({ success: true, data: { ...record, workflowState: null } });
  });
}

/** The draft's fields replace the record's: what the draft does not have is gone, the authors always. */
function updatedRecord(record: PublishedRecord, draft: Draft): PublishedRecord {
  const { title, metadata, geography, attachedFiles, linkedRecords, linkedGeographyFiles } = draft;
  return {
    ...record,
    title,
    metadata,
    geography,
    attachedFiles,
    linkedRecords,
    linkedGeographyFiles,
    authors: undefined,
  };
}

/** A first publication also writes into the metadata who published it, and when. */
function newRecord(draft: Draft, account: Account, updated: string): PublishedRecord {
  const { id, title, type, status, metadata, geography, attachedFiles, linkedRecords, linkedGeographyFiles } =
    draft;
  const { username, role, email } = account;
  const name = account.name ?? username;
  const created = isoTime(Date.parse(draft.created_at));
  return {
    id,
    title,
    type,
    status,
    content: draft.markdownBody ?? '',
    metadata: {
      ...metadata,
      author: username,
      authorId: account.id,
      authorName: name,
      authorEmail: email,
      created,
      updated,
    },
    authors: [{ name, username, role, email }],
    geography,
    attachedFiles,
    linkedRecords,
    linkedGeographyFiles,
    path: `records/${folderOf(type)}/${created.slice(0, 4)}/${id}.md`,
    created_at: created,
    updated_at: updated,
    author: username,
  };
}

/** The draft route takes any text as a type; a folder's name does not. */
const folderOf = (type: string) => type.toLowerCase().replace(/[^a-z0-9_-]+/g, '-') || 'record';
