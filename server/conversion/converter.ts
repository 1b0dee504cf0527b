/**
 * Markdown ↔ document for the server: in a thread of its own and with a deadline, so that no text, however long or
 * intricate, holds up those who type elsewhere.
 *
 * The thread has copies of the documents that are worked on, and is sent what changed. One conversion runs at a time;
 * one that takes too long is ended with its thread.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import { type Base, isReadAlike, type MarkdownError, type MarkdownOptions } from '../../markdown/index.ts';
import { RealtimeError } from '../errors.ts';
import { WorkerCalls, workerBeside } from '../worker-calls.ts';
import type { Absorbed, ConversionMethods, Reopened, Seed, SnapshotDetails } from './conversion-worker.ts';
import type { CopyId } from './document-copies.ts';

export interface Converter {
  /**
   * The update that makes an empty document hold a record's text; the same text makes the same update.
   *
   * @throws RealtimeError `unreadable-record` when it is no text
   */
  seed(markdown: string, recordId: string): Promise<Seed>;
  /**
   * A stored document, to go on with. One that was read otherwise than it is configured now, or by another version,
   * is saved as its base says and opened anew: with its own edits, and ready for the editors of today. Whoever
   * stores documents stores a new `state` before it is edited: what is typed then belongs to it, not to the old one.
   *
   * @param base with the text that the record was last seen to hold
   */
  reopen(state: Uint8Array, base: Base, recordId: string): Promise<Reopened>;
  /** Whether a document with this base needs no reopening. */
  isReadAlike(base: Base): boolean;
  /** The document as Markdown, as the base for the next save; with `base`'s own text while nothing differs. */
  save(document: Doc, base: Base): Promise<Base>;
  /** What brings into the document what only `outside` changed since `base`. */
  absorb(document: Doc, base: Base, outside: string): Promise<Absorbed>;
  /** The document as the bytes of a snapshot. */
  snapshot(document: Doc, about: SnapshotDetails): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface ConverterOptions {
  readonly markdown: MarkdownOptions;
  /** How long one conversion may take, in ms. */
  readonly deadlineMs: number;
}

const noText = new Set<unknown>(['not-utf8', 'lone-surrogate'] satisfies MarkdownError['code'][]);

/** @throws RealtimeError `unreadable-record` in place of the library's `MarkdownError`, else what was thrown */
function refusedText(error: Error & { code?: unknown }): never {
  throw noText.has(error.code) ? new RealtimeError('unreadable-record', { cause: error }) : error;
}

export class WorkerConverter implements Converter {
  readonly #markdown: MarkdownOptions;
  readonly #deadlineMs: number;
  readonly #calls: WorkerCalls<ConversionMethods>;

  /** What the worker has of a document. */
  readonly #copies = new WeakMap<Doc, { copy: CopyId; stateVector: Uint8Array }>();

  /** The conversion that was asked for last; the next one begins behind it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ markdown, deadlineMs }: ConverterOptions) {
    this.#markdown = markdown;
    this.#deadlineMs = deadlineMs;
    const url = workerBeside(import.meta.url, 'conversion-worker');
    this.#calls = new WorkerCalls(url, markdown, 'the converter is closed');
  }

  seed(markdown: string, recordId: string): Promise<Seed> {
    return this.#inTurn(() => this.#calls.call('seed', markdown, recordId));
  }

  async reopen(state: Uint8Array, base: Base, recordId: string): Promise<Reopened> {
    if (this.isReadAlike(base)) return { state: null, base };
    return this.#inTurn(() => this.#calls.call('reopen', state, base, recordId));
  }

  isReadAlike(base: Base): boolean {
    return isReadAlike(base, this.#markdown);
  }

  snapshot(document: Doc, about: SnapshotDetails): Promise<Uint8Array> {
    return this.#inTurn(async () => this.#calls.call('snapshot', await this.#copyOf(document), about));
  }

  save(document: Doc, base: Base): Promise<Base> {
    return this.#inTurn(async () => this.#calls.call('save', await this.#copyOf(document), base));
  }

  absorb(document: Doc, base: Base, outside: string): Promise<Absorbed> {
    return this.#inTurn(async () => this.#calls.call('absorb', await this.#copyOf(document), base, outside));
  }

  close(): Promise<void> {
    return this.#calls.close();
  }

  /** The worker's copy, up to date. Sends only what came since the last time, as long as the worker remembers. */
  async #copyOf(document: Doc): Promise<CopyId> {
    const known = this.#copies.get(document);
    const stateVector = encodeStateVector(document);
    const update = encodeStateAsUpdate(document, known?.stateVector);
    const copy = await this.#calls.call('follow', known?.copy ?? null, update);
    if (copy === null) {
      this.#copies.delete(document);
      return this.#copyOf(document);
    }
    this.#copies.set(document, { copy, stateVector });
    return copy;
  }

  #inTurn<Result>(convert: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(() => this.#inTime(convert())).catch(refusedText);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #inTime<Result>(conversion: Promise<Result>): Promise<Result> {
    const done = new AbortController();
    const tooLate = delay(this.#deadlineMs, 'too late' as const, { signal: done.signal, ref: false });
    tooLate.catch(() => undefined);
    const first = await Promise.race([conversion.then((result) => ({ result })), tooLate]).finally(() =>
      done.abort(),
    );
    if (first !== 'too late') return first.result;
    this.#calls.restart();
    throw new RealtimeError('not-converted', { context: { deadlineMs: this.#deadlineMs } });
  }
}
