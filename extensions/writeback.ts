/**
 * When does the record's draft change?
 *
 * A moment after an edit the document is turned into Markdown. Unchanged: no request. Changed: the record
 * is read, compared and merged, and the result becomes its draft. CivicPress being slow or away never holds up an
 * editor: the draft is owed then, and its room stays until it is written.
 */
import type {
  afterLoadDocumentPayload,
  afterUnloadDocumentPayload,
  beforeUnloadDocumentPayload,
  Extension,
  Hocuspocus,
  onChangePayload,
  onConfigurePayload,
} from '@hocuspocus/server';
import type { Ledger, Logger } from '../server/ports.ts';
import type { ConnectionContext } from '../server/session.ts';
import { Veto } from './guarded.ts';
import type { RecordSync } from './record-sync.ts';
import type { Sources } from './sources.ts';

export interface WritebackOptions {
  readonly recordSync: RecordSync;
  readonly ledger: Ledger;
  readonly sources: Sources;
  readonly log: Logger;
}

export class Writeback implements Extension<ConnectionContext> {
  readonly #options: WritebackOptions;

  /** Documents that owed a draft when the process ended, and could not be opened yet. */
  readonly #unopened = new Set<string>();

  constructor(options: WritebackOptions) {
    this.#options = options;
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#options.recordSync.attach(instance);
  }

  /** Edits that the process left behind before their draft was written are written back now. */
  async afterLoadDocument({ documentName }: afterLoadDocumentPayload<ConnectionContext>): Promise<void> {
    const { sources, recordSync } = this.#options;
    this.#unopened.delete(documentName);
    // Hocuspocus lists a document as open right after this hook.
    if (sources.of(documentName).owesWriteback) setImmediate(() => recordSync.owe(documentName));
  }

  async onChange({ documentName }: onChangePayload<ConnectionContext>): Promise<void> {
    this.#options.recordSync.owe(documentName);
  }

  async beforeUnloadDocument({ documentName }: beforeUnloadDocumentPayload): Promise<void> {
    if (this.#options.recordSync.owes(documentName)) throw new Veto();
  }

  /** A place has become free. */
  async afterUnloadDocument({ instance }: afterUnloadDocumentPayload): Promise<void> {
    for (const documentName of this.#unopened) await this.#open(instance, documentName);
  }

  async onDestroy(): Promise<void> {
    this.#unopened.clear();
    this.#options.recordSync.stop();
  }

  /** Opens again what owed a draft when the process ended; opening it is enough. */
  async resume(instance: Hocuspocus): Promise<void> {
    const { ledger, log } = this.#options;
    try {
      for (const documentName of await ledger.owing()) await this.#open(instance, documentName);
    } catch (error) {
      const cause = String(error);
      log.error({ cause }, 'which drafts are owed could not be read; each is written when it is opened');
    }
  }

  async #open(instance: Hocuspocus, documentName: string): Promise<void> {
    const connection = { isAuthenticated: true, readOnly: false };
    this.#unopened.add(documentName);
    try {
      const document = await instance.createDocument(
        documentName,
        new Request('http://localhost'),
        'server',
        connection,
      );
      // When nobody comes, it goes after its grace time.
      setImmediate(() => void instance.unloadDocument(document));
    } catch {
      this.#options.log.warn({ documentName }, 'a draft stays owed until its document can be opened');
    }
  }
}
