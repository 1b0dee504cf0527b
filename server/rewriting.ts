/**
 * Gives an open document another text, as one edit: everybody in the room sees it at once, it is in the journal, and what
 * the document says already keeps its items. The draft gets the text byte for byte.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Document, Hocuspocus } from '@hocuspocus/server';
import { applyUpdate, type Doc } from 'yjs';
import type { Journaling } from '../extensions/journaling.ts';
import { type Notices, shownAsSource } from '../extensions/notices.ts';
import type { RecordSync } from '../extensions/record-sync.ts';
import type { Sources } from '../extensions/sources.ts';
import type { Base } from '../markdown/index.ts';
import type { Change } from './conversion/conversion-worker.ts';
import { asRealtimeError, RealtimeError } from './errors.ts';
import type { Ledger, User } from './ports.ts';
import type { ConnectionContext, Session } from './session.ts';

export interface RewritingOptions {
  readonly hocuspocus: Hocuspocus<ConnectionContext>;
  readonly ledger: Ledger;
  readonly sources: Sources;
  readonly journaling: Pick<Journaling, 'durable'>;
  readonly recordSync: Pick<RecordSync, 'check'>;
  readonly notices: Notices;
}

/** How long somebody waits for an edit to be durable before being told that it is not yet. */
const durableWithinMs = 10_000;

/** So often a change is made anew because somebody typed meanwhile. */
const maxAttempts = 5;

export class Rewriting {
  readonly #options: RewritingOptions;

  constructor(options: RewritingOptions) {
    this.#options = options;
  }

  /** The text whose bytes what nobody edited keeps. */
  printedFrom(documentName: string): Base {
    const { base, restored } = this.#options.sources.of(documentName);
    return restored ?? base;
  }

  /** Somebody may go on typing while it is made: then it is made anew, and at last stands beside what they typed. */
  async prepare<Made extends Change>(document: Doc, make: () => Promise<Made>): Promise<Made> {
    let edits = 0;
    const count = () => {
      edits += 1;
    };
    document.on('update', count);
    try {
      for (let attempt = 1; ; attempt += 1) {
        edits = 0;
        const change = await make();
        if (edits === 0 || attempt === maxAttempts) return change;
      }
    } finally {
      document.off('update', count);
    }
  }

  /**
   * At once, in the user's name; resolves when it is durable.
   *
   * @throws RealtimeError `not-durable` when the document has it, and that is not stored yet
   */
  apply(document: Document, { update, base: text }: Change, user: User): Promise<void> {
    const { name: documentName } = document;
    const { hocuspocus, sources, recordSync, notices } = this.#options;
    const wasOpaque = this.printedFrom(documentName).isOpaque;
    const session: Session = { user, access: 'edit' };
    if (update) applyUpdate(document, update, { source: 'local', context: { session } });
    sources.restored(documentName, text);
    if (text.isOpaque && !wasOpaque) notices.tell(hocuspocus, documentName, shownAsSource);
    void recordSync.check(documentName);
    return this.#store(documentName);
  }

  /** The edit first: without it, the text would be that of another document. */
  async #store(documentName: string): Promise<void> {
    const { journaling, ledger, sources } = this.#options;
    await this.#inTime(journaling.durable(documentName));
    await this.#inTime(ledger.sending(documentName, sources.of(documentName)));
  }

  /** @throws RealtimeError `not-durable` when this is not done in time, or fails */
  async #inTime(stored: Promise<void>): Promise<void> {
    const tooLate = delay(durableWithinMs, undefined, { ref: false }).then(() => {
      throw new RealtimeError('not-durable');
    });
    try {
      await Promise.race([stored, tooLate]);
    } catch (error) {
      throw asRealtimeError(error, 'not-durable');
    } finally {
      tooLate.catch(() => undefined);
    }
  }
}
