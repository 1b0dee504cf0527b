/**
 * Where does a document come from, and when does its journal become a snapshot?
 *
 * The first one in gets what is stored: snapshot and journal, else the record's Markdown. From then on the journal
 * has every edit; a snapshot of the whole is written after some time, after so many edits, and when the last one
 * leaves. A document whose snapshot could not be stored stays in memory, and the store is tried again.
 */
import { setImmediate } from 'node:timers/promises';
import type {
  afterUnloadDocumentPayload,
  beforeUnloadDocumentPayload,
  Document,
  Extension,
  Hocuspocus,
  onConfigurePayload,
  onDisconnectPayload,
  onLoadDocumentPayload,
} from '@hocuspocus/server';
import { applyUpdate, type Doc, encodeStateAsUpdate, mergeUpdates } from 'yjs';
import { withTextOf } from '../markdown/base.ts';
import type { ClientOwners } from '../server/client-owners.ts';
import type { Converter } from '../server/conversion/converter.ts';
import { recordIdOf } from '../server/document-name.ts';
import { asRealtimeError, RealtimeError } from '../server/errors.ts';
import type { Announcer } from '../server/events.ts';
import { type Failure, OwedWork } from '../server/owed-work.ts';
import type {
  Contributor,
  Journal,
  Ledger,
  LedgerEntry,
  Logger,
  Position,
  Records,
  SnapshotStore,
} from '../server/ports.ts';
import type { Retention } from '../server/retention.ts';
import type { ConnectionContext } from '../server/session.ts';
import { Turns } from '../server/turns.ts';
import { Veto } from './guarded.ts';
import type { Notices } from './notices.ts';
import { contextOf } from './origin.ts';
import { type Recovered, Recovery } from './recovery.ts';
import type { Sources } from './sources.ts';

export interface PersistenceOptions {
  readonly snapshots: SnapshotStore;
  readonly retention: Pick<Retention, 'prune'>;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly records: Records;
  readonly sources: Sources;
  readonly owners: ClientOwners;
  readonly notices: Notices;
  readonly converter: Converter;
  readonly events: Announcer;
  /** Whether this process, of all that have the document open, writes its snapshots. */
  readonly keeps: (documentName: string) => boolean;
  /** Longest time, in ms, that an edit is in the journal only. */
  readonly intervalMs: number;
  /** So many edits in the journal make a snapshot at once. */
  readonly maxUpdates: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly log: Logger;
}

/**
 * So many bytes of snapshot are worth `maxUpdates` edits. A document whose snapshots are longer waits for as many edits
 * again for each further such part: what compaction writes for an edit does not grow with the document.
 */
const bytesPerRound = 32_768;

/** An open document's snapshots. */
interface Progress {
  /** Of the newest snapshot; `null` when only the store knows. */
  revision: number | null;
  /** What the newest snapshot covers: the journal up to here goes when the next one is stored. */
  covers: Position | null;
  /** Edits that were counted since the document was opened, and how many of them the newest snapshot holds. */
  edits: number;
  storedEdits: number;
  /** How many of them the newest snapshot holds that is stored, or on its way. */
  capturedEdits: number;
  /** Of the newest snapshot; 0 before there is one. */
  byteSize: number;
  /** Who made those that are on their way into no snapshot, by id. */
  contributors: Map<string, Contributor>;
}

/** A document on its way to being a snapshot. */
interface Capture {
  readonly at: number;
  readonly bytes: Promise<Uint8Array>;
  readonly covers: Position | null;
  readonly edits: number;
  readonly contributors: ReadonlyMap<string, Contributor>;
}

export class Persistence implements Extension<ConnectionContext> {
  readonly #options: PersistenceOptions;
  readonly #recovery: Recovery;
  readonly #progress = new Map<string, Progress>();
  readonly #owed: OwedWork;

  /** Of writing: each revision follows the one before. */
  readonly #turns = new Turns();
  #instance: Hocuspocus | undefined;

