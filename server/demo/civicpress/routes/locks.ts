/** Advisory locks. `GET /records/:id/lock?type=…` is also the one way to ask: may this user edit such a record? */
import type { FastifyInstance } from 'fastify';
import { refusals } from '../errors.ts';
import type { Guards } from '../guards.ts';
import type { Parts } from '../parts.ts';
import { isRecordId } from '../record-files.ts';

interface OneRecord {
  Params: { id: string };
}

export function lockRoutes(routes: FastifyInstance, { locks }: Parts, guards: Guards): void {
  /** Answers for unknown records too. */
  routes.get<OneRecord>('/records/:id/lock', async (request) => {
    guards.permitted('edit', request);
    const lock = locks.of(request.params.id);
    return {
      success: true,
      data: {
        locked: lock !== null,
        lockedBy: lock?.lockedBy ?? null,
        lockedAt: lock?.lockedAt ?? null,
        expiresAt: lock?.expiresAt ?? null,
      },
    };
  });

  routes.post<OneRecord>('/records/:id/lock', async (request) => {
    const account = guards.permitted('edit', request);
    const { id } = request.params;
    if (!isRecordId(id)) throw refusals.recordNotFound();
    const held = await locks.acquire(id, String(account.id));
    if (held) throw refusals.locked(held.lockedBy, held.expiresAt);
    return { success: true, data: { locked: true, recordId: id } };
  });

  /** `locked` tells whether nothing was released, even when there was no lock. */
  routes.delete<OneRecord>('/records/:id/lock', async (request) => {
    const account = guards.permitted('edit', request);
    const { id } = request.params;
    const released = await locks.release(id, String(account.id));
    return { success: true, data: { locked: !released, recordId: id } };
  });
}
