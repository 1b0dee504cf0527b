/**
 * Is there still a record to edit? One that was archived or deleted is for reading from then on: everybody in its room is
 * told, nothing more is taken, and what the room holds is made a version.
 */
import type { Extension, Hocuspocus, onConfigurePayload } from '@hocuspocus/server';
import { errors } from '../server/errors.ts';
import type { Logger } from '../server/ports.ts';
import type { Notices } from './notices.ts';
import type { ReadOnlyRooms } from './read-only-rooms.ts';

export type Fate = 'archived' | 'deleted';

/** `null`: the record is there to be edited. */
export type FateListener = (documentName: string, fate: Fate | null) => void;

export interface RetirementOptions {
  readonly readOnlyRooms: ReadOnlyRooms;
  readonly notices: Pick<Notices, 'tell'>;
  /** Makes a version of what the document holds. */
  readonly keepSafe: (documentName: string) => Promise<unknown>;
  readonly log: Logger;
}

export class Retirement implements Extension {
  readonly #options: RetirementOptions;
  readonly #listeners = new Set<FateListener>();
  #instance: Hocuspocus | undefined;

  constructor(options: RetirementOptions) {
    this.#options = options;
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#instance = instance;
  }

  /** Hears what becomes of records, for other nodes; returns what ends this. */
  onFate(listener: FateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What has become of the record of an open document. */
  fateOf(documentName: string): Fate | null {
    const notice = this.#options.readOnlyRooms.noticeOf(documentName, 'retirement');
    return notice?.event === 'record-gone' ? notice.data.fate : null;
  }

  /** What another node has found out. */
  follow(documentName: string, fate: Fate | null): void {
    if (!this.#instance?.documents.has(documentName)) return;
    if (fate) this.#close(documentName, fate);
    else this.#options.readOnlyRooms.open(documentName, 'retirement');
  }

  /** The record is not to be edited any more. Saying it again changes nothing. */
  retire(documentName: string, fate: Fate): void {
    if (!this.#close(documentName, fate)) return;
    for (const listener of this.#listeners) listener(documentName, fate);
    const { keepSafe, log } = this.#options;
    log.info({ documentName, fate }, 'a record that is open is not to be edited any more');
    keepSafe(documentName).catch((error: unknown) => {
      // The journal has it; the store is tried again by whoever owes it that.
      log.warn({ documentName, cause: String(error) }, 'no version could be made of it yet');
    });
  }

  /** The record is there to be edited. */
  revive(documentName: string): void {
    const { readOnlyRooms, notices } = this.#options;
    if (!this.#instance || !this.fateOf(documentName)) return;
    notices.tell(this.#instance, documentName, { event: 'record-back', data: {} });
    readOnlyRooms.open(documentName, 'retirement');
    for (const listener of this.#listeners) listener(documentName, null);
  }

  /** `false` when that is so already. */
  #close(documentName: string, fate: Fate): boolean {
    if (this.fateOf(documentName) === fate) return false;
    const { reason } = errors[fate === 'archived' ? 'record-archived' : 'no-such-record'];
    this.#options.readOnlyRooms.close(documentName, 'retirement', {
      event: 'record-gone',
      data: { fate, reason },
    });
    return true;
  }
}