  constructor(options: PersistenceOptions) {
    this.#options = options;
    this.#recovery = new Recovery(options);
    this.#owed = new OwedWork({
      perform: (documentName) => this.#store(documentName),
      pauseMs: options.intervalMs,
      atLatestMs: options.intervalMs,
      retryMinMs: options.retryMinMs,
      retryMaxMs: options.retryMaxMs,
      onFailed: (documentName, failure) => this.#failed(documentName, failure),
      onDone: (documentName, failure) => this.#done(documentName, failure),
    });
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#instance = instance;
  }

  async onLoadDocument({ document }: onLoadDocumentPayload<ConnectionContext>): Promise<void> {
    try {
      await this.#load(document);
    } catch (error) {
      // Hocuspocus forgets a document that failed to load, but not its timers.
      document.destroy();
      throw error;
    }
    document.on('update', (_update: Uint8Array, origin: unknown) => this.#count(document.name, origin));
  }

  async onDisconnect({ documentName, document }: onDisconnectPayload<ConnectionContext>): Promise<void> {
    if (document.getConnectionsCount() === 0) this.hurry(documentName);
  }

  async beforeUnloadDocument({ documentName }: beforeUnloadDocumentPayload): Promise<void> {
    this.hurry(documentName);
    if (this.owes(documentName)) throw new Veto();
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    this.#progress.delete(documentName);
    this.#options.sources.forget(documentName);
  }

  async onDestroy(): Promise<void> {
    this.#owed.stop();
  }

  /** From now on this process writes the snapshots; where the one before stood, only the store knows. */
  takeOver(documentName: string): void {
    const progress = this.#progressOf(documentName);
    progress.revision = null;
    if (progress.edits > progress.storedEdits) void this.#owed.owe(documentName);
  }

  /** This document is not what it was: nothing of it is owed any more. */
  abandon(documentName: string): void {
    this.#owed.forget(documentName);
  }

  /** Whether there are edits that no snapshot holds. */
  owes(documentName: string): boolean {
    return this.#owed.owes(documentName);
  }

  /** What is owed to this document begins now, and not when the interval is over. */
  hurry(documentName: string): void {
    this.#owed.hurry(documentName);
  }

  /** Tries what is owed once more, now. */
  drain(): Promise<void> {
    return this.#owed.drain();
  }

  /**
   * Makes a version of what an open document holds; `null` when the newest version holds all of it.
   *
   * @param isExact whether nothing that comes behind this call may be in it, which costs time on the event loop
   * @throws RealtimeError `not-saved`
   */
  async snapshotNow(documentName: string, { isExact = false } = {}): Promise<{ revision: number } | null> {
    const { edits, storedEdits } = this.#progressOf(documentName);
    const capture = edits > storedEdits ? this.#captureOf(documentName, isExact) : null;
    try {
      return await this.#turns.take(documentName, async () => {
        // Only what was captured exactly is known to lack what came behind it.
        const isStored =
          capture === null || (!isExact && capture.edits <= this.#progressOf(documentName).storedEdits);
        if (isStored && (await this.#newestRevision(documentName)) > 0) return null;
        return { revision: await this.#write(documentName, capture ?? this.#captureOf(documentName)) };
      });
    } catch (error) {
      throw asRealtimeError(error, 'not-saved');
    } finally {
      // What is owed finds its work done, or goes on trying.
      this.hurry(documentName);
    }
  }

  #count(documentName: string, origin: unknown): void {
    const progress = this.#progressOf(documentName);
    const { id, name } = contextOf(origin)?.session?.user ?? {};
    if (id !== undefined) progress.contributors.set(id, { id, name: name ?? '' });
    progress.edits += 1;
    if (!this.#options.keeps(documentName)) return;
    const rounds = Math.max(1, Math.ceil(progress.byteSize / bytesPerRound));
    const isMany = progress.edits - progress.capturedEdits >= this.#options.maxUpdates * rounds;
    void this.#owed.owe(documentName, { now: isMany });
  }

  async #load(document: Document): Promise<void> {
    const { name: documentName } = document;
    const { records, ledger, sources, converter } = this.#options;
    // Looked up in another thread, while this one reads the document.
    const recalled = ledger.recall(documentName);
    recalled.catch(() => undefined);
    const recovered = await this.#recovery.recover(documentName);
    if (recovered) return this.#goOn(document, recovered, recalled);

    const recordId = recordIdOf(documentName);
    const record = await records.read(recordId);
    if (!record) throw new RealtimeError('no-such-record', { context: { recordId } });
    // The same text makes the same update: a seed that comes late merges with the first into one copy.
    const { state, parts, base } = await converter.seed(record.markdown, recordId);
    // While the record was read and converted another node may have begun the document, and changed the record.
    const begun = this.#options.journal.isShared ? await this.#recovery.recover(documentName) : null;
    if (begun) return this.#goOn(document, begun, ledger.recall(documentName));
    sources.seeded(documentName, base, state);
    sources.published.note(documentName, record);
    await fillInParts(document, parts);
  }

  async #goOn(
    document: Document,
    recovered: Recovered,
    recalled: Promise<LedgerEntry | null>,
  ): Promise<void> {
    const { name: documentName } = document;
    const { sources } = this.#options;
    const owners = this.#options.owners.of(documentName);
    owners.restore(recovered.owners);
    for (const { update, user } of recovered.authored) owners.learn(update, user);
    const { state, updates, readAs, base, position, covers, byteSize, contributors } =
      await this.#readAsConfigured(documentName, recovered);
    fill(document, [state, ...updates]);
    const entry = (await recalled) ?? {
      base: await base(),
      restored: null,
      owesWriteback: position !== null,
      unconfirmed: [],
    };
    // What the record holds, or is to hold, is the ledger's to say; how the document reads it, the document's.
    const recordBase = withTextOf(readAs, entry.base);
    const restored = entry.restored && withTextOf(readAs, entry.restored);
    sources.recovered(documentName, { ...entry, base: recordBase, restored }, position);
    const byId = new Map(contributors.map((contributor) => [contributor.id, contributor]));
    const edits = updates.length;
    this.#progress.set(documentName, {
      revision: null,
      covers,
      edits,
      storedEdits: 0,
      capturedEdits: 0,
      byteSize,
      contributors: byId,
    });
    if (updates.length > 0) void this.#owed.owe(documentName);
  }

  /** A document that was read with other features than those of today's editors begins anew. */
  async #readAsConfigured(documentName: string, recovered: Recovered): Promise<Recovered> {
    const { converter, journal } = this.#options;
    if (converter.isReadAlike(recovered.readAs)) return recovered;
    const whole = mergeUpdates([recovered.state, ...recovered.updates]);
    const stored = await recovered.base();
    const { state, base } = await converter.reopen(whole, stored, recordIdOf(documentName));
    const entry = { update: state ?? whole, base, user: null, at: Date.now() };
    const position = await journal.append(documentName, [entry]);
    const begun = { state: entry.update, readAs: base, base: async () => base };
    return { ...recovered, ...begun, updates: [], position };
  }

  async #store(documentName: string): Promise<void> {
    const { edits, storedEdits } = this.#progressOf(documentName);
    if (!this.#instance?.documents.has(documentName) || edits === storedEdits) return;
    // Whoever keeps it now does this.
    if (!this.#options.keeps(documentName)) return;
    const capture = this.#captureOf(documentName);
    await this.#turns.take(documentName, () => this.#write(documentName, capture));
  }

  /** @throws Error when the document is not open: the caller's mistake */
  #captureOf(documentName: string, isExact = false): Capture {
    const document: Doc | undefined = this.#instance?.documents.get(documentName);
    if (!document) throw new Error(`${documentName} is not open`);
    const { sources, owners, converter } = this.#options;
    const progress = this.#progressOf(documentName);
    const { edits, contributors } = progress;
    progress.capturedEdits = edits;
    progress.contributors = new Map();
    const { base, restored, position: covers } = sources.of(documentName);
    const at = Date.now();
    const about = {
      base: restored ?? base,
      covers,
      at,
      contributors: [...contributors.values()],
      owners: owners.of(documentName).stored(),
    };
    const bytes = converter.snapshot(isExact ? encodeStateAsUpdate(document) : document, about);
    // It may fail before its turn to be written has come, and is heard then.
    bytes.catch(() => undefined);
    return { at, bytes, covers, edits, contributors };
  }

  async #write(documentName: string, capture: Capture): Promise<number> {
    const { snapshots, retention, journal, events } = this.#options;
    const { at, covers, edits, contributors } = capture;
    const progress = this.#progressOf(documentName);
    try {
      const bytes = await capture.bytes;
      const revision = (progress.revision ?? (await this.#newestRevision(documentName))) + 1;
      const by = [...contributors.values()];
      const info = { revision, at, byteSize: bytes.byteLength, contributors: by, name: null };
      await snapshots.write(documentName, info, bytes);
      // The newest snapshot may be the older capture, when one that was asked for took the turn before.
      const isBehind = edits < progress.storedEdits;
      progress.storedEdits = Math.max(edits, progress.storedEdits);
      progress.byteSize = info.byteSize;
      // From the snapshot before this one on, so that there is always a second way.
      const mayTrim = !isBehind && this.#options.keeps(documentName);
      if (progress.covers !== null && mayTrim) await journal.trim(documentName, progress.covers);
      progress.covers = covers;
      progress.revision = revision;
      events.emit('realtime:snapshot:saved', {
        documentName,
        version: revision,
        bytes: info.byteSize,
        contributors: by,
      });
      void retention.prune(documentName);
      return revision;
    } catch (error) {
      // It may have arrived all the same, or be somebody else's.
      progress.revision = null;
      progress.capturedEdits = progress.storedEdits;
      progress.contributors = new Map([...contributors, ...progress.contributors]);
      throw error;
    }
  }

  async #newestRevision(documentName: string): Promise<number> {
    const [newest] = await this.#options.snapshots.list(documentName);
    return newest?.revision ?? 0;
  }

  #progressOf(documentName: string): Progress {
    const progress = this.#progress.get(documentName) ?? {
      revision: null,
      covers: null,
      edits: 0,
      storedEdits: 0,
      capturedEdits: 0,
      byteSize: 0,
      contributors: new Map(),
    };
    this.#progress.set(documentName, progress);
    return progress;
  }

  #failed(documentName: string, failure: Failure): void {
    const { since, tries, retryInMs, error } = failure;
    this.#options.log.warn(
      { documentName, since, tries, retryInMs, cause: String(error.cause) },
      'the snapshot could not be stored',
    );
    if (this.#instance) this.#options.notices.couldNotSave(this.#instance, documentName, 'snapshot', failure);
  }

  #done(documentName: string, failure: Failure | undefined): void {
    const document = this.#instance?.documents.get(documentName);
    if (!this.#instance || !document) return;
    if (failure) {
      this.#options.log.info({ documentName, tries: failure.tries }, 'the snapshot is stored again');
      this.#options.notices.savedAgain(this.#instance, documentName, 'snapshot');
    }
    if (document.getConnectionsCount() === 0) void this.#instance.unloadDocument(document);
  }
}

/** One after the other, with everybody else's work between them; nobody is let in before all of it is there. */
async function fillInParts(document: Doc, parts: readonly Uint8Array[]): Promise<void> {
  for (const [index, part] of parts.entries()) {
    if (index > 0) await setImmediate();
    fill(document, [part]);
  }
}

/**
 * What a document begins with is no edit, and nobody is there to be told of it. Whoever listens would have Yjs encode
 * all of it once more for them, and Hocuspocus' own listener merge it with what comes in the same moment.
 */
function fill(document: Doc, updates: readonly Uint8Array[]): void {
  const listeners = document._observers.get('update');
  document._observers.delete('update');
  try {
    document.transact(() => {
      for (const update of updates) applyUpdate(document, update);
    });
  } finally {
    if (listeners) document._observers.set('update', listeners);
  }
}
