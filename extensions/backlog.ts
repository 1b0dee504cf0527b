/**
 * How much may wait for the journal? While it takes nothing, people type on, and what they type is kept here; when that is
 * too much for one document its room is for reading, until all of it is stored.
 */
import { errors } from '../server/errors.ts';
import type { Logger } from '../server/ports.ts';
import type { ReadOnlyRooms } from './read-only-rooms.ts';

export interface BacklogOptions {
  /** Of updates of one document. */
  readonly maxBytes: number;
  readonly readOnlyRooms: ReadOnlyRooms;
  readonly log: Logger;
}

export class Backlog {
  readonly #options: BacklogOptions;

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  /** So much of this document waits. */
  waits(documentName: string, bytes: number): void {
    const { maxBytes, readOnlyRooms, log } = this.#options;
    if (bytes <= maxBytes || readOnlyRooms.noticeOf(documentName, 'backlog')) return;
    log.warn({ documentName, bytes }, 'too much waits for the journal: the room is for reading');
    const { reason } = errors['too-much-unsaved'];
    readOnlyRooms.close(documentName, 'backlog', { event: 'too-much-unsaved', data: { reason } });
  }

  /** Nothing waits any more. */
  isEmpty(documentName: string): void {
    this.#options.readOnlyRooms.open(documentName, 'backlog');
  }
}
