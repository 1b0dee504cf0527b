/**
 * Where does a document come from, and where is it kept?
 *
 * The first one in gets the newest snapshot, else the record's Markdown; an edit is in a snapshot a moment later.
 * Hocuspocus forgets a document when its last client leaves, even when the store before that failed: so this
 * extension remembers which documents hold unsaved edits, refuses to let those go, and keeps trying.
 */
import { Database } from '@hocuspocus/extension-database';
import type {
  afterUnloadDocumentPayload,
  beforeUnloadDocumentPayload,
  Extension,
  Hocuspocus,
  onChangePayload,
  onConfigurePayload,
  onLoadDocumentPayload,
  onStoreDocumentPayload,
} from '@hocuspocus/server';
import type { Converter } from '../server/conversion/converter.ts';
import { recordIdOf } from '../server/document-name.ts';
import { RealtimeError } from '../server/errors.ts';
import { type Failure, OwedWork } from '../server/owed-work.ts';
import type { Logger, Records, SnapshotStore, StoredSnapshot } from '../server/ports.ts';
import type { ConnectionContext } from '../server/session.ts';
import { Veto } from './guarded.ts';
import type { Notices } from './notices.ts';
import type { Sources } from './sources.ts';
import { storeNow, storePayload } from './store-now.ts';

export interface PersistenceOptions {
  readonly snapshots: SnapshotStore;
  readonly records: Records;
  readonly sources: Sources;
  readonly notices: Notices;
  readonly converter: Converter;
  /** Updates after which a snapshot is written at once. */
  readonly maxUpdates: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly log: Logger;
}

/** Edits that are in no snapshot yet. */
interface Unsaved {
  /** When the first of them came, in ms since the epoch. */
  readonly since: number;
  updates: number;
}

export class Persistence extends Database implements Extension<ConnectionContext> {
  readonly #options: PersistenceOptions;
  readonly #unsaved = new Map<string, Unsaved>();
  readonly #owed: OwedWork;
  #instance: Hocuspocus | undefined;

  constructor(options: PersistenceOptions) {
    super({
      fetch: ({ documentName }) => this.#fetch(documentName),
      store: ({ documentName, state }) => this.#store(documentName, state),
    });
    this.#options = options;
    this.#owed = new OwedWork({
      perform: (documentName) => this.#save(documentName),
      retryMinMs: options.retryMinMs,
      retryMaxMs: options.retryMaxMs,
      onFailed: (documentName, failure) => this.#failed(documentName, failure),
      onDone: (documentName, failure) => this.#done(documentName, failure),
    });
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#instance = instance;
  }

  override async onLoadDocument(load: onLoadDocumentPayload): Promise<void> {
    try {
      await super.onLoadDocument(load);
    } catch (error) {
      // Hocuspocus forgets a document that failed to load, but not its timers.
      load.document.destroy();
      throw error;
    }
  }

  async onChange({ instance, documentName, document }: onChangePayload): Promise<void> {
    const unsaved = this.#unsaved.get(documentName) ?? { since: Date.now(), updates: 0 };
    this.#unsaved.set(documentName, unsaved);
    unsaved.updates += 1;
    if (unsaved.updates === this.#options.maxUpdates) storeNow(instance, document);
  }

  /** Resolves when the snapshot is stored; the layers after this one wait for a stored snapshot. */
  override async onStoreDocument({ documentName }: onStoreDocumentPayload): Promise<void> {
    await this.#owed.owe(documentName);
    if (this.#owed.owes(documentName)) throw new Veto();
  }

  async beforeUnloadDocument({ documentName }: beforeUnloadDocumentPayload): Promise<void> {
    if (this.owes(documentName)) throw new Veto();
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    this.#options.sources.forget(documentName);
  }

  async onDestroy(): Promise<void> {
    this.#owed.stop();
  }

  /** When the oldest edit came that no snapshot holds, in ms since the epoch. */
  unsavedSince(documentName: string): number | null {
    return this.#unsaved.get(documentName)?.since ?? this.#owed.owedSince(documentName);
  }

  /** Whether there are edits that no snapshot holds. */
  owes(documentName: string): boolean {
    return this.unsavedSince(documentName) !== null;
  }

  /** Tries what is owed once more, now. */
  drain(): Promise<void> {
    return this.#owed.drain();
  }

  async #fetch(documentName: string): Promise<Uint8Array> {
    const { snapshots, records, sources, converter } = this.#options;
    const snapshot = await snapshots.read(documentName);
    if (snapshot) return this.#recall(documentName, snapshot);
    const recordId = recordIdOf(documentName);
    const record = await records.read(recordId);
    if (!record) throw new RealtimeError('no-such-record', { context: { recordId } });
    // The same text makes the same update: a seed that comes late merges with the first into one copy.
    const { state, base } = await converter.seed(record.markdown, recordId);
    sources.seeded(documentName, base);
    return state;
  }

  async #recall(documentName: string, snapshot: StoredSnapshot): Promise<Uint8Array> {
    const { snapshots, sources, converter } = this.#options;
    const reopened = await converter.reopen(snapshot.state, snapshot.base, recordIdOf(documentName));
    const { base } = reopened;
    if (!reopened.state) {
      sources.recalled(documentName, { ...snapshot, base });
      return snapshot.state;
    }
    const revision = await snapshots.write(documentName, { state: reopened.state, base });
    sources.recalled(documentName, { ...snapshot, base, revision, owesWriteback: true });
    return reopened.state;
  }

  async #save(documentName: string): Promise<void> {
    const document = this.#instance?.documents.get(documentName);
    if (!this.#instance || !document) return;
    const unsaved = this.#unsaved.get(documentName);
    this.#unsaved.delete(documentName);
    try {
      await super.onStoreDocument(storePayload(this.#instance, document));
    } catch (error) {
      if (unsaved) this.#unsaved.set(documentName, { ...unsaved, updates: 0 });
      throw error;
    }
  }

  async #store(documentName: string, state: Uint8Array): Promise<void> {
    const { snapshots, sources } = this.#options;
    const { base } = sources.of(documentName);
    sources.stored(documentName, await snapshots.write(documentName, { state, base }));
  }

  #failed(documentName: string, failure: Failure): void {
    const { since, tries, retryInMs, error } = failure;
    this.#options.log.warn(
      { documentName, since, tries, retryInMs, cause: String(error.cause) },
      'the snapshot could not be stored',
    );
    if (this.#instance) {
      this.#options.notices.couldNotSave(this.#instance, documentName, 'snapshot', failure);
    }
  }

  /** After trouble, the layers that were passed over get their turn. */
  #done(documentName: string, failure: Failure | undefined): void {
    const document = this.#instance?.documents.get(documentName);
    if (!failure || !this.#instance || !document) return;
    this.#options.log.info({ documentName, tries: failure.tries }, 'the snapshot is stored again');
    this.#options.notices.savedAgain(this.#instance, documentName, 'snapshot');
    storeNow(this.#instance, document);
  }
}
