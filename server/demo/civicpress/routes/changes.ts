/** Changing what is published, past any draft: that stays, and hides the change from whoever may edit. */
import type { FastifyInstance } from 'fastify';
import { refusals } from '../errors.ts';
import type { Guards } from '../guards.ts';
import { readRecordChange } from '../input.ts';
import type { Parts } from '../parts.ts';
import { type PublishedRecord, parseRecord, printRecord } from '../record.ts';
import { checkTransition } from '../status-rules.ts';
import { isoSeconds, isoTime } from '../times.ts';

interface OneRecord {
  Params: { id: string };
}

export function changeRoutes(routes: FastifyInstance, { records, now }: Parts, guards: Guards): void {
  const published = async (id: string) => {
    const file = await records.find(id);
    if (!file) throw refusals.recordNotFound();
    return parseRecord(file);
  };
  const write = async (record: PublishedRecord) => {
    await records.write(record.path, printRecord(record, record.content));
    return record;
  };

  /** Every field that is left out stays; the body then loses the white space at its ends. */
  routes.put<OneRecord>('/records/:id', async (request) => {
    const account = guards.permitted('edit', request);
    const fields = readRecordChange(request.body);
    const record = await published(request.params.id);
    guards.requireRight('edit', account, record.type);
    checkTransition(record.status, fields.status ?? record.status);
    const changed = await write({
      ...record,
      title: fields.title ?? record.title,
      status: fields.status ?? record.status,
      content: fields.content ?? record.content.trim(),
      metadata: { ...record.metadata, ...fields.metadata },
      authors: fields.authors ?? record.authors,
      geography: fields.geography ?? record.geography,
      attachedFiles: fields.attachedFiles ?? record.attachedFiles,
      linkedRecords: fields.linkedRecords ?? record.linkedRecords,
      linkedGeographyFiles: fields.linkedGeographyFiles ?? record.linkedGeographyFiles,
      updated_at: isoTime(now()),
    });
    return { success: true, data: { ...changed, workflowState: null } };
  });

  /** Archives it, whatever it was; who may edit does not see that while there is a draft. */
  routes.delete<OneRecord>('/records/:id', async (request) => {
    const account = guards.permitted('delete', request);
    const { id } = request.params;
    const record = await published(id);
    const at = now();
    const archivedAt = isoTime(at);
    const { id: archivedById, username, name } = account;
    await write({
      ...record,
      status: 'archived',
      authors: undefined,
      metadata: {
        ...record.metadata,
        archived_by: username,
        archived_by_id: archivedById,
        archived_by_name: name ?? username,
        archived_at: archivedAt,
      },
      updated_at: isoSeconds(at),
    });
    return {
      success: true,
      data: {
        message: `Record ${id} archived successfully`,
        archivedAt,
        archiveLocation: `archive/${record.type}/${id}.md`,
        note: 'Record has been moved to archive and is no longer active',
      },
    };
  });
}
