/**
 * Is this edit on stable storage? Only then does its author hear that it is saved.
 *
 * Everybody else in the room sees an edit at once. Whatever changes the document, somebody's edit or the server's
 * own, is appended to the journal; one append at a time for each document, so that its entries stay in order. What
 * cannot be appended is kept here and tried again, and until it succeeds nothing is acknowledged in that room.
 */
import type {
  afterLoadDocumentPayload,
  afterUnloadDocumentPayload,
  beforeUnloadDocumentPayload,
  Document,
  Extension,
  Hocuspocus,
} from '@hocuspocus/server';
import { BegunAnew } from '../server/begun-anew.ts';
import { RealtimeError } from '../server/errors.ts';
import { type Failure, OwedWork } from '../server/owed-work.ts';
import type { Journal, Logger, NewJournalEntry } from '../server/ports.ts';
import type { ClientSocket, ConnectionContext } from '../server/session.ts';
import type { Backlog } from './backlog.ts';
import { isFollowed } from './followed.ts';
import { Veto } from './guarded.ts';
import type { Notices } from './notices.ts';
import { contextOf } from './origin.ts';
import type { Sources } from './sources.ts';

export interface JournalingOptions {
  readonly journal: Journal;
  readonly sources: Sources;
  readonly notices: Notices;
  readonly backlog: Pick<Backlog, 'waits' | 'isEmpty'>;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** The document that is open here is not the one in the journal any more; what was typed into it is refused. */
  readonly onBegunAnew: (documentName: string) => void;
  readonly log: Logger;
}

/** Edits of one document that are not durable yet. */
interface Pending {
  readonly entries: NewJournalEntry[];
  /** Of their updates. */
  bytes: number;
  /** Of those who made them. */
  readonly authors: Set<ClientSocket>;
  /** Whether the last append failed. */
  isFailing: boolean;
  /** Since when the journal owes an answer, in ms since the epoch, and in monotonic ms. */
  asked: { readonly since: number; readonly at: number } | undefined;
  /** Whether the room was told that there is no answer. */
  isLate: boolean;
  /** How many entries were ever taken, and how many of them are durable. */
  taken: number;
  durable: number;
  /** Who waits until so many are durable; in order. */
  readonly waiting: { readonly until: number; readonly then: () => void }[];
}

/** So long without an answer, in ms, is trouble: a disk that is stuck fails no append, and ends none. */
const lateMs = 5_000;

export class Journaling implements Extension<ConnectionContext> {
  readonly #options: JournalingOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #owed: OwedWork;
  /** Until it is to be seen whether an answer is late; none while nothing is asked, so that a server at rest rests. */
  #looking: NodeJS.Timeout | undefined;
  #instance: Hocuspocus | undefined;

