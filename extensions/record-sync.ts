/**
 * Keeps a document and its record in step: read, compare, merge, write.
 *
 * One job at a time for each document, so that what the record was seen to hold (the base) never changes under a
 * job that is waiting for CivicPress. `ExternalEdits` asks for a look at the record, `Writeback` owes it the draft.
 */
import { hash } from 'node:crypto';
import type { Document, Hocuspocus } from '@hocuspocus/server';
import { applyUpdate } from 'yjs';
import type { Base } from '../markdown/index.ts';
import { Allowance } from '../server/allowance.ts';
import type { OutsideTexts } from '../server/conversion/conversion-worker.ts';
import type { Converter } from '../server/conversion/converter.ts';
import { recordIdOf } from '../server/document-name.ts';
import { asRealtimeError, RealtimeError } from '../server/errors.ts';
import type { Announcer } from '../server/events.ts';
import { type Failure, OwedWork } from '../server/owed-work.ts';
import type { Ledger, Logger, Records, RecordText } from '../server/ports.ts';
import type { Turns } from '../server/turns.ts';
import { hasNothingNew, savedByEditor } from './editor-saves.ts';
import { type Notices, shownAsSource } from './notices.ts';
import type { Retirement } from './retirement.ts';
import type { Source, Sources } from './sources.ts';

export interface RecordSyncOptions {
  readonly records: Records;
  readonly ledger: Ledger;
  readonly sources: Sources;
  readonly notices: Notices;
  readonly retirement: Pick<Retirement, 'retire' | 'revive'>;
  readonly converter: Converter;
  /** Of changes to a whole document: two that were made from one state would both enter it. */
  readonly turns: Turns;
  /** Whether this process, of all that have the document open, keeps it in step with its record. */
  readonly keeps: (documentName: string) => boolean;
  /** Has the one that does look at the record. */
  readonly askKeeper: (documentName: string) => void;
  /** Resolves when all that the document holds now is durable: no draft says what a crash would take back. */
  readonly durable: (documentName: string) => Promise<void>;
  /** Each draft costs CivicPress two requests, of 1,000 in 15 minutes for all rooms: so it waits for more. */
  readonly pauseMs: number;
  readonly atLatestMs: number;
  /** Of all rooms together. */
  readonly draftsPerMinute: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly events: Announcer;
  readonly log: Logger;
}

/** So long after such a change another one is expected. */
const contendedMs = 10 * 60_000;

/** Each is one of the requests that CivicPress counts. */
const mostReadsBeside = 3;

export class RecordSync {
  readonly #options: RecordSyncOptions;
  readonly #allowance: Allowance;
  readonly #owed: OwedWork;

  /** Documents whose record is to be read even if the room has nothing to write. */
  readonly #doubtful = new Set<string>();

  /** Documents whose draft was published, by what had been published before: that may have been changed meanwhile. */
  readonly #publishedOver = new Map<string, string>();

  /** When somebody changed the record past the room, in monotonic ms. */
  readonly #changedOutsideAt = new Map<string, number>();
  #instance: Hocuspocus | undefined;

