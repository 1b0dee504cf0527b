/**
 * Markdown ↔ document for the server: in a thread of its own and with a deadline, so that no text, however long or
 * intricate, holds up those who type elsewhere.
 *
 * The thread has copies of the documents that are worked on, and is sent what changed. One conversion runs at a time;
 * one that takes too long is ended with its thread. A text that takes too long to be opened is opened as one opaque
 * block, and is not tried again by this process.
 */
import { hash } from 'node:crypto';
import { Doc, encodeSnapshot, snapshot } from 'yjs';
import { type Base, isReadAlike } from '../../markdown/base.ts';
import type { MarkdownError, MarkdownOptions, NodeJson } from '../../markdown/index.ts';
import { withinComputingTime } from '../computing-time.ts';
import { type ErrorCode, RealtimeError } from '../errors.ts';
import type { SnapshotDamaged, UnknownSnapshotFormat } from '../snapshot-format.ts';
import { WorkerCalls, workerBeside } from '../worker-calls.ts';
import type {
  Absorbed,
  Change,
  ConversionMethods,
  NewText,
  OutsideTexts,
  Reopened,
  Rewritten,
  Seed,
  SnapshotDetails,
  Version,
} from './conversion-worker.ts';
import type { CopyId } from './document-copies.ts';
import { FollowedDocuments } from './followed-documents.ts';
import type { Conversion, NoDocument } from './formats.ts';

export type { NewText, Rewritten };

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
  isReadAlike(base: Omit<Base, 'markdown'>): boolean;
  /** The document as Markdown, as the base for the next save; with `base`'s own text while nothing differs. */
  save(document: Doc, base: Base): Promise<Base>;
  /** What brings into the document what only `outside` changed since `ancestor`, and the base from then on. */
  absorb(document: Doc, base: Base, texts: OutsideTexts): Promise<Absorbed>;
  /** A document, or the update that makes one, as the bytes of a snapshot. */
  snapshot(document: Doc | Uint8Array, about: SnapshotDetails): Promise<Uint8Array>;
  /**
   * The document in the bytes of a snapshot, as a Yjs update.
   *
   * @throws RealtimeError `damaged-version`, `unknown-format`; as the following do
   */
  versionState(bytes: Uint8Array): Promise<Uint8Array>;
  /** The text that such a document saves to, against the base that it grew from. */
  versionMarkdown(bytes: Uint8Array): Promise<string>;
  /** What leads from one text to the other, as a unified diff; empty when they are the same. */
  compare(from: StoredVersion, to: StoredVersion | LiveVersion): Promise<string>;
  /** What makes the document say what a version said. */
  restore(document: Doc, base: Base, bytes: Uint8Array): Promise<Change>;
  /** What makes the document say this text, or this behind its own. */
  rewrite(document: Doc, base: Base, text: NewText): Promise<Rewritten>;
  /** The document as its editors have it. */
  json(document: Doc, base: Base): Promise<NodeJson>;
  /**
   * What nobody has open, from one format to another.
   *
   * @throws RealtimeError `not-a-document`, `unreadable-record`, `not-converted`
   */
  convert(conversion: Conversion): Promise<string | NodeJson | Uint8Array>;
  close(): Promise<void>;
}

