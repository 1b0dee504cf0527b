/**
 * When does the record's draft change?
 *
 * A moment after a stored snapshot the document is turned into Markdown. Unchanged: no request. Changed: what the record
 * holds is read, compared and merged, and the result becomes the draft. CivicPress being slow or away never holds
 * up an editor: the draft is owed then, and its room stays until it is written.
 */
import type {
  afterLoadDocumentPayload,
  beforeUnloadDocumentPayload,
  Document,
  Extension,
  Hocuspocus,
  onConfigurePayload,
  onStoreDocumentPayload,
} from '@hocuspocus/server';
import { type Base, jsonOf, type MarkdownOptions, rebase } from '../markdown/index.ts';
import { recordIdOf } from '../server/document-name.ts';
import { type Failure, OwedWork } from '../server/owed-work.ts';
import type { Logger, Records, SnapshotStore } from '../server/ports.ts';
import type { ConnectionContext } from '../server/session.ts';
import { type ExternalEdits, isSameText } from './external-edits.ts';
import { Veto } from './guarded.ts';
import type { Notices } from './notices.ts';
import type { Sources } from './sources.ts';

export interface WritebackOptions {
  readonly records: Records;
  readonly snapshots: SnapshotStore;
  readonly sources: Sources;
  readonly externalEdits: ExternalEdits;
  readonly notices: Notices;
  readonly markdown: MarkdownOptions;
  /** Each draft costs CivicPress two requests, of 1,000 in 15 minutes for all rooms: so it waits for more. */
  readonly pauseMs: number;
  readonly atLatestMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly log: Logger;
}

export class Writeback implements Extension<ConnectionContext> {
  readonly #options: WritebackOptions;
  readonly #owed: OwedWork;
  #instance: Hocuspocus | undefined;

  constructor(options: WritebackOptions) {
    this.#options = options;
    this.#owed = new OwedWork({
      perform: (documentName) => this.#writeBack(documentName),
      pauseMs: options.pauseMs,
      atLatestMs: options.atLatestMs,
      retryMinMs: options.retryMinMs,
      retryMaxMs: options.retryMaxMs,
      onFailed: (documentName, failure) => this.#failed(documentName, failure),
      onDone: (documentName, failure) => this.#done(documentName, failure),
    });
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#instance = instance;
  }

  /** A snapshot that the process left behind before its draft was written is written back now. */
  async afterLoadDocument({ documentName }: afterLoadDocumentPayload<ConnectionContext>): Promise<void> {
    if (!this.#options.sources.of(documentName).owesWriteback) return;
    // Hocuspocus lists a document as open right after this hook.
    setImmediate(() => void this.#owed.owe(documentName));
  }

  async onStoreDocument({ documentName }: onStoreDocumentPayload): Promise<void> {
    void this.#owed.owe(documentName);
  }

  async beforeUnloadDocument({ documentName }: beforeUnloadDocumentPayload): Promise<void> {
    if (this.owes(documentName)) throw new Veto();
  }

  async onDestroy(): Promise<void> {
    this.#owed.stop();
  }

  /** Opens again what owed a draft when the process ended; opening it is enough. */
  async resume(instance: Hocuspocus): Promise<void> {
    const { snapshots, log } = this.#options;
    try {
      for (const documentName of await snapshots.owing()) {
        const connection = { isAuthenticated: true, readOnly: false };
        await instance
          .createDocument(documentName, new Request('http://localhost'), 'server', connection)
          .catch(() => log.warn({ documentName }, 'a draft stays owed until its document is opened'));
      }
    } catch (error) {
      log.error(
        { cause: String(error) },
        'which drafts are owed could not be read; each is written when it is opened',
      );
    }
  }

  /** Whether the record's draft may lack what the newest snapshot holds. */
  owes(documentName: string): boolean {
    return this.#owed.owes(documentName);
  }

  /** When the oldest such edit was stored, in ms since the epoch. */
  owedSince(documentName: string): number | null {
    return this.#owed.owedSince(documentName);
  }

  /** Tries what is owed once more, now. */
  drain(): Promise<void> {
    return this.#owed.drain();
  }

  async #writeBack(documentName: string): Promise<void> {
    const { snapshots, sources, markdown } = this.#options;
    const document = this.#instance?.documents.get(documentName);
    if (!this.#instance || !document) return;
    const { base, revision } = sources.of(documentName);
    const live = rebase(jsonOf(document), base, markdown);
    if (live !== base) await this.#writeDraft(this.#instance, document, live);
    await snapshots.settle(documentName, revision, sources.of(documentName).base);
  }

  /** Read, compare, merge, write: never over words that the server has not seen. */
  async #writeDraft(instance: Hocuspocus, document: Document, live: Base): Promise<void> {
    const { records, sources, externalEdits, markdown, log } = this.#options;
    const recordId = recordIdOf(document.name);
    const record = await records.read(recordId);
    if (!record) {
      log.error({ documentName: document.name }, 'the record is gone; its last text stays in the snapshot');
      return;
    }
    const hasMerged = externalEdits.absorb(instance, document, record);
    const text = hasMerged ? rebase(jsonOf(document), sources.of(document.name).base, markdown) : live;
    if (!isSameText(record, text.markdown)) {
      try {
        await records.writeDraft(recordId, text.markdown);
      } catch (error) {
        sources.unanswered(document.name, text.markdown);
        throw error;
      }
    }
    sources.seen(document.name, text);
  }

  #failed(documentName: string, failure: Failure): void {
    const { since, tries, retryInMs, error } = failure;
    this.#options.log.warn(
      {
        documentName,
        since,
        tries,
        retryInMs,
        code: error.code,
        ...error.context,
        cause: String(error.cause),
      },
      'the draft could not be written',
    );
    if (this.#instance) {
      this.#options.notices.couldNotSave(this.#instance, documentName, 'writeback', failure);
    }
  }

  #done(documentName: string, failure: Failure | undefined): void {
    const document = this.#instance?.documents.get(documentName);
    if (!this.#instance || !document) return;
    if (failure) this.#options.log.info({ documentName, tries: failure.tries }, 'the draft is written again');
    this.#options.notices.savedAgain(this.#instance, documentName, 'writeback');
    this.#options.notices.tell(this.#instance, documentName, { event: 'saved', data: { at: Date.now() } });
    if (document.getConnectionsCount() === 0) void this.#instance.unloadDocument(document);
  }
}
