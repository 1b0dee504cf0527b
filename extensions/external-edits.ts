/**
 * Did the record change outside while the document slept?
 *
 * Whoever comes into a room gets its document at once; the record is looked at beside that, and a difference enters
 * the document as an edit. While a room is in use the record is compared with every draft that is written.
 */
import type { connectedPayload, Extension } from '@hocuspocus/server';
import type { ConnectionContext } from '../server/session.ts';
import type { RecordSync } from './record-sync.ts';
import type { Sources } from './sources.ts';

/** The newcomers get the document before the record is read, which for a long one is work. */
const afterJoinMs = 200;

/** A record that was seen this short a time ago is not read again. */
const freshMs = 2_000;

export class ExternalEdits implements Extension<ConnectionContext> {
  readonly #sources: Sources;
  readonly #recordSync: RecordSync;

  /** Checks that are about to begin, by document. */
  readonly #upcoming = new Map<string, NodeJS.Timeout>();

  constructor(sources: Sources, recordSync: RecordSync) {
    this.#sources = sources;
    this.#recordSync = recordSync;
  }

  async connected({ instance, documentName }: connectedPayload<ConnectionContext>): Promise<void> {
    const ageMs = performance.now() - this.#sources.of(documentName).seenAt;
    if (ageMs < freshMs || this.#upcoming.has(documentName)) return;
    const check = setTimeout(() => {
      this.#upcoming.delete(documentName);
      if (instance.documents.has(documentName)) void this.#recordSync.check(documentName);
    }, afterJoinMs);
    this.#upcoming.set(documentName, check);
  }

  async onDestroy(): Promise<void> {
    for (const check of this.#upcoming.values()) clearTimeout(check);
  }
}
