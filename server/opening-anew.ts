/**
 * Lets an open document go without storing what it holds, and has everybody come back to it as it is stored.
 *
 * That is for a document that is not what the journal says, and for one that Yjs cannot go on with: when something throws
 * while Yjs ends a change, it never ends another one there. What is typed from then on is told to nobody and is in no
 * journal, so it may not be acknowledged; who typed it has it, and brings it back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Document, Hocuspocus } from '@hocuspocus/server';
import type { Doc } from 'yjs';
import type { Journaling } from '../extensions/journaling.ts';
import type { Persistence } from '../extensions/persistence.ts';
import type { RecordSync } from '../extensions/record-sync.ts';
import { RealtimeError } from './errors.ts';
import type { Logger } from './ports.ts';

export interface OpeningAnewOptions {
  readonly journaling: Pick<Journaling, 'durable' | 'whenDurable' | 'abandon'>;
  readonly persistence: Pick<Persistence, 'abandon'>;
  readonly recordSync: Pick<RecordSync, 'abandon'>;
  readonly log: Logger;
}

/** With `document-replaced` only who holds nothing of this one gets in again. */
export type WhyAnew = 'document-replaced' | 'document-not-loaded';

/** How long edits that the journal has not taken are waited for, in ms. */
const durableWithinMs = 5_000;

export class OpeningAnew {
  readonly #options: OpeningAnewOptions;
  readonly #going = new WeakSet<Document>();

  constructor(options: OpeningAnewOptions) {
    this.#options = options;
  }

  async openAnew(instance: Hocuspocus, document: Document, code: WhyAnew): Promise<void> {
    if (this.#going.has(document)) return;
    this.#going.add(document);
    const { name: documentName } = document;
    const { journaling, persistence, recordSync, log } = this.#options;
    log.warn({ documentName, code }, 'a document is opened anew');
    if (code === 'document-not-loaded') {
      const tooLong = delay(durableWithinMs, undefined, { ref: false });
      await Promise.race([journaling.durable(documentName), tooLong]);
    }
    for (const layer of [journaling, persistence, recordSync]) layer.abandon(documentName);
    const error = new RealtimeError(code);
    for (const connection of document.getConnections()) {
      connection.context.socket.close(error.closeCode, error.reason);
      connection.close({ code: error.closeCode, reason: error.reason });
    }
    if (instance.documents.get(documentName) !== document) return;
    instance.documents.delete(documentName);
    document.destroy();
    await instance.hooks('afterUnloadDocument', { instance, documentName });
  }

  /** Calls back once everything that an open document holds now is durable; never for one that is opened anew. */
  whenDurable(instance: Hocuspocus, documentName: string, then: () => void): void {
    const document = instance.documents.get(documentName);
    if (!document || !isUnended(document)) return this.#options.journaling.whenDurable(documentName, then);
    // It may be asked while a change is being ended.
    setImmediate(() => {
      if (!isUnended(document)) return this.#options.journaling.whenDurable(documentName, then);
      void this.openAnew(instance, document, 'document-not-loaded');
    });
  }
}

/** What Yjs keeps to itself: the changes that it is ending. */
interface Inside {
  readonly _transactionCleanups: readonly unknown[];
}

function isUnended(document: Doc): boolean {
  return (document as unknown as Inside)._transactionCleanups.length > 0;
}