/** A version as the bytes of its snapshot, with the name that a diff gives it. */
export interface StoredVersion {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface LiveVersion {
  readonly name: string;
  readonly document: Doc;
  readonly base: Base;
}

export interface ConverterOptions {
  readonly markdown: MarkdownOptions;
  /** How long one conversion may compute, in ms. */
  readonly deadlineMs: number;
  /** How much memory conversions may take, in MB; 1 MB of law takes 150. Default: 512. */
  readonly memoryMb?: number;
  /**
   * A thread keeps what it once took. One that has so many MB, and more than the documents that it follows may need, is
   * ended behind its work: they are sent again, which takes a few milliseconds. Default: 100.
   */
  readonly keptMb?: number;
  /** How long behind a conversion that is looked at, in ms. Default: 5,000. */
  readonly lookMs?: number;
}

/** So many texts are remembered that took too long. */
const maxTooLong = 1_000;

/** What a thread may need for each byte of the documents that it follows. */
const heldPerByte = 150;

/**
 * What an error of the thread means, by its code: classes do not cross over. The last two are what a text does to its
 * thread that nests deeper than the stack, or unfolds beyond the memory.
 */
const refusals = new Map<unknown, ErrorCode>([
  ['not-utf8' satisfies MarkdownError['code'], 'unreadable-record'],
  ['lone-surrogate' satisfies MarkdownError['code'], 'unreadable-record'],
  ['snapshot-damaged' satisfies SnapshotDamaged['code'], 'damaged-version'],
  ['snapshot-format' satisfies UnknownSnapshotFormat['code'], 'unknown-format'],
  ['no-document' satisfies NoDocument['code'], 'not-a-document'],
  ['RangeError', 'not-converted'],
  ['ERR_WORKER_OUT_OF_MEMORY', 'not-converted'],
]);

/** The library's errors, and the thread's, in the server's words. */
function refused(cause: Error & { code?: unknown }): never {
  // One that comes from this side, of what nests too deep to be handed over, has its name alone.
  const code = refusals.get(cause.code ?? cause.name);
  throw code ? new RealtimeError(code, { cause }) : cause;
}

export class WorkerConverter implements Converter {
  readonly #markdown: MarkdownOptions;
  readonly #deadlineMs: number;
  readonly #keptBytes: number;
  readonly #lookMs: number;
  readonly #calls: WorkerCalls<ConversionMethods>;

  /** What the worker has of open documents. */
  readonly #followed: FollowedDocuments;

  /** The conversion that was asked for last; the next one begins behind it. */
  #last: Promise<unknown> = Promise.resolve();
  #looking: NodeJS.Timeout | undefined;

  /** Fingerprints of what took too long: the deadline is paid for once. */
  readonly #tooLong = new Set<string>();

