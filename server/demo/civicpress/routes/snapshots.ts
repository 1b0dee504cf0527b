/** `snapshot` asks the realtime server to flush a room; `collab-snapshot`, which is only planned, stores one for it. */
import type { FastifyInstance } from 'fastify';
import { refusals } from '../errors.ts';
import type { Guards } from '../guards.ts';
import { readCollabSnapshot } from '../input.ts';
import type { Parts } from '../parts.ts';
import { isRecordId } from '../record-files.ts';

interface OneRecord {
  Params: { id: string };
}

export function snapshotRoutes(routes: FastifyInstance, parts: Parts, guards: Guards): void {
  const { collabSnapshots, requestSnapshot, now } = parts;

  routes.post<OneRecord>('/records/:id/snapshot', async (request) => {
    guards.permitted('edit', request);
    if (!isRecordId(request.params.id)) throw refusals.recordNotFound();
    const { snapshotCreated, version } = await requestSnapshot(request.params.id);
    return { success: true, data: { snapshotCreated, version, timestamp: now() } };
  });

  if (!collabSnapshots) return;

  routes.get<OneRecord>('/records/:id/collab-snapshot', async (request) => {
    guards.permitted('edit', request);
    const stored = collabSnapshots.of(request.params.id);
    if (!stored) throw refusals.snapshotNotFound();
    return { success: true, data: stored };
  });

  routes.post<OneRecord>('/records/:id/collab-snapshot', async (request) => {
    guards.permitted('edit', request);
    const { id } = request.params;
    if (!isRecordId(id)) throw refusals.recordNotFound();
    const stored = await collabSnapshots.store(id, readCollabSnapshot(request.body));
    if (!stored) throw refusals.snapshotVersionTaken();
    const { timestamp, version } = stored;
    const data = { recordId: id, timestamp, version };
    return { success: true, data, message: 'Snapshot saved successfully' };
  });
}