  constructor(options: JournalingOptions) {
    this.#options = options;
    this.#owed = new OwedWork({
      perform: (documentName) => this.#append(documentName),
      retryMinMs: options.retryMinMs,
      retryMaxMs: options.retryMaxMs,
      onFailed: (documentName, failure) => this.#failed(documentName, failure),
      onDone: (documentName, failure) => this.#done(documentName, failure),
    });
    options.journal.onBack?.(() => this.#owed.retry());
  }

  async afterLoadDocument({
    instance,
    document,
  }: afterLoadDocumentPayload<ConnectionContext>): Promise<void> {
    this.#instance = instance;
    // Not the hook `onChange`: Hocuspocus has sent the acknowledgement before that one runs.
    document.on('update', (update: Uint8Array, origin: unknown) => this.#take(document, update, origin));
  }

  async beforeUnloadDocument({ documentName }: beforeUnloadDocumentPayload): Promise<void> {
    if (this.#owed.owes(documentName)) throw new Veto();
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    this.#pending.delete(documentName);
  }

  async onDestroy(): Promise<void> {
    clearTimeout(this.#looking);
    this.#owed.stop();
  }

  /** Calls back once everything that the document holds now is durable: at once, when it is. */
  whenDurable(documentName: string, then: () => void): void {
    const pending = this.#pending.get(documentName);
    if (!pending || pending.durable === pending.taken) then();
    else pending.waiting.push({ until: pending.taken, then });
  }

  /** The same as a promise. */
  durable(documentName: string): Promise<void> {
    return new Promise((resolve) => this.whenDurable(documentName, resolve));
  }

  /** Whether there are edits that are not durable. */
  owes(documentName: string): boolean {
    return this.#owed.owes(documentName);
  }

  /** Tries what is owed once more, now. */
  drain(): Promise<void> {
    return this.#owed.drain();
  }

  /** What is not durable yet never will be. */
  abandon(documentName: string): void {
    this.#pending.delete(documentName);
    this.#owed.forget(documentName);
  }

  #take(document: Document, update: Uint8Array, origin: unknown): void {
    if (isFollowed(origin)) return;
    const { name: documentName } = document;
    const context = contextOf(origin);
    const pending = this.#pendingOf(documentName);
    const seed = this.#options.sources.takeSeed(documentName);
    if (seed) pending.entries.push({ ...seed, user: null, at: Date.now() });
    const { id, name } = context?.session?.user ?? {};
    const user = id === undefined ? null : { id, name: name ?? '' };
    pending.entries.push({ update, user, at: Date.now(), base: null });
    pending.taken += seed ? 2 : 1;
    pending.bytes += update.byteLength;
    this.#options.backlog.waits(documentName, pending.bytes);
    if (context?.socket) pending.authors.add(context.socket);
    void this.#owed.owe(documentName);
  }

  #pendingOf(documentName: string): Pending {
    const pending = this.#pending.get(documentName) ?? {
      entries: [],
      bytes: 0,
      authors: new Set(),
      isFailing: false,
      asked: undefined,
      isLate: false,
      taken: 0,
      durable: 0,
      waiting: [],
    };
    this.#pending.set(documentName, pending);
    return pending;
  }

  async #append(documentName: string): Promise<void> {
    const { journal, sources } = this.#options;
    const pending = this.#pendingOf(documentName);
    const batch = [...pending.entries];
    const authors = [...pending.authors];
    pending.authors.clear();
    pending.asked = { since: batch[0]?.at ?? Date.now(), at: performance.now() };
    // One for all, which is not begun anew: a timer for each append would be work for each edit.
    if (!this.#looking) this.#lookIn(lateMs);
    try {
      const position = await journal.append(documentName, batch);
      // What others appended before it may not be here yet: then the position is told by following.
      if (journal.isShared) sources.appended(documentName);
      else sources.journaled(documentName, position, batch);
    } catch (cause) {
      if (cause instanceof BegunAnew) return this.#options.onBegunAnew(documentName);
      const error = new RealtimeError('not-durable', { cause });
      // Sent away once: who comes back is told what is the matter, and goes on typing.
      if (!pending.isFailing) for (const author of authors) author.close(error.closeCode, error.reason);
      pending.isFailing = true;
      throw error;
    } finally {
      pending.asked = undefined;
    }
    pending.isFailing = false;
    pending.entries.splice(0, batch.length);
    pending.bytes = pending.entries.reduce((sum, { update }) => sum + update.byteLength, 0);
    if (pending.bytes === 0) this.#options.backlog.isEmpty(documentName);
    pending.durable += batch.length;
    while (pending.waiting[0] && pending.waiting[0].until <= pending.durable) pending.waiting.shift()?.then();
  }

  #lookIn(ms: number): void {
    this.#looking = setTimeout(() => this.#tellOfLate(), ms).unref();
  }

  #tellOfLate(): void {
    this.#looking = undefined;
    const now = performance.now();
    let oldest = Number.POSITIVE_INFINITY;
    for (const [documentName, pending] of this.#pending) {
      if (!pending.asked || pending.isLate) continue;
      if (now - pending.asked.at < lateMs) oldest = Math.min(oldest, pending.asked.at);
      else this.#tellLate(documentName, pending, pending.asked.since);
    }
    if (oldest !== Number.POSITIVE_INFINITY) this.#lookIn(oldest + lateMs - now);
  }

  #tellLate(documentName: string, pending: Pending, since: number): void {
    if (!this.#instance) return;
    const { notices, log } = this.#options;
    pending.isLate = true;
    log.warn({ documentName, since }, 'the journal does not answer');
    const error = new RealtimeError('not-durable');
    notices.couldNotSave(this.#instance, documentName, 'journal', { since, error });
  }

  #failed(documentName: string, failure: Failure): void {
    const { notices, log } = this.#options;
    const { since, tries, retryInMs, error } = failure;
    const fields = { documentName, since, tries, retryInMs, cause: String(error.cause) };
    log.warn(fields, 'edits could not be written to the journal');
    if (this.#instance) notices.couldNotSave(this.#instance, documentName, 'journal', failure);
  }

  #done(documentName: string, failure: Failure | undefined): void {
    const document = this.#instance?.documents.get(documentName);
    const pending = this.#pending.get(documentName);
    if (!this.#instance || !document || !(failure || pending?.isLate)) return;
    if (pending) pending.isLate = false;
    this.#options.log.info({ documentName, tries: failure?.tries ?? 0 }, 'the journal takes edits again');
    this.#options.notices.savedAgain(this.#instance, documentName, 'journal');
    if (document.getConnectionsCount() === 0) void this.#instance.unloadDocument(document);
  }
}