  constructor(options: ConverterOptions) {
    const { markdown, deadlineMs, memoryMb = 512, keptMb = 100, lookMs = 5_000 } = options;
    this.#markdown = markdown;
    this.#deadlineMs = deadlineMs;
    this.#keptBytes = keptMb * 1_048_576;
    this.#lookMs = lookMs;
    const url = workerBeside(import.meta.url, 'conversion-worker');
    // Much is made and forgotten for a long text: with less room for that a law takes a third longer.
    const limits = { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 24 };
    this.#calls = new WorkerCalls(url, markdown, 'the converter is closed', limits);
    this.#followed = new FollowedDocuments({
      follow: (copy, updates) => this.#calls.call('follow', copy, updates),
      forget: (copy) => void this.#inTurn(() => this.#forget(copy)).catch(() => undefined),
    });
  }

  seed(markdown: string, recordId: string): Promise<Seed> {
    return this.#orOpaque([markdown], (isOpaque) => this.#calls.call('seed', markdown, recordId, isOpaque));
  }

  async reopen(state: Uint8Array, base: Base, recordId: string): Promise<Reopened> {
    if (this.isReadAlike(base)) return { state: null, base };
    return this.#orOpaque([state], (isOpaque) => this.#calls.call('reopen', state, base, recordId, isOpaque));
  }

  isReadAlike(base: Omit<Base, 'markdown'>): boolean {
    return isReadAlike(base, this.#markdown);
  }

  snapshot(document: Doc | Uint8Array, about: SnapshotDetails): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      if (!(document instanceof Uint8Array))
        return this.#calls.call('snapshot', await this.#followed.copyOf(document), about);
      const copy = (await this.#calls.call('follow', null, [document])) as CopyId;
      return this.#calls.call('snapshot', copy, about).finally(() => this.#forget(copy));
    });
  }

  save(document: Doc, base: Base): Promise<Base> {
    return this.#unlessTooLong([document, base.markdown], async () =>
      this.#calls.call('save', await this.#followed.copyOf(document), base),
    );
  }

  absorb(document: Doc, base: Base, { ancestors, outside }: OutsideTexts): Promise<Absorbed> {
    return this.#orOpaque([base.markdown, outside], async (isOpaque) =>
      this.#calls.call(
        'absorb',
        await this.#followed.copyOf(document),
        base,
        { ancestors, outside },
        isOpaque,
      ),
    );
  }

  versionState(bytes: Uint8Array): Promise<Uint8Array> {
    return this.#inTurn(() => this.#calls.call('versionState', bytes));
  }

  versionMarkdown(bytes: Uint8Array): Promise<string> {
    return this.#inTurn(() => this.#calls.call('versionMarkdown', bytes));
  }

  compare(from: StoredVersion, to: StoredVersion | LiveVersion): Promise<string> {
    return this.#inTurn(async () => this.#calls.call('compare', from, await this.#versionOf(to)));
  }

  restore(document: Doc, base: Base, bytes: Uint8Array): Promise<Change> {
    return this.#orOpaque([document, base.markdown, bytes], async (isOpaque) =>
      this.#calls.call('restore', await this.#followed.copyOf(document), base, bytes, isOpaque),
    );
  }

  rewrite(document: Doc, base: Base, text: NewText): Promise<Rewritten> {
    return this.#orOpaque([document, base.markdown, text.markdown], async (isOpaque) =>
      this.#calls.call('rewrite', await this.#followed.copyOf(document), base, text, isOpaque),
    );
  }

  json(document: Doc, base: Base): Promise<NodeJson> {
    return this.#inTurn(async () => this.#calls.call('json', await this.#followed.copyOf(document), base));
  }

  convert(conversion: Conversion): Promise<string | NodeJson | Uint8Array> {
    return this.#inTurn(() => this.#calls.call('convert', conversion));
  }

  close(): Promise<void> {
    return this.#calls.close();
  }

  async #versionOf(version: StoredVersion | LiveVersion): Promise<Version> {
    if ('bytes' in version) return version;
    const { name, document, base } = version;
    return { name, copy: await this.#followed.copyOf(document), base };
  }

  async #orOpaque<Result>(
    what: Fingerprinted,
    convert: (isOpaque: boolean) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.#unlessTooLong(what, () => convert(false));
    } catch (error) {
      if (!isNotConverted(error)) throw error;
      return this.#inTurn(() => convert(true));
    }
  }

  /** @throws RealtimeError `not-converted` at once for what took too long before */
  async #unlessTooLong<Result>(what: Fingerprinted, convert: () => Promise<Result>): Promise<Result> {
    if (this.#tooLong.size > 0 && this.#tooLong.has(fingerprintOf(what)))
      throw new RealtimeError('not-converted');
    try {
      return await this.#inTurn(convert);
    } catch (error) {
      if (isNotConverted(error)) this.#remember(fingerprintOf(what));
      throw error;
    }
  }

  #remember(fingerprint: string): void {
    this.#tooLong.add(fingerprint);
    const [oldest] = this.#tooLong;
    if (this.#tooLong.size > maxTooLong && oldest !== undefined) this.#tooLong.delete(oldest);
  }

  #inTurn<Result>(convert: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(() => this.#inTime(convert)).catch(refused);
    this.#last = turn.catch(() => undefined);
    this.#looking ??= setTimeout(() => {
      this.#looking = undefined;
      this.#last = this.#last.then(() => this.#giveBack());
    }, this.#lookMs).unref();
    return turn;
  }

  async #forget(copy: CopyId): Promise<void> {
    if (this.#calls.isRunning) await this.#calls.call('forget', copy);
  }

  async #giveBack(): Promise<void> {
    const mostBytes = this.#keptBytes + this.#followed.bytes * heldPerByte;
    if ((await this.#calls.heldBytes()) > mostBytes) this.#calls.rest();
  }

  /** @throws RealtimeError `not-converted` */
  async #inTime<Result>(convert: () => Promise<Result>): Promise<Result> {
    const outcome = await withinComputingTime(this.#calls, this.#deadlineMs, convert);
    if (outcome !== 'too late') return outcome.result;
    throw new RealtimeError('not-converted', { context: { deadlineMs: this.#deadlineMs } });
  }
}

function isNotConverted(error: unknown): boolean {
  return error instanceof RealtimeError && error.code === 'not-converted';
}

type Fingerprinted = readonly (string | Uint8Array | Doc)[];

/** Of a document, by what is in it and what was deleted: to write out a law takes longer than anybody may wait each time. */
function fingerprintOf(what: Fingerprinted): string {
  const bytesOf = (part: Fingerprinted[number]) =>
    part instanceof Doc ? encodeSnapshot(snapshot(part)) : part;
  return what.map((part) => hash('sha256', bytesOf(part), 'base64')).join();
}
