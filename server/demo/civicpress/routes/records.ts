/** Reading records. These routes are public: they refuse nobody, and show drafts to editors only. */
import type { FastifyInstance } from 'fastify';
import { splitFrontmatter } from '../../../frontmatter.ts';
import type { Account } from '../accounts.ts';
import type { Draft } from '../drafts.ts';
import { Refusal, refusals } from '../errors.ts';
import type { Guards } from '../guards.ts';
import { type ListQuery, readListQuery } from '../input.ts';
import type { Parts } from '../parts.ts';
import { type PublishedRecord, parseRecord, printFrontmatter, printRecord, textIn } from '../record.ts';
import type { RecordFile } from '../record-files.ts';

interface OneRecord {
  Params: { id: string };
  Querystring: { edit?: string };
}

export function recordRoutes(routes: FastifyInstance, parts: Parts, guards: Guards): void {
  const { records, drafts } = parts;

  const published = async (id: string) => {
    const file = await records.find(id);
    if (!file) throw refusals.recordNotFound();
    return { file, record: parseRecord(file) };
  };
  const draftFor = (caller: Account | null, id: string) =>
    guards.isEditor(caller) ? drafts.get(id) : undefined;
  const hasUnpublishedChanges = (caller: Account, id: string) => guards.isEditor(caller) && drafts.has(id);

  routes.get('/records', async (request) => {
    const query = readListQuery(request.query);
    const caller = guards.caller(request);
    const found = (await records.list())
      .flatMap(listed)
      .filter(({ record }) => !query.type || record.type === query.type)
      .sort((a, b) => SORTERS[query.sort](a.record, b.record));
    const start = (query.page - 1) * query.limit;
    const page = found.slice(start, start + query.limit).map(({ id, record }) => ({
      ...listView(record),
      ...(caller ? { hasUnpublishedChanges: hasUnpublishedChanges(caller, id) } : {}),
    }));
    return {
      success: true,
      data: {
        records: page,
        totalCount: found.length,
        currentPage: query.page,
        totalPages: Math.ceil(found.length / query.limit),
        pageSize: query.limit,
        sort: query.sort,
      },
      meta: { sort: query.sort },
    };
  });

  routes.get<OneRecord>('/records/:id', async (request) => {
    const { id } = request.params;
    const caller = guards.caller(request);
    if (caller && request.query.edit === 'true') {
      const draft = draftFor(caller, id);
      if (draft) return { success: true, data: { ...draft, isDraft: true } };
      const view = recordView((await published(id)).record);
      const data = { ...view, workflowState: 'draft', isDraft: false, markdownBody: view.content };
      return { success: true, data };
    }
    const data = { ...recordView((await published(id)).record), isDraft: false };
    if (!caller) return { success: true, data };
    return { success: true, data: { ...data, hasUnpublishedChanges: hasUnpublishedChanges(caller, id) } };
  });

  routes.get<OneRecord>('/records/:id/raw', async (request) => {
    const { id } = request.params;
    const caller = guards.caller(request);
    const draft = draftFor(caller, id);
    if (draft) return { success: true, data: rawView(draft, printRecord(draft, draft.markdownBody ?? '')) };
    const { file, record } = await published(id);
    if (!caller && record.status !== 'published') throw refusals.recordNotFound();
    return { success: true, data: rawView(record, textIn(file)) };
  });

  routes.get<OneRecord>('/records/:id/frontmatter', async (request, reply) => {
    const draft = draftFor(guards.caller(request), request.params.id);
    reply.type('text/yaml; charset=utf-8');
    if (draft) return printFrontmatter(draft).trim();
    const { file, record } = await published(request.params.id);
    return (splitFrontmatter(textIn(file)).frontmatter ?? printFrontmatter(record)).trim();
  });
}

/** A file that cannot be read is in no list; asked for by its id, it says why. */
function listed(file: RecordFile): { id: string; record: PublishedRecord }[] {
  try {
    return [{ id: file.id, record: parseRecord(file) }];
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}

/** A published record as a reader gets it: CivicPress trims the body on its way out of the file, which it moves away
 * when it archives a record. */
function recordView({ id, title, type, status, content, ...rest }: PublishedRecord) {
  const shown = status === 'archived' ? content : content.trim();
  return { id, title, type, status, workflowState: null, content: shown, ...rest };
}

function listView(record: PublishedRecord) {
  const { id, title, type, status, workflowState, content, metadata } = recordView(record);
  const { path, created_at, updated_at, author } = record;
  return { id, title, type, status, workflowState, content, metadata, path, created_at, updated_at, author };
}

function rawView(record: PublishedRecord | Draft, content: string) {
  const { id, title, type, status, metadata, created_at, author } = record;
  const path = 'path' in record ? record.path : undefined;
  return { id, title, type, status, content, metadata, path, created: created_at, author };
}

const newestFirst = (a: string | null, b: string | null) => (b ?? '').localeCompare(a ?? '');

const SORTERS: Record<ListQuery['sort'], (a: PublishedRecord, b: PublishedRecord) => number> = {
  updated_desc: (a, b) => newestFirst(a.updated_at, b.updated_at),
  created_desc: (a, b) => newestFirst(a.created_at, b.created_at),
  title_asc: (a, b) => a.title.localeCompare(b.title),
  title_desc: (a, b) => b.title.localeCompare(a.title),
};