  constructor(options: RecordSyncOptions) {
    this.#options = options;
    const { records, draftsPerMinute: perMinute } = options;
    this.#allowance = new Allowance({ perMinute, pauseMs: () => records.draftPauseMs?.() ?? 0 });
    this.#owed = new OwedWork({
      perform: (documentName) => this.#perform(documentName).catch((error) => this.#unperformed(error)),
      pauseMs: options.pauseMs,
      atLatestMs: options.atLatestMs,
      allowance: this.#allowance,
      retryMinMs: options.retryMinMs,
      retryMaxMs: options.retryMaxMs,
      onFailed: (documentName, failure) => this.#failed(documentName, failure),
      onDone: (documentName, failure) => this.#done(documentName, failure),
    });
  }

  attach(instance: Hocuspocus): void {
    this.#instance = instance;
  }

  /** Owes the record what the document holds. */
  owe(documentName: string): void {
    if (this.#options.keeps(documentName)) void this.#owed.owe(documentName);
  }

  /** Looks at the record now, whether the room has something for it or not. Resolves when that was done or has failed. */
  check(documentName: string): Promise<void> {
    if (!this.#options.keeps(documentName)) {
      this.#options.askKeeper(documentName);
      return Promise.resolve();
    }
    this.#doubtful.add(documentName);
    return this.#owed.owe(documentName, { now: true });
  }

  /** Looks whether the record is what it was last seen to be: one request, of which the room hears only if it is not. */
  async look(documentName: string): Promise<void> {
    const { keeps, log } = this.#options;
    const document = this.#instance?.documents.get(documentName);
    // What is owed reads the record anyway, and what drafts wait for is not for looks.
    if (!document || !keeps(documentName) || this.#owed.owes(documentName) || this.#allowance.isShort) return;
    try {
      const record = await this.#read(document);
      if (this.#instance?.documents.get(documentName) !== document) return;
      if (!this.#isAsSeen(documentName, record)) await this.check(documentName);
    } catch (error) {
      log.debug({ documentName, cause: String(error) }, 'the record could not be looked at');
    }
  }

  /** Nobody is there any more to add to what is owed: it waits for no pause, and comes before others. */
  hurry(documentName: string): void {
    this.#owed.hurry(documentName);
  }

  /** Whether the record may lack what the document holds, or the other way round. */
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

  stop(): void {
    this.#owed.stop();
  }

  /** This document is not what it was: nothing of it is owed any more. */
  abandon(documentName: string): void {
    this.#owed.forget(documentName);
    this.#doubtful.delete(documentName);
    this.#publishedOver.delete(documentName);
    this.#changedOutsideAt.delete(documentName);
  }

  async #perform(documentName: string): Promise<void> {
    const { ledger, sources } = this.#options;
    await this.#options.durable(documentName);
    const document = this.#instance?.documents.get(documentName);
    // Whoever keeps it now does this.
    if (!this.#instance || !document || !this.#options.keeps(documentName)) return;
    const source = sources.of(documentName);
    const isDoubtful = this.#doubtful.delete(documentName);
    const isOwed = source.owesWriteback || source.restored !== null || source.unconfirmed.length > 0;
    if (!isOwed && (await this.#isUnchanged(document))) return;

    const live = await this.#textOf(document, source.restored ?? source.base);
    // An unconfirmed draft may be what the record holds, also when the room has taken its words back since.
    const mayDiffer = live.markdown !== source.base.markdown || source.unconfirmed.length > 0;
    if (mayDiffer || isDoubtful || source.restored)
      await this.#reconcile(this.#instance, document, source, live);
    const { base, restored } = sources.of(documentName);
    const hasSettled = source.owesWriteback || source.restored !== null;
    if (!hasSettled && base.markdown === source.base.markdown) return;
    await ledger.settle(documentName, source.position, { base, restored });
    sources.settled(documentName, source.position);
  }

  /** A CivicPress that is away does not count requests: when it is back, drafts need not wait for a turn. */
  #unperformed(error: unknown): never {
    const { code, context } = asRealtimeError(error);
    if (code === 'civicpress-unavailable' && context.status === undefined) this.#allowance.giveBack();
    throw error;
  }

  /** Whether the record still holds what it was last seen to hold: a look that costs no conversion. */
  async #isUnchanged(document: Document): Promise<boolean> {
    const record = await this.#read(document).catch(orNullWhenArchived);
    // Nothing is owed to it, so there is nothing to tell.
    return !record || this.#isAsSeen(document.name, record);
  }

  #isAsSeen(documentName: string, record: RecordText): boolean {
    const { sources } = this.#options;
    const { base } = sources.of(documentName);
    if (!isSameText(record, base.markdown) || sources.published.pastDraft(documentName)) return false;
    if (this.#publishedOver.has(documentName)) return false;
    sources.seen(documentName, base);
    sources.published.take(documentName);
    return true;
  }

  /**
   * @throws RealtimeError `no-such-record` when it is gone, `record-archived` when it is archived; then what was typed
   * stays in a version
   */
  async #read({ name: documentName }: Document): Promise<RecordText> {
    const { records, retirement } = this.#options;
    const record = await records.read(recordIdOf(documentName));
    if (!record) {
      retirement.retire(documentName, 'deleted');
      throw new RealtimeError('no-such-record');
    }
    if (record.isArchived) {
      retirement.retire(documentName, 'archived');
      throw new RealtimeError('record-archived');
    }
    retirement.revive(documentName);
    this.#note(documentName, record);
    return record;
  }

  /** A draft that is gone while its text stands there was published. */
  #note(documentName: string, record: RecordText): void {
    const { sources, notices } = this.#options;
    if (!this.#instance?.documents.has(documentName)) return;
    const taken = sources.published.takenOf(documentName);
    const isDraftGone = sources.published.note(documentName, record);
    if (isDraftGone && taken !== null && this.#options.records.replacedSince)
      this.#publishedOver.set(documentName, taken);
    if (isDraftGone && isSameText(record, sources.of(documentName).base.markdown))
      notices.tell(this.#instance, documentName, { event: 'published', data: { at: Date.now() } });
  }

  /**
   * Never writes over words that the server has not seen. CivicPress has no "write if unchanged": so everything else is
   * done before the record is read, and nothing stands between that and the writing.
   */
  async #reconcile(instance: Hocuspocus, document: Document, source: Source, live: Base): Promise<void> {
    const { sources, turns } = this.#options;
    const { name: documentName } = document;
    const absorb = (texts: OutsideTexts) =>
      turns.take(documentName, () => this.#absorb(instance, document, texts));
    let text = live;
    let { restored } = source;
    for (;;) {
      const withdraw = await this.#announce(documentName, text);
      const record = await this.#read(document).catch((error: unknown) => {
        withdraw();
        throw error;
      });
      if (await this.#takeReplaced(document, absorb)) {
        withdraw();
        const { base: seen, restored: left } = sources.of(documentName);
        restored = left;
        text = await this.#textOf(document, restored ?? seen);
        continue;
      }
      const { base } = sources.of(documentName);
      const pastDraft = sources.published.pastDraft(documentName);
      if (isSameText(record, base.markdown) && !pastDraft) {
        const overwritten = await this.#write(document, record, text);
        withdraw();
        if (overwritten === 'changed') continue;
        sources.published.take(documentName);
        sources.seen(documentName, text, restored);
        if (overwritten === null) return;
        const news = await this.#newsIn(document, overwritten);
        const ancestors = sources.textsOf(documentName);
        const seen = news === null ? text : await absorb({ ancestors, outside: news });
        sources.glimpsed(documentName, overwritten.markdown);
        sources.seen(documentName, { ...seen, markdown: text.markdown });
        text = await this.#textOf(document, sources.of(documentName).restored ?? seen);
        continue;
      }
      withdraw();
      const { markdown } = record;
      if (!isSameText(record, base.markdown)) {
        // One of our own drafts that came late, or whose answer got lost, is nobody's edit.
        const isOurs = source.unconfirmed.includes(fingerprintOf(markdown));
        const own = sources.of(documentName).restored ?? base;
        const news = isOurs ? null : await this.#newsIn(document, record);
        const ancestors = sources.textsOf(documentName);
        const seen = news === null ? { ...base, markdown } : await absorb({ ancestors, outside: news });
        sources.seen(documentName, { ...seen, markdown });
        // What nobody edited keeps the bytes that it had before.
        if (news === null && !isOurs) sources.restored(documentName, own);
      }
      if (pastDraft) {
        const ancestors = [pastDraft.before, ...sources.textsOf(documentName)] as const;
        const seen = await absorb({ ancestors, outside: pastDraft.now });
        // The draft holds what it held.
        sources.seen(documentName, { ...seen, markdown: sources.of(documentName).base.markdown });
      }
      sources.published.take(documentName);
      const { base: seen, restored: left } = sources.of(documentName);
      restored = left;
      text = await this.#textOf(document, restored ?? seen);
    }
  }

  /** What somebody else has saved; `null` when it is CivicPress' own editor beside the room, and says nothing new. */
  async #newsIn(document: Document, record: RecordText): Promise<string | null> {
    const { sources } = this.#options;
    const { base, restored } = sources.of(document.name);
    const own = restored ?? base;
    const said = savedByEditor(record, own.markdown);
    if (said === null) return record.markdown;
    const known = [(await this.#textOf(document, own)).markdown, ...sources.textsOf(document.name)];
    return hasNothingNew(said, known) ? null : said;
  }

  /**
   * What was published past the draft before the draft was published over it is in no text that is left: only in the
   * history, where there is one. Resolves with whether there was such a thing.
   */
  async #takeReplaced(
    { name: documentName }: Document,
    absorb: (texts: OutsideTexts) => Promise<Base>,
  ): Promise<boolean> {
    const known = this.#publishedOver.get(documentName);
    if (known === undefined) return false;
    this.#publishedOver.delete(documentName);
    const { records, sources, log } = this.#options;
    const replaced = await records
      .replacedSince?.(recordIdOf(documentName), known)
      .catch((error: unknown) => {
        log.debug({ documentName, cause: String(error) }, 'what a publication replaced cannot be seen');
        return [];
      });
    let before = known;
    for (const outside of replaced ?? []) {
      const ancestors = [before, ...sources.textsOf(documentName)] as const;
      before = outside;
      // Our own drafts, which somebody published.
      if (ancestors.some((text) => text.trim() === outside.trim())) continue;
      const seen = await absorb({ ancestors, outside });
      sources.glimpsed(documentName, outside);
      sources.seen(documentName, { ...seen, markdown: sources.of(documentName).base.markdown });
    }
    return (replaced ?? []).length > 0;
  }

  /** This draft may be about to be sent. Resolves with what takes that back, or says that it arrived. */
  async #announce(documentName: string, text: Base): Promise<() => void> {
    const { ledger, sources, durable } = this.#options;
    // The text may hold what was typed since it was asked for, and what came in from the record itself.
    await durable(documentName);
    if (text.markdown === sources.of(documentName).base.markdown) return () => undefined;
    sources.sending(documentName, fingerprintOf(text.markdown));
    await ledger.sending(documentName, sources.of(documentName));
    return () => sources.confirmed(documentName);
  }

  /**
   * While others save too, the record is read again beside the writing: what came between the look and the writing is
   * seen then, as far as it can be. Resolves with what was overwritten, or `null`; with `'changed'` when nothing was
   * written, because the record is not what it was.
   */
  async #write(
    { name: documentName }: Document,
    record: RecordText,
    text: Base,
  ): Promise<RecordText | 'changed' | null> {
    if (isSameText(record, text.markdown)) return null;
    const { records, sources } = this.#options;
    const recordId = recordIdOf(documentName);
    const contributors = sources.authorsOf(documentName);
    const writing = records.writeDraft(recordId, text.markdown, record, contributors);
    const beside = this.#isContended(documentName) ? this.#readUntil(writing, recordId) : [];
    if ((await writing) === 'changed') return 'changed';
    sources.published.drafted(documentName);
    const isForeign = (found: RecordText) =>
      !isSameText(found, record.markdown) && !isSameText(found, text.markdown);
    return (await beside).findLast(isForeign) ?? null;
  }

  /** A CivicPress that is busy takes its time to write: one read would be over long before. */
  async #readUntil(written: Promise<unknown>, recordId: string): Promise<RecordText[]> {
    const found: RecordText[] = [];
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    written.then(end, end);
    for (let reads = 0; reads < mostReadsBeside && !isOver; reads += 1) {
      const record = await this.#options.records.read(recordId).catch(() => null);
      if (record) found.push(record);
    }
    return found;
  }

  /** Whether somebody has changed the record past the room lately. */
  #isContended(documentName: string): boolean {
    const changedAt = this.#changedOutsideAt.get(documentName);
    if (changedAt === undefined) return false;
    if (performance.now() - changedAt < contendedMs) return true;
    this.#changedOutsideAt.delete(documentName);
    return false;
  }

  /** What only the record changed comes in, what only the room changed stays; where both did, the words of both stay. */
  async #absorb(instance: Hocuspocus, document: Document, texts: OutsideTexts): Promise<Base> {
    const { sources, converter, notices, events, log } = this.#options;
    const { name: documentName } = document;
    const { base: seen, restored } = sources.of(documentName);
    const before = restored ?? seen;
    const { update, markdown, conflicts, base } = await converter.absorb(document, before, texts);
    if (update) applyUpdate(document, update, { source: 'local' });
    else if (conflicts.length === 0) return base;
    this.#changedOutsideAt.set(documentName, performance.now());
    if (restored) sources.restored(documentName, { ...base, markdown });
    log.info({ documentName, conflicts: conflicts.length }, 'the record was changed outside');
    if (conflicts.length > 0) {
      events.emit('realtime:document:conflict', { documentName, conflicts: conflicts.length });
    }
    notices.tell(instance, documentName, { event: 'changed-outside', data: { conflicts } });
    if (base.isOpaque && !before.isOpaque) notices.tell(instance, documentName, shownAsSource);
    return base;
  }

  #textOf(document: Document, base: Base): Promise<Base> {
    return this.#options.converter.save(document, base);
  }

  #failed(documentName: string, failure: Failure): void {
    const { since, tries, retryInMs, error } = failure;
    const { code, context, cause } = error;
    this.#options.log.warn(
      { documentName, since, tries, retryInMs, code, ...context, cause: String(cause) },
      'the document and its record are not in step',
    );
    if (this.#instance) {
      this.#options.notices.couldNotSave(this.#instance, documentName, 'writeback', failure);
    }
  }

  #done(documentName: string, failure: Failure | undefined): void {
    const document = this.#instance?.documents.get(documentName);
    if (!this.#instance || !document) return;
    const { notices, sources, log } = this.#options;
    if (!this.#options.keeps(documentName)) {
      notices.forget(documentName, 'writeback');
      if (document.getConnectionsCount() === 0) void this.#instance.unloadDocument(document);
      return;
    }
    if (failure)
      log.info({ documentName, tries: failure.tries }, 'the document and its record are in step again');
    notices.savedAgain(this.#instance, documentName, 'writeback');
    if (this.owes(documentName)) return;
    const { position: version } = sources.of(documentName);
    const data = { at: Date.now(), version, by: sources.takeAuthors(documentName) };
    notices.tell(this.#instance, documentName, { event: 'saved', data });
    if (document.getConnectionsCount() === 0) void this.#instance.unloadDocument(document);
  }
}

function orNullWhenArchived(error: unknown): null {
  if (error instanceof RealtimeError && error.code === 'record-archived') return null;
  throw error;
}

/** By which a draft of ours is known again; white space at its ends does not count. */
function fingerprintOf(markdown: string): string {
  return hash('sha256', markdown.trim(), 'base64');
}

/** CivicPress trims a published text; white space at its ends says nothing about an edit. */
function isSameText(record: RecordText, markdown: string): boolean {
  return record.isDraft ? record.markdown === markdown : record.markdown.trim() === markdown.trim();
}
