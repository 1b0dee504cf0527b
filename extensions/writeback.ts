/**
 * When does the record's draft change?
 *
 * A moment after an edit the document is turned into Markdown. Unchanged: no request. Changed: the record
 * is read, compared and merged, and the result becomes its draft. CivicPress being slow or away never holds up an
 * editor: the draft is owed then, and its room stays until it is written.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type {
  afterLoadDocumentPayload,
  beforeUnloadDocumentPayload,
  Extension,
  Hocuspocus,
  onConfigurePayload,
  onDisconnectPayload,
} from '@hocuspocus/server';
import { RealtimeError } from '../server/errors.ts';
import type { Leases } from '../server/leases.ts';
import type { Ledger, Logger } from '../server/ports.ts';
import type { ConnectionContext } from '../server/session.ts';
import { errorBehind, Veto } from './guarded.ts';
import type { RecordSync } from './record-sync.ts';
import type { Sources } from './sources.ts';

export interface WritebackOptions {
  readonly recordSync: RecordSync;
  readonly ledger: Ledger;
  readonly sources: Sources;
  readonly leases: Pick<Leases, 'take'>;
  /** Pause, in ms, before what could not be opened is tried again. */
  readonly retryMaxMs: number;
  readonly log: Logger;
}

export class Writeback implements Extension<ConnectionContext> {
  readonly #options: WritebackOptions;

  /** Documents that owed a draft when the process ended, and are not open yet. */
  readonly #unopened = new Set<string>();
  #isStopped = false;

  constructor(options: WritebackOptions) {
    this.#options = options;
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#options.recordSync.attach(instance);
  }

  /** Edits that the process left behind before their draft was written are written back now. */
  async afterLoadDocument({
    documentName,
    document,
  }: afterLoadDocumentPayload<ConnectionContext>): Promise<void> {
    const { sources, recordSync } = this.#options;
    this.#unopened.delete(documentName);
    document.on('update', () => recordSync.owe(documentName));
    // Hocuspocus lists a document as open right after this hook.
    if (sources.of(documentName).owesWriteback) setImmediate(() => recordSync.owe(documentName));
  }

  /** Who leaves may want to look at the draft, or publish it. */
  async onDisconnect({ documentName, document }: onDisconnectPayload<ConnectionContext>): Promise<void> {
    if (document.getConnectionsCount() === 0) this.#options.recordSync.hurry(documentName);
  }

  async beforeUnloadDocument({ documentName }: beforeUnloadDocumentPayload): Promise<void> {
    if (this.#options.recordSync.owes(documentName)) throw new Veto();
  }

  async onDestroy(): Promise<void> {
    this.#isStopped = true;
    this.#unopened.clear();
    this.#options.recordSync.stop();
  }

  /** Opens again what owed a draft when the process ended; opening it is enough. Resolves when all of it is open. */
  async resume(instance: Hocuspocus): Promise<void> {
    const { ledger, leases, retryMaxMs, log } = this.#options;
    for (let tries = 1; !this.#isStopped; tries += 1) {
      try {
        // What other processes have open is theirs.
        return await this.takeUp(instance, await leases.take(await ledger.owing()));
      } catch (error) {
        const cause = String(error);
        if (tries === 1) log.warn({ cause }, 'which drafts are owed cannot be read yet');
        await delay(retryMaxMs, undefined, { ref: false });
      }
    }
  }

  /** Opens what a process left behind. Resolves when all of it is open. */
  async takeUp(instance: Hocuspocus, documentNames: readonly string[]): Promise<void> {
    const isUnderWay = this.#unopened.size > 0;
    for (const documentName of documentNames) this.#unopened.add(documentName);
    // In a row of its own, that no hook waits for: opening one document may have to wait until another one is gone.
    while (!isUnderWay && this.#unopened.size > 0) {
      for (const documentName of this.#unopened) {
        if (!(await this.#open(instance, documentName))) break;
      }
      if (this.#unopened.size > 0) await delay(this.#options.retryMaxMs, undefined, { ref: false });
    }
  }

  /** Resolves with whether there may be a place for the next one. */
  async #open(instance: Hocuspocus, documentName: string): Promise<boolean> {
    const connection = { isAuthenticated: true, readOnly: false };
    try {
      const document = await instance.createDocument(
        documentName,
        new Request('http://localhost'),
        'server',
        connection,
      );
      // When nobody comes, it goes after its grace time.
      setImmediate(() => void instance.unloadDocument(document));
      return true;
    } catch (thrown) {
      this.#options.log.warn({ documentName }, 'a draft stays owed until its document can be opened');
      const error = errorBehind(thrown);
      return !(error instanceof RealtimeError && error.code === 'too-many-rooms');
    }
  }
}
