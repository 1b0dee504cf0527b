/**
 * Keeps snapshots in CivicPress, through its planned route `/records/:id/collab-snapshot`: nothing is kept beside
 * CivicPress then but the journal. CivicPress keeps the newest one of each record, and no versions.
 *
 * The exchange is described in docs/civicpress-snapshots.md. CivicPress v0.3.1 does not have the route yet.
 */
import { z } from 'zod';
import type { Reply } from '../../server/civicpress/client.ts';
import type { ServiceSession } from '../../server/civicpress/service-session.ts';
import { recordIdOf } from '../../server/document-name.ts';
import { RealtimeError } from '../../server/errors.ts';
import type { SnapshotInfo, SnapshotStore } from '../../server/ports.ts';
import { RevisionTaken } from '../../server/revision-taken.ts';

const storedShape = z.object({
  /** The bytes, in base64. */
  snapshot: z.string(),
  version: z.int().positive(),
  timestamp: z.string(),
  /** Missing from a CivicPress that keeps nothing but the three above. */
  info: z
    .object({ at: z.number(), contributors: z.array(z.object({ id: z.string(), name: z.string() })) })
    .optional()
    .catch(undefined),
});

/** CivicPress takes 10 MB of JSON, and breaks the connection in the middle of more; what stands beside is small. */
const maxBase64Bytes = 10 * 1024 * 1024 - 64 * 1024;

interface Stored {
  readonly info: SnapshotInfo;
  readonly bytes: Uint8Array;
}

/** This CivicPress has no place for snapshots; only another version of it, or another storage, helps. */
export class NoSnapshotRoute extends Error {
  constructor() {
    super(
      'this CivicPress has no route /records/:id/collab-snapshot (v0.3.1 does not have it yet): ' +
        'keep snapshots in database, filesystem or postgres',
    );
    this.name = 'NoSnapshotRoute';
  }
}

/**
 * A CivicPress that does not answer at the moment is no reason not to start.
 *
 * @throws NoSnapshotRoute
 */
export async function openCivicPressSnapshots(session: ServiceSession): Promise<SnapshotStore> {
  const store = new CivicPressSnapshots(session);
  await store.list('record:any').catch((error: unknown) => {
    if (error instanceof NoSnapshotRoute) throw error;
  });
  return store;
}

class CivicPressSnapshots implements SnapshotStore {
  readonly keepsVersions = false;
  readonly #session: ServiceSession;

  /** What a close waits for. */
  readonly #underWay = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(session: ServiceSession) {
    this.#session = session;
  }

  async list(documentName: string): Promise<SnapshotInfo[]> {
    const stored = await this.#stored(documentName);
    return stored ? [stored.info] : [];
  }

  async newest(documentName: string): Promise<{ revision: number; bytes: Uint8Array } | null> {
    const stored = await this.#stored(documentName);
    return stored && { revision: stored.info.revision, bytes: stored.bytes };
  }

  async read(documentName: string, revision: number): Promise<Uint8Array | null> {
    const stored = await this.#stored(documentName);
    return stored?.info.revision === revision ? stored.bytes : null;
  }

  async write(documentName: string, info: SnapshotInfo, bytes: Uint8Array): Promise<void> {
    const { revision, at, contributors } = info;
    const recordId = recordIdOf(documentName);
    const body = {
      snapshot: Buffer.from(bytes).toString('base64'),
      version: revision,
      info: { at, contributors },
    };
    if (body.snapshot.length > maxBase64Bytes) throw tooLarge(recordId, bytes);
    const reply = await this.#send({ method: 'POST', path: pathOf(recordId), body });
    if (reply.status === 413) throw tooLarge(recordId, bytes);
    if (reply.status === 409) {
      // Perhaps an earlier try arrived, and only its answer got lost.
      const stored = await this.#stored(documentName);
      if (stored?.info.revision === revision && Buffer.compare(stored.bytes, bytes) === 0) return;
      throw new RevisionTaken(documentName, revision);
    }
    if (reply.status !== 200 && reply.status !== 201) throw unexpected(reply, recordId);
  }

  async rename(): Promise<boolean> {
    this.#refuseWhenClosed();
    return false;
  }

  async remove(): Promise<void> {
    this.#refuseWhenClosed();
  }

  async documents(): Promise<string[]> {
    this.#refuseWhenClosed();
    return [];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#underWay);
  }

  async #stored(documentName: string): Promise<Stored | null> {
    const recordId = recordIdOf(documentName);
    const reply = await this.#send({ method: 'GET', path: pathOf(recordId) });
    if (isWithoutSnapshot(reply)) return null;
    if (reply.status !== 200) throw unexpected(reply, recordId);
    const parsed = storedShape.safeParse(reply.data);
    if (!parsed.success) throw new RealtimeError('civicpress-unavailable', { cause: parsed.error });
    const { snapshot, version: revision, timestamp, info } = parsed.data;
    // What is no base64 gives other bytes than were written, and those tell by themselves that they are damaged.
    const bytes = new Uint8Array(Buffer.from(snapshot, 'base64'));
    const { at, contributors } = info ?? { at: Date.parse(timestamp) || 0, contributors: [] };
    return { info: { revision, at, byteSize: bytes.byteLength, contributors, name: null }, bytes };
  }

  async #send(request: Parameters<ServiceSession['send']>[0]): Promise<Reply> {
    this.#refuseWhenClosed();
    const reply = this.#session.send(request);
    this.#underWay.add(reply);
    try {
      return await reply;
    } finally {
      this.#underWay.delete(reply);
    }
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new Error('the snapshot store is closed');
  }
}

const pathOf = (recordId: string) => `/records/${recordId}/collab-snapshot`;

/** A 404 of the route itself says what is missing; one without such a code comes from whoever looks for routes. */
function isWithoutSnapshot({ status, errorCode }: Reply): boolean {
  return status === 404 && (errorCode === 'SNAPSHOT_NOT_FOUND' || errorCode === 'RECORD_NOT_FOUND');
}

function unexpected({ status, errorCode }: Reply, recordId: string): Error {
  if (status === 404 && (errorCode === undefined || errorCode === 'NOT_FOUND')) return new NoSnapshotRoute();
  const context = { recordId, status, errorCode };
  return new RealtimeError(status === 403 ? 'service-refused' : 'civicpress-unavailable', { context });
}

function tooLarge(recordId: string, { byteLength: byteSize }: Uint8Array): RealtimeError {
  const why = 'the snapshot is larger than CivicPress takes';
  return new RealtimeError('service-refused', { context: { recordId, why, byteSize } });
}
